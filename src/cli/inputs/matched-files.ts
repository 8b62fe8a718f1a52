/** Patterns → the files that match them. */

import { statSync } from 'node:fs';
import { isAbsolute, normalize } from 'node:path';
import { UsageError } from '../usage-error.js';

/**
 * Sorted by their names' characters, so that the order is the same on every machine; absolute where the pattern is. A pattern that starts
 * with `!` takes files away. What is the name of a file stands for that file: the shell may have expanded a pattern before us.
 */
export async function matchedFiles(patterns: readonly string[]): Promise<readonly string[]> {
  const { escapePath, glob } = await import('tinyglobby');
  const ignore = patterns.filter(isNegative).map((pattern) => pattern.slice(1));
  const files = new Set<string>();
  const wanted: string[] = [];
  for (const pattern of patterns) {
    if (isFile(pattern) && ignore.length === 0) files.add(normalize(pattern));
    else if (!isNegative(pattern)) wanted.push(isFile(pattern) ? escapePath(pattern) : pattern);
  }
  for (const absolute of [false, true]) {
    const chosen = wanted.filter((pattern) => isAbsolute(pattern) === absolute);
    if (chosen.length === 0) continue;
    for (const file of await glob(chosen, { absolute, ignore, expandDirectories: false })) files.add(normalize(file));
  }
  if (files.size === 0) throw noMatch(patterns);
  return [...files].sort();
}

function isNegative(pattern: string): boolean {
  return pattern.startsWith('!') && !isFile(pattern);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function noMatch(patterns: readonly string[]): UsageError {
  const shown = patterns.map((pattern) => `'${pattern}'`).join(', ');
  const directory = patterns.find((pattern) => statSync(pattern, { throwIfNoEntry: false })?.isDirectory());
  const advice =
    directory === undefined ? '' : `: for the files in a directory, write '${normalize(`${directory}/**`)}'`;
  return new UsageError(`no file matches --glob ${shown}${advice}`);
}
