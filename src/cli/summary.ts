/** What is said at the end. */

import stringWidth from 'fast-string-width';
import { formatDuration } from './durations.js';
import { userFrames } from './failure-title.js';
import { formatRate } from './progress/facts.js';
import { cutToWidth, harmless } from './screen-text.js';
import type { FailureGroup, Tally } from './tally.js';
import type { Terminal } from './terminal.js';

const groupsShownMax = 5;
const framesShownMax = 3;
const inputsShownMax = 3;
const slowestShownMax = 3;
/** Of fewer tasks than this, the times say it all. */
const slowestFrom = 10;
/** Where no terminal sets a width, a message still gets no longer than this. */
const lineColumnsMax = 200;

/**
 * The lines of the summary: counts and speed, the tasks' own time, the slowest of them, the failures by message.
 *
 * @param notStarted how many inputs were not run; `undefined` where nobody knows
 */
export function summaryLines(
  tally: Tally,
  notStarted: number | undefined,
  { colors, width }: Pick<Terminal, 'colors' | 'width'>,
): string[] {
  const columns = Math.min(width(), lineColumnsMax);
  return [
    ...countsLines(tally, notStarted, columns, colors),
    ...timeLines(tally, columns).map(colors.dim),
    ...slowestLines(tally, columns).map(colors.dim),
    ...failureLines(tally, columns, colors),
  ];
}

function countsLines(
  tally: Tally,
  notStarted: number | undefined,
  columns: number,
  colors: Terminal['colors'],
): string[] {
  const { done, succeeded, failed, earlier } = tally;
  const counts = [`${succeeded} succeeded`];
  if (failed > 0) counts.push(colors.red(`${failed} failed`));
  if (notStarted !== 0) counts.push(colors.yellow(`${notStarted ?? 'the rest'} not started`));
  const rate = done > earlier ? ` (${formatRate(tally.perSecond)} tasks/s)` : '';
  const before = earlier === 0 ? '' : `, ${earlier === done ? 'all' : earlier} of them by an earlier run,`;
  const tasks = colors.bold(`${done} ${done === 1 ? 'task' : 'tasks'}`);
  return wrapList(`${tasks}${before} in ${formatDuration(tally.elapsedMs)}${rate}:`, counts, columns);
}

function timeLines(tally: Tally, columns: number): string[] {
  if (tally.timed === 0) return [];
  if (tally.timed === 1) return [`time of the task: ${formatDuration(tally.maxMs)}`];
  const shares = [50, 90, 99].map((percent) => `p${percent} ${formatDuration(tally.percentileMs(percent) ?? 0)}`);
  return wrapList('time per task:', [...shares, `max ${formatDuration(tally.maxMs)}`], columns);
}

/** A list after its title, on more lines where one is too narrow: none of these numbers may be cut off. */
function wrapList(title: string, items: readonly string[], columns: number): string[] {
  const lines = [title];
  for (const [place, item] of items.entries()) {
    const text = place < items.length - 1 ? `${item},` : item;
    const longer = `${lines.at(-1)} ${text}`;
    if (stringWidth(longer) <= columns) lines[lines.length - 1] = longer;
    else lines.push(`  ${text}`);
  }
  return lines;
}

function slowestLines(tally: Tally, columns: number): string[] {
  if (tally.timed < slowestFrom) return [];
  const shown = tally.slowest().slice(0, slowestShownMax);
  const times = shown.map(({ ms }) => formatDuration(ms));
  const timeColumns = Math.max(...times.map((time) => time.length));
  const lines = shown.map(({ label, status, attempts }, place) => {
    const notes = [...(status === 'failed' ? ['failed'] : []), ...(attempts > 1 ? [`attempt ${attempts}`] : [])];
    const time = (times[place] as string).padStart(timeColumns);
    return fitted(`  ${time}  ${label}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`, columns);
  });
  return ['slowest:', ...lines];
}

function failureLines(tally: Tally, columns: number, colors: Terminal['colors']): string[] {
  const groups = tally.failureGroups();
  if (groups.length === 0) return [];
  const shown = groups.slice(0, groupsShownMax);
  const countColumns = Math.max(...shown.map(({ count }) => String(count).length));
  const lines = shown.flatMap((group) => {
    const title = `  ${String(group.count).padStart(countColumns)} × ${group.title}`;
    return [fitted(title, columns), ...details(group, countColumns + 5, columns).map(colors.dim)];
  });
  const hidden = groups.slice(groupsShownMax).reduce((sum, { count }) => sum + count, tally.otherFailures);
  if (hidden > 0) lines.push(`  and ${hidden} more, with other messages`);
  return ['failures:', ...lines];
}

/** Where it was thrown, and for which inputs. */
function details({ stack, inputs, count }: FailureGroup, indent: number, columns: number): string[] {
  const more = count - Math.min(count, inputsShownMax);
  const which = inputs.slice(0, inputsShownMax).join(', ') + (more > 0 ? `, and ${more} more` : '');
  const lines = [...userFrames(stack, process.cwd(), framesShownMax), `of ${which}`];
  return lines.map((line) => fitted(' '.repeat(indent) + line, columns));
}

/** Names and messages are others' words. */
function fitted(text: string, columns: number): string {
  return cutToWidth(harmless(text), columns);
}
