/**
 * A batch that this worker has.
 *
 *   opening ──signature, code, what is known of it──► running ──each task has its outcome, all are stored──► acknowledged
 *      └──not to be run──► refused (told, and taken from the queue)
 *
 * Where this worker dies: before anything is stored, the batch is given to another as it was; later, that one runs only what has no outcome.
 */

import { CancelledError, WorkerLostError } from '../errors.js';
import type { FunctionHandle } from '../functions/handle.js';
import { type Future, failureOf, observe } from '../future/future.js';
import type { Task, TaskSink } from '../pool/task.js';
import { RelayedError } from '../pool/task-errors.js';
import type { TaskPool } from '../pool/task-pool.js';
import type { TaskSettings } from '../pool/task-settings.js';
import { type EncodedError, encodeError } from '../protocol/errors.js';
import { copyByWire } from './codec.js';
import type { Delivery } from './delivery.js';
import type { CancelMessage, News, TaskBatch } from './messages.js';
import type { NewsLog } from './news-log.js';

export interface HeldBatchOf {
  readonly client: string;
  readonly id: string;
  readonly delivery: Delivery;
  readonly log: NewsLog;
  /** An outcome is known, of a task that took so long. */
  onOutcome(isFailure: boolean, ms: number): void;
  /** Each task has its outcome. */
  onComplete(batch: HeldBatch): void;
  /** The pool itself can't run tasks: that is no outcome of theirs. */
  onBroken(error: unknown): void;
}

export class HeldBatch {
  readonly client: string;
  readonly id: string;
  readonly delivery: Delivery;
  readonly log: NewsLog;
  readonly #of: HeldBatchOf;
  readonly #tasks: (Task | undefined)[] = [];
  /** Started when it was last looked; told of at the second look. */
  #seen = new Set<number>();
  readonly #told = new Set<number>();
  #left = 0;
  /** The first that has no outcome yet. */
  #next = 0;
  #isOver = false;

  constructor(of: HeldBatchOf) {
    this.#of = of;
    this.client = of.client;
    this.id = of.id;
    this.delivery = of.delivery;
    this.log = of.log;
  }

  /** How many of its tasks have no outcome. */
  get left(): number {
    return this.#left;
  }

