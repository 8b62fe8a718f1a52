/**
 * What `futures top` shows, for a window of any size.
 *
 *   queue default at nats://10.0.0.5:4222: 2 workers, 5 of 16 slots busy, 12.5 tasks/s
 *   3 batches of tasks wait, 4 are with workers
 *
 *   NAME       HOST  SLOTS  RUNNING  HELD  DONE  RATE/S  FAILED  REFUSED  STATE
 *   web-1-a2b  web1      8        5    12  1042    12.5       3        0  working
 */

import type { ClusterBacklog, WatchedWorker } from 'concurrent-futures/cluster';
import stringWidth from 'fast-string-width';
import { formatRate } from '../progress/facts.js';
import { cutToWidth, harmless } from '../screen-text.js';
import type { Terminal } from '../terminal.js';
import type { Rates } from './rates.js';

type Colors = Terminal['colors'];

export interface TopFacts {
  readonly queue: string;
  readonly servers: string;
  readonly isConnected: boolean;
  readonly workers: readonly WatchedWorker[];
  readonly rates: Rates;
  /** What is known of the queue, or why nothing is. */
  readonly backlog: ClusterBacklog | string;
  /** Why some workers are not shown. */
  readonly unreadable: string | undefined;
}

interface Column {
  readonly title: string;
  /** Of those that don't fit, the highest goes first. */
  readonly rank: number;
  readonly isNumber: boolean;
  text(worker: WatchedWorker, rates: Rates): string;
}

const number = (title: string, rank: number, text: Column['text']): Column => ({ title, rank, isNumber: true, text });
const word = (title: string, rank: number, text: Column['text']): Column => ({ title, rank, isNumber: false, text });

const columns: readonly Column[] = [
  word('NAME', 0, ({ name }) => name),
  word('HOST', 8, ({ host }) => host),
  number('SLOTS', 3, ({ slots }) => `${slots}`),
  number('RUNNING', 2, ({ running }) => `${running}`),
  number('HELD', 7, ({ held }) => `${held}`),
  number('DONE', 5, ({ done }) => `${done}`),
  number('RATE/S', 4, ({ name }, rates) => rateText(rates.of(name))),
  number('FAILED', 6, ({ failed }) => `${failed}`),
  number('REFUSED', 9, ({ refused }) => `${refused}`),
  word('STATE', 1, ({ isDraining }) => (isDraining ? 'draining' : 'working')),
];
const gap = '  ';

/** @param size infinite where nothing is cut */
export function topLines(
  facts: TopFacts,
  colors: Colors,
  size: { readonly columns: number; readonly rows: number },
): string[] {
  // One column stays free: a full line makes some terminals wrap.
  const width = Math.max(1, size.columns - 1);
  const head = headLines(facts, width, colors);
  const { workers } = facts;
  if (workers.length === 0) return head;
  const room = Math.max(1, size.rows - head.length - 1);
  // One row is for how many more there are.
  const shown = workers.length <= room ? workers : workers.slice(0, room - 1);
  const more = workers.length - shown.length;
  return [...head, ...tableLines(shown, facts.rates, width, colors), ...(more > 0 ? [`and ${more} more`] : [])];
}

function headLines(
  { queue, servers, isConnected, workers, rates, backlog, unreadable }: TopFacts,
  width: number,
  colors: Colors,
): string[] {
  const slots = sum(workers, ({ slots: each }) => each);
  const running = sum(workers, ({ running: each }) => each);
  const facts = [
    workers.length === 1 ? '1 worker' : `${workers.length} workers`,
    `${running} of ${slots} slots busy`,
    `${rateText(rates.total)} tasks/s`,
  ];
  const line = (text: string, paint = (cut: string): string => cut): string => paint(cutToWidth(harmless(text), width));
  return [
    line(`queue ${queue} at ${servers}: ${facts.join(', ')}`, colors.bold),
    ...(isConnected ? [] : [line('the broker is away', colors.red)]),
    ...(isConnected || typeof backlog === 'string' ? [line(backlogText(backlog))] : []),
    ...(unreadable === undefined ? [] : [line(`a worker can't be shown: ${unreadable}`, colors.yellow)]),
    '',
  ];
}

function backlogText(backlog: ClusterBacklog | string): string {
  if (typeof backlog === 'string') return backlog;
  const { waiting, held } = backlog;
  return `${waiting} ${waiting === 1 ? 'batch of tasks waits' : 'batches of tasks wait'}, ${held} ${held === 1 ? 'is' : 'are'} with workers`;
}

function tableLines(workers: readonly WatchedWorker[], rates: Rates, width: number, colors: Colors): string[] {
  const cells = columns.map((column) => {
    const texts = [column.title, ...workers.map((worker) => harmless(column.text(worker, rates)))];
    return { ...column, texts, width: Math.max(...texts.map((text) => stringWidth(text))) };
  });
  const total = (): number => sum(cells, (column) => column.width + gap.length) - gap.length;
  while (cells.length > 1 && total() > width) {
    const last = cells.reduce((most, { rank }, i) => (rank > (cells[most]?.rank ?? 0) ? i : most), 0);
    cells.splice(last, 1);
  }
  return [undefined, ...workers].map((worker, row) => {
    const texts = cells.map(({ texts: of, width: wide, isNumber }) => {
      const text = of[row] as string;
      const padding = ' '.repeat(wide - stringWidth(text));
      return isNumber ? padding + text : text + padding;
    });
    const line = cutToWidth(texts.join(gap).trimEnd(), width);
    if (worker === undefined) return colors.dim(line);
    return worker.isDraining ? colors.yellow(line) : line;
  });
}

function rateText(rate: number | undefined): string {
  return rate === undefined ? '–' : rate === 0 ? '0' : formatRate(rate);
}

function sum<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((all, item) => all + amount(item), 0);
}
