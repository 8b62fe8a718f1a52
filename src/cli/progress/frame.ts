/**
 * What the live view shows, for a window of any size.
 *
 *   ██████░░░░░░ 12/40 · 2 failed · 3 running · 3.1/s · 9.0 s left
 *   1  12.3 s  #12 photo.jpg  45%
 *   …
 *   ✗ #7 broken.jpg: Error: not a picture
 */

import stringWidth from 'fast-string-width';
import { formatDuration } from '../durations.js';
import type { TaskReport } from '../prints/task-news.js';
import { cutStartToWidth, cutToWidth, harmless } from '../screen-text.js';
import type { Terminal } from '../terminal.js';
import { formatRate, leftMs, type ProgressFacts } from './facts.js';

type Colors = Terminal['colors'];
type Worker = ReturnType<ProgressFacts['stats']>['workers'][number];

/** Who has so few columns hardly gets by with half of them. */
const halvedColumnsMin = 60;

export function frameLines(
  facts: ProgressFacts,
  colors: Colors,
  size: { readonly columns: number; readonly rows: number },
): string[] {
  // One column stays free: a full line makes some terminals wrap.
  const columns = Math.max(1, size.columns - 1);
  const space = Space.of(size);
  const { running, workers } = facts.stats();
  const head = headLine(facts, running, colors, columns);
  space.take(head);
  const recent = facts.tally.recentFailures;
  const failures = recent
    .slice(Math.max(0, recent.length - Math.floor(space.rows / 4)))
    .map(({ label, title }) => colors.red(cutToWidth(harmless(`✗ ${label}: ${title}`), columns)));
  for (const line of failures) space.take(line);
  return [head, ...workerLines(workers, space, (worker) => workerLine(worker, facts, colors, columns)), ...failures];
}

/**
 * The rows there are. Some stay for what is printed; and a window that gets half as wide breaks long lines in two: what would leave
 * it at the top then could never be erased.
 */
class Space {
  /** How many more lines there may be. */
  rows: number;
  /** How many rows they may take in a window half as wide. */
  #rowsOfHalf: number;
  readonly #halfColumns: number;

  constructor(rows: number, rowsOfHalf: number, halfColumns: number) {
    this.rows = rows;
    this.#rowsOfHalf = rowsOfHalf;
    this.#halfColumns = halfColumns;
  }

  static of({ columns, rows }: { readonly columns: number; readonly rows: number }): Space {
    const halfColumns = columns < halvedColumnsMin ? columns : Math.floor(columns / 2);
    return new Space(Math.max(1, Math.floor((rows * 2) / 3)), rows - 1, halfColumns);
  }

  copy(): Space {
    return new Space(this.rows, this.#rowsOfHalf, this.#halfColumns);
  }

  /** Whether there is room for the line, and then less. */
  take(line: string): boolean {
    const rowsOfHalf = Math.ceil(stringWidth(line) / this.#halfColumns);
    if (this.rows < 1 || this.#rowsOfHalf < rowsOfHalf) return false;
    this.rows -= 1;
    this.#rowsOfHalf -= rowsOfHalf;
    return true;
  }
}

interface Part {
  readonly text: string;
  /** Of those that don't fit, the last goes first. */
  readonly rank: number;
  readonly paint: (text: string) => string;
}

function headLine(facts: ProgressFacts, running: number, colors: Colors, columns: number): string {
  const { tally, total } = facts;
  const plain = (text: string): string => text;
  const parts: Part[] = [
    { text: total === undefined ? `${tally.done} done` : `${tally.done}/${total}`, rank: 0, paint: colors.bold },
  ];
  if (tally.failed > 0) parts.push({ text: `${tally.failed} failed`, rank: 1, paint: colors.red });
  parts.push({ text: `${running} running`, rank: 3, paint: plain });
  if (tally.perSecond > 0) parts.push({ text: `${formatRate(tally.perSecond)}/s`, rank: 4, paint: colors.dim });
  const left = leftMs(facts);
  if (left !== undefined) parts.push({ text: `${formatDuration(left)} left`, rank: 2, paint: colors.dim });
  const bar = total === undefined ? '' : barOf(tally.done / total, barColumns(columns), colors);
  const room = columns - stringWidth(bar);
  while (parts.length > 1 && widthOf(parts) > room) parts.splice(leastOf(parts), 1);
  return bar + parts.map(({ text, paint }) => paint(cutToWidth(text, columns))).join(' · ');
}

function widthOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { text }) => sum + stringWidth(text) + 3, -3);
}

