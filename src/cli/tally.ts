/** What has been counted so far; its size does not grow with the number of tasks. */

import { createHistogram } from 'node:perf_hooks';
import type { FailureDescription, TaskRecord } from './records.js';
import { taskLabel } from './task-label.js';

/** Failures with more kinds of messages than this are counted under {@link Tally.otherFailures}. */
const failureKindsMax = 1000;
const recentFailuresMax = 3;

export interface FailureGroup {
  /** `TypeError: x is not a function`, the first line of it. */
  readonly title: string;
  readonly count: number;
}

export interface RecentFailure {
  /** The task's name. */
  readonly label: string;
  readonly title: string;
}

export class Tally {
  readonly #startedAt = performance.now();
  readonly #failures = new Map<string, number>();
  /** Microseconds, since it takes whole numbers only. */
  readonly #taskTimes = createHistogram();
  succeeded = 0;
  failed = 0;
  /** How many of the tasks that are done an earlier run has done. */
  earlier = 0;
  /** Those of this run, the latest last. */
  readonly recentFailures: RecentFailure[] = [];
  /** Failures that are in no group. */
  otherFailures = 0;

  get done(): number {
    return this.succeeded + this.failed;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  get perSecond(): number {
    return (this.done - this.earlier) / (this.elapsedMs / 1000);
  }

  /** Counts what an earlier run has done: not to be taken for the speed of this one. */
  countEarlier(record: TaskRecord): void {
    this.earlier += 1;
    this.#count(record);
  }

  count(record: TaskRecord): void {
    this.#count(record);
    if (record.status === 'ok') return;
    this.recentFailures.push({ label: taskLabel(record.index, record.input), title: titleOf(record.error) });
    if (this.recentFailures.length > recentFailuresMax) this.recentFailures.shift();
  }

  #count(record: TaskRecord): void {
    // Nothing is known of the time of a task whose worker was lost.
    if (record.status === 'ok' || record.ms > 0) this.#taskTimes.record(Math.max(1, Math.round(record.ms * 1000)));
    if (record.status === 'ok') {
      this.succeeded += 1;
      return;
    }
    this.failed += 1;
    const title = titleOf(record.error);
    const count = this.#failures.get(title);
    if (count === undefined && this.#failures.size === failureKindsMax) this.otherFailures += 1;
    else this.#failures.set(title, (count ?? 0) + 1);
  }

  /** How long tasks ran, in milliseconds: the time that `percent` of them stayed within. */
  percentileMs(percent: number): number | undefined {
    return this.#taskTimes.count === 0 ? undefined : this.#taskTimes.percentile(percent) / 1000;
  }

  /** The largest first. */
  failureGroups(): FailureGroup[] {
    const groups = [...this.#failures].map(([title, count]) => ({ title, count }));
    return groups.sort((one, other) => other.count - one.count);
  }
}

function titleOf({ name, message, code }: FailureDescription): string {
  const title = `${name}: ${message.trim().split('\n')[0]}`;
  // Its line, and what is on it, would make a group of each malformed input.
  if (name === 'InputError') return title.replace(/, line \d+: ([^:]*)(?:: .*)?$/, ': $1');
  if (code !== 'TIMEOUT' && code !== 'WORKER_LOST') return title;
  // The library names worker and attempt in these, which would make a group of each.
  return title.replace(/ \(attempt \d+[^)]*\)/, '').replace(/\bworker \S+_\d+/, 'a worker');
}
