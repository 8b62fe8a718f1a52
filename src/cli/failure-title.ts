/** What failures are grouped by, and what a person needs of their stacks. */

import { homedir } from 'node:os';
import { dirname, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FailureDescription } from './records.js';

const titleCharsMax = 500;

/** The codes of the library's errors whose texts name the task, the worker and the attempt, each of which would make a group of each. */
const namingCodes: ReadonlySet<unknown> = new Set([
  'CANCELLED',
  'TIMEOUT',
  'WORKER_LOST',
  'BROKEN_EXECUTOR',
  'DEADLOCK',
  'NOT_SERIALIZABLE',
  'REMOTE',
]);

/**
 * `TypeError: x is not a function`, the first line of it. What differs from task to task in the library's own words is left out.
 *
 * @param label the task's name, as the library was given it
 */
export function failureTitle({ name, message, code }: FailureDescription, label: string): string {
  const said = String(message);
  const text = namingCodes.has(code) ? withoutNames(said, label) : said;
  const line = `${name}: ${text.trim().split('\n')[0]}`;
  // Its line, and what is on it, would make a group of each malformed input.
  const title = name === 'InputError' ? line.replace(/, line \d+: ([^:]*)(?:: .*)?$/, ': $1') : line;
  return title.length <= titleCharsMax ? title : `${title.slice(0, titleCharsMax - 1)}…`;
}

function withoutNames(message: string, label: string): string {
  // First the name as it is, which may have quotes in it; then any other task's.
  const ofTask = message.replaceAll(`task "${label}"`, 'the task').replaceAll(/\btask "#\d+ [^"]*"/g, 'a task');
  return ofTask.replaceAll(/ \(attempt \d+(?:, worker \S+)?\)/g, '').replaceAll(/\bworker \S+_\d+\b/g, 'a worker');
}

/** Our own files: this one is in the built command, or (in a test) in its source. */
const ownFolder = dirname(dirname(fileURLToPath(import.meta.url))) + sep;

/** The frames of a stack that are the user's, without those of Node and of this library; paths as seen from `cwd`. */
export function userFrames(stack: string | undefined, cwd: string, max = Number.POSITIVE_INFINITY): string[] {
  if (stack === undefined) return [];
  const frames = stack.split('\n').flatMap((line) => {
    const text = line.trim();
    return text.startsWith('at ') && !isForeign(text) ? [readable(text, cwd)] : [];
  });
  return frames.slice(0, max);
}

function isForeign(frame: string): boolean {
  return (
    /\bnode:|\(native\)|<anonymous>\)?$|concurrent-futures:worker|node_modules[\\/]concurrent-futures[\\/]/.test(
      frame,
    ) || frame.includes(ownFolder)
  );
}

function readable(frame: string, cwd: string): string {
  return frame.replace(/file:\/\/\/[^\s)]*?(?=(?::\d+){0,2}\)?$)|(?<=[( ])\/[^\s)]*?(?=(?::\d+){1,2}\)?$)/, (place) => {
    const path = pathOf(place);
    const inside = relative(cwd, path);
    if (!inside.startsWith('..') && inside !== '') return inside;
    const home = homedir();
    return home.length > 1 && path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path;
  });
}

function pathOf(place: string): string {
  try {
    return place.startsWith('file:') ? fileURLToPath(place.replace(/[?#].*$/, '')) : place;
  } catch {
    // Not a path on this machine: shown as it is.
    return place;
  }
}
