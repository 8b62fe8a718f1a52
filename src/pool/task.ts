/**
 * One submitted task, with its future.
 *
 *   queued ──hand──► handed ──answer──► done
 *     ▲                │  └──failed, attempts left──► waiting ──backoff──► queued
 *     └──taken back────┘
 *   (done is also reached from queued and waiting, by cancel, kill, an aborted signal or a broken pool)
 *
 * A task knows its pool only as {@link TaskOwner}, and its worker as {@link TaskHolder}. Its outcome goes to its future, or,
 * for a row of a map, to a {@link TaskSink}: then it has a future only once somebody needs one.
 */

import { CancelledError } from '../errors.js';
import type { FunctionHandle } from '../functions/handle.js';
import type { FutureWork } from '../future/contract.js';
import {
  Future,
  markCancelled,
  newFuture,
  noteRun,
  onDone,
  outcomeOf,
  rejectFuture,
  resolveFuture,
} from '../future/future.js';
import type { Transfer } from './host.js';
import type { Queued } from './queue.js';
import { whenAborted } from './signals.js';
import type { SubmitSite } from './site.js';
import type { TaskSettings } from './task-settings.js';

/** What a task asks of its pool. */
export interface TaskOwner {
  /** Forgets a task that is queued or waits for a retry. */
  withdraw(task: Task): void;
  /** Ends the worker that runs the task: at once, or gracefully once the task has had time to heed its signal. */
  endWorkerOf(task: Task, reason: unknown, gracefully: boolean): void;
  block(task: Task, until: () => boolean, timeoutMs: number): void;
  /** The task is done: its future has just been settled, or is about to be by its caller. */
  taskDone(task: Task, how: 'completed' | 'failed' | 'cancelled'): void;
  /** Somebody looked at the failed task's outcome. */
  failureSeen(task: Task): void;
  /** Whether its tasks may be waited for by tasks of this very thread. */
  readonly hasInsiders: boolean;
  /** Somebody begins to wait for the task; gives what rejects once it is certain that this can't end. */
  waitBegins(task: Task): Promise<never> | undefined;
  /** Tasks of its own may be in a ring of waits, which is no reason to keep the process alive. */
  ringClosed(): void;
}

/** What a task asks of the worker that holds it. */
export interface TaskHolder {
  readonly name: string;
  hasStarted(task: Task): boolean;
  /** Takes the task back; `false` when it has started. */
  revoke(task: Task): boolean;
  /** How long the started task has been running, in milliseconds. */
  ranMs(task: Task): number;
}

/** Who takes the outcome of a task that needs no future. */
export interface TaskSink {
  /** @param runMs how long it ran */
  succeeded(value: unknown, runMs: number): void;
  /** It failed or was cancelled: its future, which is made now, says how. */
  ended(future: Future<unknown>): void;
  /** It tells how far it is. */
  reported?(progress: unknown): void;
}

/** What a task does with its function: call it once, or once per row of a chunk of a map. */
export interface TaskBody {
  readonly isChunk: boolean;
  /** The arguments, or one list of arguments per row. */
  readonly values: readonly unknown[];
}

/** What most tasks have not: fields for these would be a tenth of all that a pending task takes. */
interface RareParts {
  /** To its signal. */
  readonly stopListening?: () => void;
  readonly transfer?: readonly Transfer[];
  readonly context?: Readonly<Record<string, unknown>>;
  readonly verdict?: Error | undefined;
  readonly deaths?: number;
  /** The one that ran, or was about to, when it was cancelled. */
  readonly unwantedAttempt?: number;
  readonly isGivenUp?: boolean;
  /** Of a task that has got a future all the same. */
  readonly sink?: TaskSink;
}

export class Task implements FutureWork, Queued {
  readonly handle: FunctionHandle;
  readonly settings: TaskSettings;
  place: 'queued' | 'handed' | 'waiting' | 'done' = 'queued';
  /** The arguments, or one list of arguments per row of a chunk of a map. */
  values: readonly unknown[];
  readonly isChunk: boolean;
  /** Set while handed; the sequence number is the one under which this holder's worker knows the task. */
  holder: TaskHolder | undefined;
  seq = -1;
  turn = 0;
  /** From 1. */
  attempt = 1;
  /** Whether anybody has asked for the outcome; from then on a failure is not reported at shutdown. */
  isObserved = false;
  readonly submittedAt: SubmitSite;
  readonly #owner: TaskOwner;
  #outcomeTo: Future<unknown> | TaskSink;
  #rare: RareParts | undefined;