function leastOf(parts: readonly Part[]): number {
  return parts.reduce((least, { rank }, i) => (rank > (parts[least] as Part).rank ? i : least), 0);
}

/** By the window alone: a bar that took what the numbers leave would change its length with them. */
function barColumns(columns: number): number {
  if (columns >= 70) return 24;
  return columns >= 50 ? 12 : 0;
}

function barOf(share: number, columns: number, colors: Colors): string {
  if (columns === 0) return '';
  const full = Math.min(columns, Math.floor(share * columns) || 0);
  return `${colors.green('█'.repeat(full)) + colors.dim('░'.repeat(columns - full))} `;
}

/** All of them where they fit, else those that run longest, and how many there are besides. */
function workerLines(workers: readonly Worker[], space: Space, lineOf: (worker: Worker) => string): string[] {
  const whole = space.copy();
  if (workers.length <= space.rows) {
    const lines = workers.map(lineOf);
    if (lines.every((line) => whole.take(line))) return lines;
  }
  const lines: string[] = [];
  if (!space.take('and more')) return lines;
  for (const worker of longestFirst(workers)) {
    const line = lineOf(worker);
    if (!space.take(line)) break;
    lines.push(line);
  }
  return [...lines, `and ${workers.length - lines.length} more`];
}

function workerLine(worker: Worker, facts: ProgressFacts, colors: Colors, columns: number): string {
  const head = `${String(worker.id).padEnd(3)} ${timeOf(worker).padStart(7)}  `;
  if (worker.task === undefined) return colors.dim(cutToWidth(head + worker.state, columns));
  const report = reportText(facts.reportOf(worker.task));
  return colors.dim(cutToWidth(head, columns)) + taskText(harmless(worker.task), report, columns - head.length, colors);
}

/** Those without a task come last. */
function longestFirst(workers: readonly Worker[]): Worker[] {
  return [...workers].sort((one, other) => (other.taskMs ?? -1) - (one.taskMs ?? -1));
}

function timeOf({ taskMs }: Worker): string {
  return taskMs === undefined ? '' : formatDuration(taskMs);
}

/** The task's name and what it has reported; neither takes more than half where both have no room. */
function taskText(label: string, report: string, columns: number, colors: Colors): string {
  if (report === '') return cutLabel(label, columns);
  const half = Math.floor((columns - 2) / 2);
  const labelColumns = Math.max(half, columns - 2 - stringWidth(report));
  const shownLabel = cutLabel(label, labelColumns);
  const shownReport = cutToWidth(report, columns - 2 - stringWidth(shownLabel));
  return `${shownLabel}  ${colors.cyan(shownReport)}`;
}

/** `#12 …/photo.jpg`: the index stays, and the end of what may be a path; the beginning of what is an object. */
function cutLabel(label: string, columns: number): string {
  const [, index = '', input = ''] = /^(#\d+ )([^{["].*)$/s.exec(label) ?? [];
  const inputColumns = columns - index.length;
  return index === '' || inputColumns < 2 ? cutToWidth(label, columns) : index + cutStartToWidth(input, inputColumns);
}

function reportText(report: TaskReport | undefined): string {
  if (report === undefined) return '';
  if (typeof report === 'number') return report >= 0 && report <= 1 ? percent(report) : String(report);
  const { done, total, message } = report;
  const count = total === undefined ? String(done) : `${done}/${total}${total > 0 ? ` ${percent(done / total)}` : ''}`;
  return harmless(message === undefined ? count : `${count} ${message}`);
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}
