/** What every kind of progress shows. */

import type { ExecutorStats } from 'concurrent-futures';
import type { TaskReport } from '../prints/task-news.js';
import type { Tally } from '../tally.js';

export interface ProgressFacts {
  readonly tally: Tally;
  /** How many inputs there are, where that is known. */
  readonly total: number | undefined;
  stats(): Pick<ExecutorStats, 'running' | 'workers'>;
  /** What the running task of that name has last reported. */
  reportOf(label: string): TaskReport | undefined;
}

export interface Progress {
  /** Runs a function that writes to this terminal, above what is shown. */
  above(write: () => void): void;
  /** Prints a line above what is shown. */
  print(line: string): void;
  /** Takes what is shown off the screen; it comes back by itself. All that was to be printed is there then. */
  hide(): void;
  stop(): void;
}

/** How long it goes on at the speed so far, where that can be told. */
export function leftMs({ tally, total }: Pick<ProgressFacts, 'tally' | 'total'>): number | undefined {
  if (total === undefined || total <= tally.done || tally.perSecond <= 0) return undefined;
  return ((total - tally.done) / tally.perSecond) * 1000;
}

/** `0.25`, `3.1`, `120`. */
export function formatRate(perSecond: number): string {
  if (perSecond < 1) return perSecond.toFixed(2);
  return perSecond < 100 ? perSecond.toFixed(1) : String(Math.round(perSecond));
}
