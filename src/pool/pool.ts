/**
 * All decisions about tasks and workers; no threads, no processes.
 *
 *   submit ──► queue ──schedule──► slot ──run──► (host) worker
 *                ▲                   │◄──done, failed, revoked──┘
 *                └── taken back ─────┤
 *                    retried         └──► the task's future
 *
 *   running ──shutdown──► draining ──last task done, last worker gone──► stopped
 *      └───────────────────┴── workers can't start ──► broken(cause)
 */

import {
  BrokenExecutorError,
  CancelledError,
  type ExecutorError,
  QueueFullError,
  ShutdownError,
  TimeoutError,
  WorkerLostError,
} from '../errors.js';
import type { FunctionHandle } from '../functions/handle.js';
import type { Future } from '../future/future.js';
import { decodeError, type EncodedError } from '../protocol/errors.js';
import { type CallBody, type FromWorker, protocolVersion } from '../protocol/messages.js';
import { notSerializable } from '../protocol/values.js';
import { Allowance } from './allowance.js';
import type { Clock } from './clock.js';
import type { WorkerExit, WorkerHost } from './host.js';
import { TaskQueue } from './queue.js';
import { WorkerSlot } from './slot.js';
import { type ExecutorStats, Tally } from './stats.js';
import { Task, type TaskOwner, type TaskSettings } from './task.js';
import { UnobservedFailures } from './unobserved.js';

/** Options of a pool, checked and complete; times in milliseconds. */
export interface PoolSettings {
  readonly namePrefix: string;
  readonly maxWorkers: number;
  readonly minWorkers: number;
  readonly idleTimeoutMs: number;
  readonly startupTimeoutMs: number;
  readonly maxTasksPerWorker: number;
  readonly maxQueue: number;
  readonly prefetch: 'auto' | number;
  readonly maxMemory: number;
  readonly initializer: { readonly handle: FunctionHandle; readonly args: readonly unknown[] } | undefined;
}

export type PoolState = 'running' | 'draining' | 'stopped' | 'broken';

/** How long a task may take to stop by itself once its signal is aborted, before its worker is ended. */
export const abortGraceMs = 250;
/** So many workers in a row that end before they are ready, with no other worker alive, break the pool. */
const failedStartsMax = 3;
/** How long tasks may wait in the hands of a busy worker while another is idle. */
const rebalanceAfterMs = 5;

export class Pool implements TaskOwner {
  readonly settings: PoolSettings;
  readonly #host: WorkerHost;
  readonly #clock: Clock;
  readonly #queue = new TaskQueue<Task>();
  readonly #slots = new Set<WorkerSlot>();
  /** Tasks between two attempts, each with the way to cancel its timer. */
  readonly #waiting = new Map<Task, () => void>();
  readonly #allowance: Allowance;
  readonly #tally = new Tally();
  readonly #unobserved: UnobservedFailures;
  readonly #functions = new Map<number, FunctionHandle>();
  #state: PoolState = 'running';
  #breakCause: unknown;
  #pendingCount = 0;
  /** Calls of `shutdown` that wait. */
  #waiters = 0;
  #failedStarts = 0;
  #flushIsDue = false;
  #rebalanceIsDue = false;
  #sweepIsDue = false;
  /** Once tasks have differed in priority they are handed over one at a time, so that the next is always the highest. */
  #ordersByPriority = false;
  readonly #whenStopped: (() => void)[] = [];

  constructor(host: WorkerHost, settings: PoolSettings, clock: Clock) {
    this.#host = host;
    this.settings = settings;
    this.#clock = clock;
    this.#allowance = new Allowance(settings.prefetch);
    this.#unobserved = new UnobservedFailures(settings.namePrefix);
    for (let i = 0; i < settings.minWorkers; i++) this.#startWorker();
  }

  get state(): PoolState {
    return this.#state;
  }