  constructor(
    owner: TaskOwner,
    handle: FunctionHandle,
    body: TaskBody,
    settings: TaskSettings,
    submittedAt: SubmitSite,
    sink?: TaskSink,
  ) {
    this.#owner = owner;
    this.handle = handle;
    this.isChunk = body.isChunk;
    this.values = body.values;
    this.settings = settings;
    if (settings.transfer.length > 0) this.transfer = settings.transfer;
    if (settings.context !== undefined) this.#rare = { ...this.#rare, context: settings.context.read() };
    this.submittedAt = submittedAt;
    this.#outcomeTo = sink ?? newFuture(this.name, this);
    if (settings.signal !== undefined) {
      this.#rare = { ...this.#rare, stopListening: whenAborted(settings.signal, () => this.#aborted()) };
    }
  }

  /** Its option `name`, else its function's. */
  get name(): string {
    return this.settings.name ?? this.handle.name;
  }

  get future(): Future<unknown> {
    const to = this.#outcomeTo;
    if (to instanceof Future) return to;
    const future = newFuture(this.name, this);
    this.#outcomeTo = future;
    if (to.reported !== undefined) this.#rare = { ...this.#rare, sink: to };
    onDone(future, () => {
      const outcome = outcomeOf(future);
      if (outcome?.ok) to.succeeded(outcome.value, future.stats?.ms ?? 0);
      else to.ended(future);
    });
    return future;
  }

  /** What is moved to the worker with the arguments. */
  get transfer(): readonly Transfer[] {
    return this.#rare?.transfer ?? nothing;
  }

  set transfer(moved: readonly Transfer[]) {
    this.#rare = { ...this.#rare, transfer: moved };
  }

  /** Whether what is to be moved could as well be copied. */
  get canBeCopied(): boolean {
    return this.transfer.every((item) => item instanceof ArrayBuffer);
  }

  /** Whether a worker has what was to be moved: then the task can't be sent again. Of one that was handed over. */
  get isMoved(): boolean {
    return this.transfer.some((item) => !(item instanceof ArrayBuffer) || item.byteLength === 0);
  }

  /** What the storages of the option `context` held at its submit; the same object while they hold the same. */
  get context(): Readonly<Record<string, unknown>> | undefined {
    return this.#rare?.context;
  }

  /** Set once the task is being stopped: what its future fails with, whatever its worker still answers. */
  get verdict(): Error | undefined {
    return this.#rare?.verdict;
  }

  set verdict(error: Error | undefined) {
    this.#rare = { ...this.#rare, verdict: error };
  }

  /** How many workers have died while they ran it. */
  get deaths(): number {
    return this.#rare?.deaths ?? 0;
  }

  set deaths(count: number) {
    this.#rare = { ...this.#rare, deaths: count };
  }

  get priority(): number {
    return this.settings.priority;
  }

  hasStarted(): boolean {
    return this.attempt > 1 || (this.holder?.hasStarted(this) ?? false);
  }

