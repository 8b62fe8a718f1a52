/**
 * What the live view shows, for a window of any size.
 *
 *   ██████░░░░░░ 12/40 · 2 failed · 3 running · 3.1/s · 9.0 s left
 *   1  12.3 s  #12 photo.jpg  45%
 *   …
 *   ✗ #7 broken.jpg: Error: not a picture
 */

import stringWidth from 'string-width';
import { formatDuration } from '../durations.js';
import { cutStartToWidth, cutToWidth, harmless } from '../screen-text.js';
import type { TaskReport } from '../task-news.js';
import type { Terminal } from '../terminal.js';
import { formatRate, leftMs, type ProgressFacts } from './facts.js';

type Colors = Terminal['colors'];
type Worker = ReturnType<ProgressFacts['stats']>['workers'][number];

const failuresMax = 3;
const barColumnsMax = 24;
const barColumnsMin = 6;

export function frameLines(
  facts: ProgressFacts,
  colors: Colors,
  size: { readonly columns: number; readonly rows: number },
): string[] {
  // One column stays free: a full line makes some terminals wrap. And some of the rows, for what is printed.
  const columns = Math.max(1, size.columns - 1);
  const rows = Math.max(1, Math.floor((size.rows * 2) / 3));
  const { running, workers } = facts.stats();
  const lines = [headLine(facts, running, colors, columns)];
  const failures = facts.tally.recentFailures.slice(-Math.min(failuresMax, Math.floor(rows / 4)));
  const workerRows = rows - lines.length - failures.length;
  lines.push(...workerLines(workers, facts, colors, { columns, rows: workerRows }));
  for (const { label, title } of failures) {
    lines.push(colors.red(cutToWidth(harmless(`✗ ${label}: ${title}`), columns)));
  }
  return lines;
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
  while (parts.length > 1 && widthOf(parts) > columns) parts.splice(leastOf(parts), 1);
  const barColumns = Math.min(barColumnsMax, columns - widthOf(parts) - 1);
  const bar =
    total === undefined || barColumns < barColumnsMin ? '' : `${barOf(tally.done / total, barColumns, colors)} `;
  const [first, ...others] = parts.map(({ text, paint }) => paint(cutToWidth(text, columns)));
  return bar + [first, ...others].join(' · ');
}

function widthOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { text }) => sum + stringWidth(text) + 3, -3);
}

function leastOf(parts: readonly Part[]): number {
  return parts.reduce((least, { rank }, i) => (rank > (parts[least] as Part).rank ? i : least), 0);
}

function barOf(share: number, columns: number, colors: Colors): string {
  const full = Math.min(columns, Math.floor(share * columns) || 0);
  return colors.green('█'.repeat(full)) + colors.dim('░'.repeat(columns - full));
}

function workerLines(
  workers: readonly Worker[],
  facts: ProgressFacts,
  colors: Colors,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): string[] {
  if (rows < 1) return [];
  const shown = workers.length <= rows ? workers : longestFirst(workers).slice(0, rows - 1);
  const idColumns = Math.max(1, ...shown.map(({ id }) => String(id).length));
  const lines = shown.map((worker) => {
    const head = `${String(worker.id).padStart(idColumns)} ${timeOf(worker).padStart(8)}  `;
    const label = worker.task === undefined ? undefined : harmless(worker.task);
    if (label === undefined) return colors.dim(cutToWidth(head + worker.state, columns));
    const report = reportText(facts.reportOf(worker.task as string));
    return colors.dim(cutToWidth(head, columns)) + taskText(label, report, columns - head.length, colors);
  });
  if (shown.length < workers.length)
    lines.push(colors.dim(cutToWidth(`and ${workers.length - shown.length} more`, columns)));
  return lines;
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