  /** Queues a task. What it is to run and with which arguments is fixed when this returns. */
  submit(handle: FunctionHandle, body: CallBody, settings: TaskSettings, submittedAt: { stack?: string }): Future<unknown> {
    this.#checkOpen();
    const task = new Task(this, handle, body, settings, submittedAt);
    this.#pendingCount += 1;
    this.#hold();
    this.#functions.set(handle.id, handle);
    if (settings.signal?.aborted) {
      task.cancel(settings.signal.reason);
      return task.future;
    }
    if (settings.priority !== 0) this.#ordersByPriority = true;
    this.#queue.push(task);
    // An idle worker gets it in this very call, which copies the arguments; otherwise they are copied now, so that
    // what the caller does to them afterwards can't change the task.
    if (holdsObjects(body)) {
      if (this.#queue.length === 1 && this.#hasIdleSlot()) this.flush();
      if (task.place === 'queued') this.#snapshot(task);
    }
    this.#flushSoon();
    return task.future;
  }

  /** Makes an error anew that a part of a task failed with. */
  decodeTaskError(error: EncodedError, handle: FunctionHandle, submittedAt: { stack?: string }): unknown {
    return decodeError(error, (name) => handle.findErrorClass(name), submitFrames(submittedAt));
  }

  /** Hands over what was submitted in this turn, without waiting for the turn's end. */
  flush(): void {
    this.#schedule();
  }

  /** Ends the pool: see `Executor.shutdown`. */
  async shutdown(options: { wait: boolean; cancelFutures: boolean; timeoutMs: number }): Promise<Future<unknown>[]> {
    if (this.#state === 'running') this.#state = 'draining';
    if (options.cancelFutures) this.#cancelUnstarted();
    let stoppedByLimit: Future<unknown>[] = [];
    const cancelLimit = Number.isFinite(options.timeoutMs)
      ? this.#clock.after(options.timeoutMs, () => {
          stoppedByLimit = this.#stopAll(options.timeoutMs);
        })
      : () => {};
    const stopped = this.#stopped().then(cancelLimit);
    this.#schedule();
    this.#drained();
    if (!options.wait) return this.#pendingTasks().map((task) => task.future);
    // The limit's timer must fire, and workers must be seen to go, even when nothing else keeps the process alive.
    this.#waiters += 1;
    this.#hold();
    await stopped;
    this.#waiters -= 1;
    this.#hold();
    return stoppedByLimit;
  }