  revoke(): boolean {
    if (!this.#takeBack()) return false;
    this.#finish('cancelled');
    return true;
  }

  stop(reason: unknown): boolean {
    return this.#stop(reason, false);
  }

  /** Cancels it unless it runs. Where its worker was about to start it, the worker says later that it has not; then it comes back to be cancelled. */
  cancelUnlessRunning(): void {
    if (this.future.cancel()) return;
    if (this.place === 'handed') this.#rare = { ...this.#rare, unwantedAttempt: this.attempt };
    else this.future.kill();
  }

  /** Of one that comes back: whether it was to be cancelled. */
  get isUnwanted(): boolean {
    return this.#rare?.unwantedAttempt === this.attempt;
  }

  /** Nobody will look at it: the same, and if it runs, it is not tried again. */
  giveUp(): void {
    this.cancelUnlessRunning();
    if (this.place === 'handed') this.#rare = { ...this.#rare, isGivenUp: true };
  }

  /** Cancels it; if it runs, it is told, and has time to end by itself. */
  abort(reason: unknown): void {
    if (this.#stop(reason, true)) markCancelled(this.future, reason);
  }

  block(until: () => boolean, timeoutMs: number): void {
    this.#owner.block(this, until, timeoutMs);
  }

  observed(): Promise<never> | undefined {
    this.isObserved = true;
    if (this.place === 'done') {
      this.#owner.failureSeen(this);
      return undefined;
    }
    return this.awaited();
  }

  awaited(): Promise<never> | undefined {
    return this.#owner.hasInsiders ? this.#owner.waitBegins(this) : undefined;
  }

  /** It tells how far it is. */
  report(progress: unknown): void {
    this.settings.onReport?.(progress, this.name);
    const to = this.#outcomeTo;
    const sink = to instanceof Future ? this.#rare?.sink : to;
    sink?.reported?.(progress);
  }

  /** It is in a ring of waits. */
  isInRing(): void {
    this.#owner.ringClosed();
  }

  succeed(value: unknown, runMs: number): void {
    const worker = this.holder?.name;
    this.#finish('completed');
    const to = this.#outcomeTo;
    if (to instanceof Future) {
      noteRun(to, this.attempt, runMs, worker);
      resolveFuture(to, value);
    } else {
      // Through its sink a task reaches its executor, which a stray reference to the task must not keep.
      this.#outcomeTo = nobody;
      to.succeeded(value, runMs);
    }
  }

  fail(error: unknown, runMs: number): void {
    // Not for its earlier attempts: it may fail between two of them.
    const { holder } = this;
    const started = holder?.hasStarted(this) ?? false;
    this.#finish('failed');
    noteRun(this.future, started ? this.attempt : this.attempt - 1, runMs, holder?.name);
    rejectFuture(this.future, error);
  }

  cancel(reason: unknown): void {
    if (this.place === 'done') return;
    this.#finish('cancelled');
    markCancelled(this.future, reason);
  }

  /** Whether another attempt is due after this failure, and after how long. */
  retryAfter(error: unknown): number | undefined {
    const { retry } = this.settings;
    if (retry === undefined || this.attempt > retry.times || error instanceof CancelledError) return undefined;
    if (this.#rare?.isGivenUp || this.isMoved || this.deaths >= deathsMax) return undefined;
    if (!retry.retryOn(error, this.attempt)) return undefined;
    return Math.min(retry.maxBackoff, retry.backoff * 2 ** (this.attempt - 1));
  }

  #aborted(): void {
    this.abort(this.settings.signal?.reason);
  }

  #stop(reason: unknown, gracefully: boolean): boolean {
    if (this.place === 'done') return false;
    if (this.#takeBack()) noteRun(this.future, this.attempt - 1, 0, undefined);
    else {
      noteRun(this.future, this.attempt, this.holder?.ranMs(this) ?? 0, this.holder?.name);
      this.#owner.endWorkerOf(this, reason, gracefully);
    }
    this.#finish('cancelled');
    return true;
  }

  /** `true` when the task is back with us and will not run; `false` when it has started. */
  #takeBack(): boolean {
    if (this.place === 'handed') return this.holder?.revoke(this) ?? false;
    this.#owner.withdraw(this);
    return true;
  }

  #finish(how: 'completed' | 'failed' | 'cancelled'): void {
    this.place = 'done';
    this.holder = undefined;
    // A future may be kept for long after its arguments are of use to anybody.
    this.values = nothing;
    if (this.#rare === undefined) return this.#owner.taskDone(this, how);
    const { stopListening } = this.#rare;
    this.#rare = undefined;
    stopListening?.();
    this.#owner.taskDone(this, how);
  }
}

/** A task that has cost so many workers is not run again, however many retries it has left. */
const deathsMax = 3;

const nothing: readonly never[] = [];
const nobody: TaskSink = { succeeded() {}, ended() {} };