  /** Submits what has no outcome yet. */
  run(
    batch: TaskBatch,
    handles: ReadonlyMap<string, FunctionHandle>,
    pool: TaskPool,
    cancelled: ReadonlySet<number>,
  ): void {
    let index = 0;
    const starts: (() => void)[] = [];
    for (const [digest, names, attempt, isChunk, count, size, values, timeoutMs, context] of batch.groups) {
      const handle = handles.get(digest) as FunctionHandle;
      const shared = settingsOf(timeoutMs, context);
      for (let i = 0; i < count; i++, index++) {
        const place = index;
        if (this.log.isSettled(place)) continue;
        this.#left += 1;
        const own = values.slice(i * size, (i + 1) * size);
        const name = typeof names === 'string' ? names : (names[i] as string);
        starts.push(() => {
          if (cancelled.has(place)) this.#cancelled(place);
          else
            this.#start(
              place,
              pool,
              handle,
              { isChunk, values: own },
              { ...shared, name, onReport: (told) => this.#report(place, told) },
              attempt,
            );
        });
      }
    }
    for (const start of starts) if (!this.#isOver) start();
    if (this.#left === 0) this.#complete();
  }

  /** Gives it up; its tasks are stopped, and what they give is told to nobody. */
  abandon(reason: unknown): void {
    this.#isOver = true;
    for (const task of this.#tasks) if (task !== undefined && task.place !== 'done') task.future.kill(reason);
  }

  /** Every task that has none yet fails so. */
  failAll(error: Error): void {
    for (const [index, task] of this.#tasks.entries()) {
      if (task === undefined || task.place === 'done') continue;
      this.#outcome(true, 0, ['failed', index, encodeError(error, copyByWire), 0]);
    }
  }

  cancel({ indices, how, reason }: CancelMessage): void {
    for (const index of indices) {
      const task = this.#tasks[index];
      if (task === undefined || task.place === 'done') continue;
      if (how === 'abort') task.abort(new CancelledError(reason));
      else if (!task.future.cancel() && how === 'kill') task.future.kill(new CancelledError(reason));
    }
  }

  /** Tells of tasks that have been running for a moment. Those of a batch start in order, about. */
  look(slots: number): void {
    const seen = new Set<number>();
    while (this.#next < this.#tasks.length && this.#isSettled(this.#next)) this.#next += 1;
    for (let index = this.#next, looks = 0; index < this.#tasks.length && looks <= 2 * slots; index++, looks++) {
      const task = this.#tasks[index];
      if (task === undefined || task.place !== 'handed' || this.#told.has(index) || !task.hasStarted()) continue;
      seen.add(index);
      if (!this.#seen.has(index)) continue;
      this.#told.add(index);
      this.log.add(['started', index, Date.now()]);
    }
    this.#seen = seen;
  }

  #start(
    index: number,
    pool: TaskPool,
    handle: FunctionHandle,
    body: { isChunk: boolean; values: readonly unknown[] },
    settings: TaskSettings,
    attempt: number,
  ): void {
    const sink: TaskSink = {
      succeeded: (value, ms) => this.#outcome(false, ms, ['done', index, [value], [ms]]),
      ended: (future) => this.#ended(index, future),
    };
    try {
      const task = pool.submit(handle, body, settings, noSite, sink);
      task.attempt = attempt;
      this.#tasks[index] = task;
    } catch (error) {
      this.#isOver = true;
      this.#of.onBroken(error);
    }
  }

  #ended(index: number, future: Future<unknown>): void {
    observe(future);
    if (this.#isOver) return;
    if (future.cancelled()) {
      this.#cancelled(index);
      return;
    }
    const error = failureOf(future);
    if ((error as { code?: unknown }).code === 'BROKEN_EXECUTOR' && !(error instanceof RelayedError)) {
      this.#isOver = true;
      this.#of.onBroken(error);
      return;
    }
    const ms = future.stats?.ms ?? 0;
    this.#outcome(true, ms, ['failed', index, encodedOf(error), ms]);
  }

  #cancelled(index: number): void {
    this.#outcome(false, 0, ['cancelled', index]);
  }

  #report(index: number, told: unknown): void {
    if (!this.#isOver) this.log.add(['report', index, told]);
  }

  #outcome(isFailure: boolean, ms: number, told: News): void {
    if (this.#isOver) return;
    this.log.add(told);
    this.#left -= 1;
    this.#of.onOutcome(isFailure, ms);
    if (this.#left === 0) this.#complete();
  }

  #isSettled(index: number): boolean {
    const task = this.#tasks[index];
    return task === undefined || task.place === 'done';
  }

  #complete(): void {
    this.#isOver = true;
    this.#of.onComplete(this);
  }
}

/** A batch that has cost so many workers. */
export function lostTooOften(deliveries: number): Error {
  const loss = { exitCode: null, signal: null, outOfMemory: false, stderr: '', workerName: '', attempt: deliveries };
  return new WorkerLostError(
    `${deliveries} workers were lost, or cut off, while they had the task's batch; it is not given to another (maxDeliveries)`,
    loss,
  );
}

function encodedOf(error: unknown): EncodedError {
  return error instanceof RelayedError ? error.encoded : encodeError(error, copyByWire);
}

function settingsOf(timeoutMs: number | null, context: Readonly<Record<string, unknown>> | null): TaskSettings {
  return {
    name: undefined,
    timeoutMs: timeoutMs ?? Number.POSITIVE_INFINITY,
    signal: undefined,
    priority: 0,
    retry: undefined,
    transfer: [],
    context: context === null ? undefined : { read: () => context },
    onReport: undefined,
  };
}

/** The submitter knows where its task was submitted; here is no place of interest. */
const noSite = {};