  stats(): ExecutorStats {
    const slots = [...this.#slots];
    const started = slots.filter((slot) => slot.running !== undefined).length;
    return this.#tally.snapshot({
      state: this.#state,
      workers: slots,
      queued: this.#pendingCount - started,
      running: started,
    });
  }

  // ── TaskOwner ──

  withdraw(task: Task): void {
    if (task.place === 'queued') this.#queue.remove(task);
    this.#waiting.get(task)?.();
    this.#waiting.delete(task);
  }

  endWorkerOf(task: Task, reason: unknown, gracefully: boolean): void {
    const slot = task.holder;
    if (!(slot instanceof WorkerSlot)) return;
    if (!gracefully) this.#condemn(slot);
    else this.#askToStop(slot, task, new CancelledError(`task "${task.future.name}" was aborted`, { cause: reason }));
  }

  block(until: () => boolean, timeoutMs: number): void {
    const deadline = this.#clock.now() + timeoutMs;
    this.flush();
    while (!until()) {
      for (const slot of this.#slots) {
        slot.link?.poll();
        if (until()) return;
      }
      const leftMs = deadline - this.#clock.now();
      if (leftMs <= 0) return;
      // In slices: timers stand still while this thread blocks, so they are looked after here.
      if (this.#waiting.size > 0) sleepSync(Math.min(leftMs, 5));
      else this.#host.block(Math.min(leftMs, 50));
      this.#clock.runDue();
    }
  }

  taskDone(task: Task, how: 'completed' | 'failed' | 'cancelled'): void {
    this.#tally.count(how);
    if (how === 'failed' && !task.isObserved) this.#unobserved.add(task.future);
    this.#pendingCount -= 1;
    if (this.#pendingCount > 0) return;
    this.#hold();
    // After the caller has settled the future: shutdown resolves to a world where every outcome is there.
    this.#clock.soon(() => this.#drained());
  }

  failureSeen(task: Task): void {
    this.#unobserved.delete(task.future);
  }

  // ── Handing over ──

  #checkOpen(): void {
    const { namePrefix, maxQueue } = this.settings;
    if (this.#state === 'broken') throw this.#broken();
    if (this.#state !== 'running') {
      throw new ShutdownError(`cannot schedule new futures: ${namePrefix} was shut down. Make a new executor.`);
    }
    if (this.#queue.length >= maxQueue) {
      throw new QueueFullError(`the queue of ${namePrefix} holds ${maxQueue} tasks (maxQueue): wait for some before you submit more`);
    }
  }

  #snapshot(task: Task): void {
    try {
      const whole = { body: task.body, transfer: task.transfer };
      const copy = structuredClone(whole, { transfer: [...task.transfer] as ArrayBuffer[] });
      task.body = copy.body;
      task.transfer = copy.transfer;
    } catch (cause) {
      this.#refuse(task, cause);
    }
  }

  /** Fails a task whose arguments can't be copied; its place is the queue's or nobody's. */
  #refuse(task: Task, cause: unknown): void {
    if (task.place === 'queued') this.#queue.remove(task);
    const [value, root] = task.body.kind === 'call' ? [task.body.args, 'args'] : [task.body.rows, 'rows'];
    task.fail(notSerializable(value, root, cause, (part) => this.#host.copy(part)), 0);
  }

  #flushSoon(): void {
    if (this.#flushIsDue) return;
    this.#flushIsDue = true;
    this.#clock.soon(() => {
      this.#flushIsDue = false;
      this.#schedule();
    });
  }

  #hasIdleSlot(): boolean {
    for (const slot of this.#slots) if (slot.isIdle) return true;
    return false;
  }

  #schedule(): void {
    if (this.#state === 'broken' || this.#state === 'stopped') return;
    if (this.#queue.length > 0) {
      this.#startWhatIsNeeded();
      this.#handOut();
    }
    if (this.#queue.length === 0) this.#rebalanceLater();
  }

  #startWhatIsNeeded(): void {
    let available = 0;
    for (const slot of this.#slots) if (slot.state === 'starting' || (slot.isIdle && !this.#isSpent(slot))) available += 1;
    for (; available < this.#queue.length && this.#slots.size < this.settings.maxWorkers; available++) {
      if (!this.#startWorker()) return;
    }
  }

  /** Fills the hands of every worker that has room, sharing what is queued between them. */
  #handOut(): void {
    const allowance = this.#ordersByPriority ? 1 : this.#allowance.tasks;
    const open = [...this.#slots].filter((slot) => this.#roomOf(slot, allowance) > 0);
    open.sort((a, b) => a.unanswered - b.unanswered);
    for (const [i, slot] of open.entries()) {
      const share = Math.ceil(this.#queue.length / (open.length - i));
      this.#handOver(slot, Math.min(share, this.#roomOf(slot, allowance)));
    }
  }

  #roomOf(slot: WorkerSlot, allowance: number): number {
    if (slot.state !== 'ready') return 0;
    // Half empty before it is filled up again: otherwise each answer would send one task, and each message one answer.
    if (slot.unanswered > allowance / 2 || (slot.unanswered > 0 && this.#isHeldUp(slot))) return 0;
    return Math.min(allowance - slot.unanswered, this.settings.maxTasksPerWorker - slot.taken);
  }

  #handOver(slot: WorkerSlot, count: number): void {
    const tasks: Task[] = [];
    while (tasks.length < count) {
      const task = this.#queue.take();
      if (task === undefined) break;
      tasks.push(task);
    }
    if (tasks.length === 0) return;
    try {
      slot.hand(tasks);
    } catch (cause) {
      this.#handOverOneByOne(slot, tasks, cause);
    }
    if (tasks.some((task) => Number.isFinite(task.settings.timeoutMs))) this.#watch(slot);
  }

  /** Some task of the batch can't be copied: finds out which, and hands the others over. */
  #handOverOneByOne(slot: WorkerSlot, tasks: readonly Task[], batchCause: unknown): void {
    for (const task of tasks) {
      if (tasks.length === 1) {
        task.place = 'waiting';
        this.#refuse(task, batchCause);
        continue;
      }
      try {
        slot.hand([task]);
      } catch (cause) {
        task.place = 'waiting';
        this.#refuse(task, cause);
      }
    }
  }

  /** No head-of-line blocking: what waits behind a long task goes to another worker, idle or yet to be started. */
  #rebalanceLater(): void {
    if (this.#rebalanceIsDue || ![...this.#slots].some((slot) => slot.unanswered > 1)) return;
    if (!this.#hasIdleSlot() && this.#slots.size >= this.settings.maxWorkers) return;
    this.#rebalanceIsDue = true;
    this.#clock.after(rebalanceAfterMs, () => {
      this.#rebalanceIsDue = false;
      for (const slot of this.#slots) {
        if (slot.unanswered > 1 && this.#isHeldUp(slot)) this.#requeue(slot.takeBackUnstarted());
      }
      this.#schedule();
    });
  }

  #isHeldUp(slot: WorkerSlot): boolean {
    const since = slot.runningSince;
    return since !== undefined && this.#clock.now() - since >= rebalanceAfterMs;
  }

  /** Puts unstarted tasks back where they came from, ahead of the others. */
  #requeue(tasks: Task[]): void {
    for (const task of tasks.reverse()) {
      task.place = 'queued';
      task.holder = undefined;
      this.#queue.pushFront(task);
    }
  }

  // ── Workers ──

  #startWorker(): boolean {
    const id = this.#freeSlotId();
    const slot = new WorkerSlot(id, `${this.settings.namePrefix}_${id}`);
    this.#slots.add(slot);
    try {
      slot.link = this.#host.start(
        { id, name: slot.name, functionById: (functionId) => this.#functions.get(functionId) },
        { onMessage: (message) => this.#onMessage(slot, message), onExit: (exit) => this.#onExit(slot, exit) },
      );
      const { initializer, maxMemory, startupTimeoutMs } = this.settings;
      slot.link.send(
        {
          kind: 'init',
          version: protocolVersion,
          workerId: id,
          workerName: slot.name,
          initializer: initializer && { function: initializer.handle.portable, args: initializer.args },
          maxMemory,
        },
        [],
      );
      slot.cancelTimer = this.#clock.after(startupTimeoutMs, () => this.#startedTooLate(slot));
    } catch (error) {
      slot.link?.terminate();
      this.#slots.delete(slot);
      slot.state = 'gone';
      this.#startFailed(error);
      return false;
    }
    return true;
  }

  /** Names are reused, as thread names of a pool are: `prefix_0` to `prefix_<maxWorkers - 1>`. */
  #freeSlotId(): number {
    const used = new Set([...this.#slots].map((slot) => slot.id));
    let id = 0;
    while (used.has(id)) id += 1;
    return id;
  }

  #startedTooLate(slot: WorkerSlot): void {
    if (slot.state !== 'starting') return;
    const limit = this.settings.startupTimeoutMs;
    this.#break(new TimeoutError(`worker ${slot.name} was not ready within ${limit} ms (startupTimeout)`));
  }

  #startFailed(cause: unknown): void {
    if (this.#state === 'broken' || [...this.#slots].some((slot) => slot.state === 'ready')) return;
    this.#failedStarts += 1;
    if (this.#failedStarts >= failedStartsMax) this.#break(cause);
    else this.#flushSoon();
  }

  /** Ends a worker now; its unstarted tasks go elsewhere at once. */
  #condemn(slot: WorkerSlot): void {
    if (slot.state === 'condemned' || slot.state === 'gone') return;
    slot.cancelTimer();
    this.#requeue(slot.takeBackUnstarted());
    slot.state = 'condemned';
    slot.link?.terminate();
    this.#flushSoon();
  }

  /** Asks an idle worker to go; one that does not is ended. */
  #retire(slot: WorkerSlot): void {
    slot.cancelTimer();
    slot.state = 'retiring';
    slot.link?.send({ kind: 'retire' }, []);
    slot.cancelTimer = this.#clock.after(1000, () => this.#condemn(slot));
  }

  #isSpent(slot: WorkerSlot): boolean {
    return slot.taken >= this.settings.maxTasksPerWorker || slot.taken === Number.POSITIVE_INFINITY;
  }

  #becameIdle(slot: WorkerSlot): void {
    slot.idleSince = this.#clock.now();
    if (this.#isSpent(slot) || (this.#state === 'draining' && this.#pendingCount === 0)) this.#retire(slot);
    else this.#sweepLater(this.settings.idleTimeoutMs);
  }

  /** One timer for all idle workers: setting one per worker and task would cost as much as a tiny task. */
  #sweepLater(ms: number): void {
    if (this.#sweepIsDue || !Number.isFinite(ms)) return;
    this.#sweepIsDue = true;
    this.#clock.after(ms, () => {
      this.#sweepIsDue = false;
      const now = this.#clock.now();
      let nextMs = Number.POSITIVE_INFINITY;
      for (const slot of this.#slots) {
        if (!slot.isIdle || this.#slots.size <= this.settings.minWorkers) continue;
        const leftMs = slot.idleSince + this.settings.idleTimeoutMs - now;
        if (leftMs <= 0) this.#retire(slot);
        else nextMs = Math.min(nextMs, leftMs);
      }
      this.#sweepLater(nextMs);
    });
  }

  #onMessage(slot: WorkerSlot, message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        return this.#onReady(slot);
      case 'broken':
        return this.#break(decodeError(message.error, () => undefined, ''));
      case 'report':
        slot.taskOf(message.seq)?.settings.onReport?.(message.progress);
        return;
      case 'heavy':
        slot.exhaust();
        return;
      case 'done':
      case 'failed':
      case 'revoked':
        return this.#onAnswer(slot, message);
      default:
        return message satisfies never;
    }
  }

  #onReady(slot: WorkerSlot): void {
    if (slot.state !== 'starting') return;
    slot.cancelTimer();
    slot.state = 'ready';
    this.#failedStarts = 0;
    this.#becameIdle(slot);
    this.#schedule();
  }

  #onAnswer(slot: WorkerSlot, message: Extract<FromWorker, { kind: 'done' | 'failed' | 'revoked' }>): void {
    const task = slot.answered(message);
    if (message.kind !== 'revoked') {
      slot.completed += 1;
      this.#allowance.measured(message.ms);
      this.#tally.ran(message.ms);
    }
    if (task?.verdict !== undefined || (task?.place === 'done' && slot.state === 'ready')) {
      // It stopped by itself within its grace.
      slot.cancelTimer();
      this.#watch(slot);
    }
    if (task !== undefined && task.place !== 'done') this.#settle(task, message);
    if (slot.isIdle) this.#becameIdle(slot);
    this.#schedule();
  }

  #settle(task: Task, message: Extract<FromWorker, { kind: 'done' | 'failed' | 'revoked' }>): void {
    if (message.kind === 'revoked') return this.#requeue([task]);
    if (task.verdict !== undefined) return this.#failOrRetry(task, task.verdict, message.ms);
    if (message.kind === 'done') return task.succeed(message.value, message.ms);
    this.#failOrRetry(task, this.decodeTaskError(message.error, task.handle, task.submittedAt), message.ms);
  }

  #failOrRetry(task: Task, error: unknown, runMs: number): void {
    const delayMs = this.#state === 'broken' ? undefined : task.retryAfter(error);
    if (delayMs === undefined) return task.fail(error, runMs);
    task.attempt += 1;
    task.verdict = undefined;
    task.holder = undefined;
    task.place = 'waiting';
    const cancelTimer = this.#clock.after(delayMs, () => {
      this.#waiting.delete(task);
      task.place = 'queued';
      this.#queue.push(task);
      this.#schedule();
    });
    this.#waiting.set(task, cancelTimer);
  }

  #onExit(slot: WorkerSlot, exit: WorkerExit): void {
    const was = slot.state;
    slot.cancelTimer();
    slot.state = 'gone';
    this.#slots.delete(slot);
    const { lost, unstarted } = slot.release();
    this.#requeue(unstarted);
    if (lost !== undefined && lost.place !== 'done') {
      const error = lost.verdict ?? workerLost(lost, slot, exit);
      this.#failOrRetry(lost, error, 0);
    } else if (was === 'ready' && exit.error !== undefined) reportLeftOver(slot, exit);
    if (was === 'starting') this.#startFailed(exit.error ?? workerLost(undefined, slot, exit));
    this.#schedule();
    this.#drained();
  }

  // ── Stopping a task ──

  /** Sets the timer for the next moment at which a limit of one of the worker's tasks may be over. */
  #watch(slot: WorkerSlot): void {
    if (slot.state !== 'ready') return;
    const now = this.#clock.now();
    const { running } = slot;
    if (running?.verdict !== undefined || running?.place === 'done') return;
    if (running !== undefined) {
      const leftMs = (slot.runningSince ?? now) + running.settings.timeoutMs - now;
      if (leftMs <= 0) return this.#timeOut(slot, running);
    }
    slot.cancelTimer();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const task of slot.tasks) {
      const spentMs = task === running ? now - (slot.runningSince ?? now) : 0;
      nextMs = Math.min(nextMs, task.settings.timeoutMs - spentMs);
    }
    if (Number.isFinite(nextMs)) slot.cancelTimer = this.#clock.after(nextMs, () => this.#watch(slot));
  }

  #timeOut(slot: WorkerSlot, task: Task): void {
    const { name } = task.future;
    const limitMs = task.settings.timeoutMs;
    this.#askToStop(slot, task, new TimeoutError(`task "${name}" ran longer than its timeout of ${limitMs} ms and was stopped (attempt ${task.attempt}, worker ${slot.name})`));
  }

  /** Aborts the task's signal, and ends its worker when that does not stop it in time. */
  #askToStop(slot: WorkerSlot, task: Task, reason: ExecutorError): void {
    task.verdict = reason;
    slot.cancelTimer();
    slot.abort(task, reason);
    slot.cancelTimer = this.#clock.after(abortGraceMs, () => this.#condemn(slot));
  }

  #cancelUnstarted(): void {
    for (const task of this.#pendingTasks()) {
      if (task.place === 'waiting') task.cancel(undefined);
      else task.future.cancel();
    }
  }

  /** Stops everything; gives the futures of what had not finished. */
  #stopAll(limitMs: number): Future<unknown>[] {
    const reason = new TimeoutError(`${this.settings.namePrefix} did not finish within the ${limitMs} ms that its shutdown allowed`);
    const tasks = this.#pendingTasks();
    for (const task of tasks) task.future.kill(reason);
    for (const slot of this.#slots) this.#condemn(slot);
    return tasks.map((task) => task.future);
  }

  #pendingTasks(): Task[] {
    return [...this.#queue, ...this.#waiting.keys(), ...[...this.#slots].flatMap((slot) => slot.tasks)].filter(
      (task) => task.place !== 'done',
    );
  }

  // ── Ends ──

  /** One place where everything pending fails, with one cause. */
  #break(cause: unknown): void {
    if (this.#state === 'broken' || this.#state === 'stopped') return;
    const tasks = this.#pendingTasks();
    this.#state = 'broken';
    this.#breakCause = cause;
    for (const task of tasks) {
      if (task.place === 'queued') this.#queue.remove(task);
      this.#waiting.get(task)?.();
      this.#waiting.delete(task);
      task.fail(this.#broken(), 0);
    }
    for (const slot of this.#slots) this.#condemn(slot);
  }

  #broken(): BrokenExecutorError {
    const cause = this.#breakCause;
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    return new BrokenExecutorError(`the workers of ${this.settings.namePrefix} can't start: ${why}`, { cause });
  }

  /** Lets the workers go once the last task is done, and says so once the last worker is gone. */
  #drained(): void {
    if (this.#state === 'running' || this.#pendingCount > 0) return;
    for (const slot of this.#slots) {
      if (slot.isIdle) this.#retire(slot);
      else if (slot.state === 'starting') this.#condemn(slot);
    }
    if (this.#slots.size > 0) return;
    if (this.#state === 'draining') this.#state = 'stopped';
    this.#unobserved.report();
    for (const resolve of this.#whenStopped.splice(0)) resolve();
  }

  /** Pending work keeps the process alive, and so does a shutdown that somebody waits for; idle workers do not. */
  #hold(): void {
    this.#clock.keepAlive(this.#pendingCount > 0 || this.#waiters > 0);
  }

  #stopped(): Promise<void> {
    return new Promise((resolve) => this.#whenStopped.push(resolve));
  }
}

function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function holdsObjects(body: CallBody): boolean {
  const isObject = (value: unknown) => (typeof value === 'object' && value !== null) || typeof value === 'function' || typeof value === 'symbol';
  return body.kind === 'call' ? body.args.some(isObject) : body.rows.some((row) => row.some(isObject));
}

/** The stack of the call to `submit`, to stand below the remote frames. */
function submitFrames(submittedAt: { stack?: string }): string {
  const frames = submittedAt.stack?.split('\n').slice(1).join('\n');
  return frames ? `\n    --- submitted to a worker from ---\n${frames}` : '';
}

function workerLost(task: Task | undefined, slot: WorkerSlot, exit: WorkerExit): WorkerLostError {
  const how = exit.outOfMemory
    ? 'ran out of memory'
    : exit.signal !== null
      ? `was ended by ${exit.signal}`
      : exit.error instanceof Error
        ? `died of an uncaught ${exit.error.name}: ${exit.error.message}`
        : `exited with code ${exit.exitCode ?? 'unknown'}`;
  const what = task === undefined ? 'before it was ready' : `while it ran task "${task.future.name}" (attempt ${task.attempt})`;
  const { exitCode, signal, outOfMemory, stderr } = exit;
  const loss = { exitCode, signal, outOfMemory, stderr, workerName: slot.name, attempt: task?.attempt ?? 0 };
  const said = stderr === '' ? '' : `; its last words on stderr:\n${stderr}`;
  return new WorkerLostError(`worker ${slot.name} ${how} ${what}${said}`, loss, exit.error === undefined ? {} : { cause: exit.error });
}

/** A finished task left something behind (a timer, a promise) that failed later and took the worker with it. */
function reportLeftOver(slot: WorkerSlot, exit: WorkerExit): void {
  const { error } = exit;
  process.emitWarning(`worker ${slot.name} died of an error left behind by a finished task; it is replaced`, {
    type: 'WorkerLost',
    code: 'CF_LEFT_OVER',
    detail: error instanceof Error ? (error.stack ?? String(error)) : String(error),
  });
}
