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
import type { Task, TaskBody } from '../pool/task.js';
import { RelayedError } from '../pool/task-errors.js';
import type { TaskPool } from '../pool/task-pool.js';
import type { TaskSettings } from '../pool/task-settings.js';
import { type EncodedError, encodeError } from '../protocol/errors.js';
import { copyByWire } from './codec.js';
import type { Delivery } from './delivery.js';
import { HeldTask, type HeldTaskEvents } from './held-task.js';
import type { CancelMessage, News, TaskBatch } from './messages.js';
import type { NewsLog } from './news-log.js';

export interface HeldBatchOf {
  readonly client: string;
  readonly id: string;
  readonly delivery: Delivery;
  readonly log: NewsLog;
  /** An outcome is known, of a task that took so long; 0 where it did not run. */
  onOutcome(name: string, isFailure: boolean, ms: number): void;
  /** Each task has its outcome. */
  onComplete(batch: HeldBatch): void;
  /** The pool itself can't run tasks: that is no outcome of theirs. */
  onBroken(error: unknown): void;
}

/** A task that is to be run: its place in the batch, and what it is. */
interface Start {
  readonly index: number;
  readonly handle: FunctionHandle;
  readonly body: TaskBody;
  readonly settings: TaskSettings;
  readonly attempt: number;
}

export class HeldBatch {
  readonly client: string;
  readonly id: string;
  /** The latest: given out once more while it runs, only that one can be acknowledged. */
  delivery: Delivery;
  readonly log: NewsLog;
  readonly #of: HeldBatchOf;
  readonly #tasks: (Task | undefined)[] = [];
  /** Started when it was last looked; told of at the second look. */
  #seen = new Set<number>();
  readonly #told = new Set<number>();
  #left = 0;
  /** How many tasks of each function have no outcome, by its name. */
  readonly leftOf = new Map<string, number>();
  /** Of each task's function. */
  readonly #names: string[] = [];
  #hasOutcome = false;
  /** The first that has no outcome yet. */
  #next = 0;
  #isOver = false;
  readonly #on: HeldTaskEvents = {
    succeeded: (index, value, ms) => this.#outcome(index, false, ms, ['done', index, [value], [rounded(ms)]]),
    ended: (index, future) => this.#ended(index, future),
    reported: (index, progress) => {
      if (!this.#isOver) this.log.add(['report', index, progress]);
    },
  };

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
    const starts: Start[] = [];
    for (const [digest, names, attempt, isChunk, count, size, values, timeoutMs, context] of batch.groups) {
      const handle = handles.get(digest) as FunctionHandle;
      const nameOf = typeof names === 'string' ? () => names : (i: number) => names[i] as string;
      let settings = settingsOf(nameOf(0), timeoutMs, context);
      for (let i = 0; i < count; i++, index++) {
        const place = index;
        this.#names[place] = handle.name;
        if (this.log.isSettled(place)) continue;
        this.#count(place, 1);
        const own = values.slice(i * size, (i + 1) * size);
        if (settings.name !== nameOf(i)) settings = { ...settings, name: nameOf(i) };
        starts.push({ index: place, handle, body: { isChunk, values: own }, settings, attempt });
      }
    }
    for (const start of starts) {
      if (this.#isOver) break;
      if (cancelled.has(start.index)) this.#cancelled(start.index);
      else this.#start(start, pool);
    }
    if (this.#left === 0) this.#complete();
  }

  /** Whether a task of it has started. */
  hasBegun(): boolean {
    return this.#hasOutcome || this.#tasks.some((task) => task?.hasStarted());
  }

  /** Gives it up, where no task of it has started; `false` where one has, in this very moment. */
  withdraw(): boolean {
    const [first, ...others] = this.#tasks.filter((task) => task !== undefined && task.place !== 'done');
    this.#isOver = true;
    if (first?.future.cancel()) {
      for (const task of others) task?.future.kill(new CancelledError('its batch was given back'));
      return true;
    }
    this.#isOver = false;
    return false;
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
      this.#outcome(index, true, 0, ['failed', index, encodeError(error, copyByWire), 0]);
    }
  }

  cancel(indices: readonly number[], { how, reason }: Pick<CancelMessage, 'how' | 'reason'>): void {
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

  #start({ index, handle, body, settings, attempt }: Start, pool: TaskPool): void {
    try {
      const task = pool.submit(handle, body, settings, noSite, new HeldTask(this.#on, index));
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
    this.#outcome(index, true, ms, ['failed', index, encodedOf(error), ms]);
  }

  #cancelled(index: number): void {
    this.#outcome(index, false, 0, ['cancelled', index]);
  }

  #outcome(index: number, isFailure: boolean, ms: number, told: News): void {
    if (this.#isOver) return;
    this.#hasOutcome = true;
    this.#count(index, -1);
    this.log.add(told, this.#left === 0);
    this.#of.onOutcome(this.#names[index] as string, isFailure, ms);
    if (this.#left === 0) this.#complete();
  }

  #count(index: number, more: number): void {
    const name = this.#names[index] as string;
    const left = (this.leftOf.get(name) ?? 0) + more;
    this.#left += more;
    if (left > 0) this.leftOf.set(name, left);
    else this.leftOf.delete(name);
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

/** To microseconds: what is measured more exactly is noise, and takes more room than most values. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function encodedOf(error: unknown): EncodedError {
  if (error instanceof RelayedError) return error.encoded;
  const encoded = encodeError(error, copyByWire);
  const { cause } = error as { cause?: unknown };
  return encoded.kind === 'error' && cause instanceof RelayedError ? { ...encoded, cause: cause.encoded } : encoded;
}

function settingsOf(
  name: string,
  timeoutMs: number | null,
  context: Readonly<Record<string, unknown>> | null,
): TaskSettings {
  return {
    name,
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
