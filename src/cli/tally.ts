/** What has been counted so far; its size does not grow with the number of tasks. */

import { createHistogram } from 'node:perf_hooks';
import { failureTitle } from './failure-title.js';
import type { FailureDescription, TaskRecord } from './records.js';
import { taskLabel } from './task-label.js';

/** Failures with more kinds of messages than this are counted under {@link Tally.otherFailures}. */
const failureKindsMax = 1000;
const recentFailuresMax = 3;
/** So many inputs are kept of each kind. */
const samplesMax = 20;
const slowestMax = 20;
const stackCharsMax = 4000;

/** `#12 photo.jpg`. */
type Label = string;

export interface FailureGroup {
  /** `TypeError: x is not a function`, the first line of it. */
  readonly title: string;
  readonly count: number;
  /** Of the first of them. */
  readonly stack: string | undefined;
  /** The first few inputs that failed so. */
  readonly inputs: readonly Label[];
}

export interface SlowTask {
  readonly label: Label;
  readonly ms: number;
  readonly status: TaskRecord['status'];
  readonly worker: string | undefined;
  readonly attempts: number;
}

interface OpenGroup extends FailureGroup {
  count: number;
  readonly inputs: Label[];
}

export interface RecentFailure {
  /** The task's name. */
  readonly label: string;
  readonly title: string;
}

export class Tally {
  readonly #elapsedMs: () => number;
  readonly #failures = new Map<string, OpenGroup>();
  /** Microseconds, since it takes whole numbers only. */
  readonly #taskTimes = createHistogram();
  readonly #slowest: SlowTask[] = [];
  succeeded = 0;
  failed = 0;
  /** How many of the tasks that are done an earlier run has done. */
  earlier = 0;
  /** Those of this run, the latest last. */
  readonly recentFailures: RecentFailure[] = [];
  /** Failures that are in no group. */
  otherFailures = 0;
  /** How long the slowest task ran. */
  maxMs = 0;

  /** @param elapsedMs how long the run has gone on; by default, since now */
  constructor(elapsedMs: () => number = sinceNow()) {
    this.#elapsedMs = elapsedMs;
  }

  get done(): number {
    return this.succeeded + this.failed;
  }

  /** How many of them ran for a known time. */
  get timed(): number {
    return this.#taskTimes.count;
  }

  get elapsedMs(): number {
    return this.#elapsedMs();
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
    const failure = this.#count(record);
    if (failure === undefined) return;
    this.recentFailures.push(failure);
    if (this.recentFailures.length > recentFailuresMax) this.recentFailures.shift();
  }

  #count(record: TaskRecord): RecentFailure | undefined {
    // Nothing is known of the time of a task whose worker was lost.
    if (record.status === 'ok' || record.ms > 0) this.#countTime(record);
    if (record.status === 'ok') {
      this.succeeded += 1;
      return undefined;
    }
    this.failed += 1;
    const label = taskLabel(record.index, record.input);
    const title = failureTitle(record.error, label);
    this.#countFailure(title, record.error, label);
    return { label, title };
  }

  /** How long tasks ran, in milliseconds: the time that `percent` of them stayed within. */
  percentileMs(percent: number): number | undefined {
    // The histogram rounds up, by a thousandth.
    return this.timed === 0 ? undefined : Math.min(this.#taskTimes.percentile(percent) / 1000, this.maxMs);
  }

  /** The slowest first. */
  slowest(): readonly SlowTask[] {
    return this.#slowest;
  }

  /** The largest first. */
  failureGroups(): FailureGroup[] {
    return [...this.#failures.values()].sort((one, other) => other.count - one.count);
  }

  #countTime({ index, input, ms, status, worker, attempts }: TaskRecord): void {
    this.#taskTimes.record(Math.max(1, Math.round(ms * 1000)));
    this.maxMs = Math.max(this.maxMs, ms);
    const last = this.#slowest.at(-1);
    if (last !== undefined && this.#slowest.length === slowestMax && ms <= last.ms) return;
    const at = this.#slowest.findIndex((task) => task.ms < ms);
    const task = { label: taskLabel(index, input), ms, status, worker, attempts };
    this.#slowest.splice(at === -1 ? this.#slowest.length : at, 0, task);
    if (this.#slowest.length > slowestMax) this.#slowest.pop();
  }

  #countFailure(title: string, error: FailureDescription, label: Label): void {
    const group = this.#failures.get(title);
    if (group !== undefined) {
      group.count += 1;
      if (group.inputs.length < samplesMax) group.inputs.push(label);
    } else if (this.#failures.size === failureKindsMax) {
      this.otherFailures += 1;
    } else {
      const stack = typeof error.stack === 'string' ? error.stack.slice(0, stackCharsMax) : undefined;
      this.#failures.set(title, { title, count: 1, stack, inputs: [label] });
    }
  }
}

function sinceNow(): () => number {
  const startedAt = performance.now();
  return () => performance.now() - startedAt;
}
