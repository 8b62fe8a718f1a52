/**
 * Tasks that are run by workers of a cluster: all that the submitting side decides.
 *
 *   submit ──► queue ──as many as may be in flight──► batch ──► link (broker)
 *                ▲                                       │◄── news: started, report, done, failed, cancelled, refused
 *                └── retried ◄───────────────────────────┴──► the task's future
 *
 *   running ──shutdown──► draining ──last task done──► stopped
 *      └──────────────────────┴── the broker can't be reached, or does not take what is sent ──► broken(cause)
 *
 * Where either side dies: a batch that is not stored is stored again under its id; one that is stored is run by whichever worker lives; an
 * outcome that is stored is heard, now or when this side has its connection back. The first outcome of a task that was stored is its outcome.
 */

import { BrokenExecutorError, DeadlockError, ShutdownError, TimeoutError } from '../errors.js';
import type { FunctionHandle } from '../functions/handle.js';
import type { Future } from '../future/future.js';
import { argumentError, copyArguments, needsCopy } from '../pool/arguments.js';
import type { Clock } from '../pool/clock.js';
import { QueueRoom } from '../pool/queue-room.js';
import type { PoolSettings } from '../pool/settings.js';
import { atSite, type SubmitSite } from '../pool/site.js';
import { type ExecutorStats, Tally } from '../pool/stats.js';
import { Task, type TaskBody, type TaskOwner, type TaskSink } from '../pool/task.js';
import type { ShutdownWishes, TaskPool } from '../pool/task-pool.js';
import type { TaskSettings } from '../pool/task-settings.js';
import { UnobservedFailures } from '../pool/unobserved.js';
import { Batch } from './batch.js';
import { Batches } from './batches.js';
import { copyByWire } from './codec.js';
import { type EarlierBatch, earlierTask } from './earlier.js';
import { explained } from './explain.js';
import type { Link, LinkEvents } from './link.js';
import type { News } from './messages.js';
import type { StoredNews } from './news-feed.js';
import { Outgoing } from './outgoing.js';
import { Retries } from './retries.js';
import { lost, type NewsTaker, takeNews, unsendable } from './take-news.js';

export interface ClusterSettings extends Pick<PoolSettings, 'namePrefix' | 'maxQueue' | 'maxQueueBytes'> {
  /** How many tasks may be with the broker and the workers at a time; {@link inFlightMin}, or enough for all slots, where not given. */
  readonly maxInFlight: number | undefined;
}

const inFlightMin = 4096;

export class ClusterPool implements TaskPool, TaskOwner, LinkEvents, NewsTaker {
  readonly hasInsiders = false;
  readonly #settings: ClusterSettings;
  readonly #clock: Clock;
  readonly #link: Link;
  readonly #outgoing: Outgoing;
  readonly #batches = new Batches();
  readonly #room: QueueRoom;
  readonly #tally = new Tally();
  readonly #unobserved: UnobservedFailures;
  readonly #retries: Retries;
  #state: 'running' | 'draining' | 'stopped' | 'broken' = 'running';
  #cause: unknown;
  #pendingCount = 0;
  #waiters = 0;
  readonly #whenStopped: (() => void)[] = [];
  readonly #attached: Future<unknown>[] = [];

  constructor(settings: ClusterSettings, clock: Clock, makeLink: (events: LinkEvents) => Link) {
    this.#settings = settings;
    this.#clock = clock;
    this.#retries = new Retries(clock);
    this.#room = new QueueRoom(settings);
    this.#unobserved = new UnobservedFailures(settings.namePrefix);
    this.#link = makeLink(this);
    this.#outgoing = new Outgoing({
      clock,
      maxInFlight: () => this.mapBufferSize,
      slots: () => this.#link.slots,
      send: (...batch) => this.#send(...batch),
    });
  }

  get maxWorkers(): number {
    return this.#link.slots;
  }

  /** What is on its way takes longer than to a worker of this machine, and several messages are to be on it. */
  get mapBufferSize(): number {
    // One runs and one is on its way in each slot.
    return this.#settings.maxInFlight ?? Math.max(inFlightMin, 2 * this.#link.slots);
  }

  expectWork(): void {
    if (this.#state === 'running') this.#link.open();
  }

  checkOpen(): void {
    if (this.#state === 'broken') throw this.#broken();
    const { namePrefix: name } = this.#settings;
    if (this.#state !== 'running')
      throw new ShutdownError(`cannot schedule new futures: ${name} was shut down. Make a new executor.`);
    this.#room.check(this.#outgoing.length);
  }

  submit(handle: FunctionHandle, body: TaskBody, settings: TaskSettings, site: SubmitSite, sink?: TaskSink): Task {
    this.checkOpen();
    const task = new Task(this, handle, body, settings, site, sink);
    this.#pendingCount += 1;
    this.#hold();
    if (settings.signal?.aborted) {
      task.place = 'waiting';
      task.cancel(settings.signal.reason);
      return task;
    }
    try {
      if (needsCopy(task)) copyArguments(task);
    } catch (cause) {
      task.place = 'waiting';
      task.fail(argumentError(task, cause, copyByWire), 0);
      return task;
    }
    this.#room.take(task);
    this.#outgoing.push(task);
    return task;
  }

  /** Takes over what an earlier submitter has left; gives the futures, once it is known what there is. */
  async attach(): Promise<readonly Future<unknown>[]> {
    await this.#link.opened();
    if (this.#state === 'broken') throw this.#broken();
    if (this.#pendingCount === 0) this.#link.rest();
    return this.#attached;
  }

  async shutdown(wishes: ShutdownWishes): Promise<Future<unknown>[]> {
    if (this.#state === 'running') this.#state = 'draining';
    if (wishes.cancelFutures) for (const task of this.#pendingTasks()) task.cancelUnlessRunning();
    let stoppedByLimit: Future<unknown>[] = [];
    const cancelLimit = Number.isFinite(wishes.timeoutMs)
      ? this.#clock.after(wishes.timeoutMs, () => {
          stoppedByLimit = this.#stopAll(wishes.timeoutMs);
        })
      : () => {};
    const done = new Promise<void>((resolve) => this.#whenStopped.push(resolve)).then(cancelLimit);
    this.#drained();
    if (!wishes.wait) return this.#pendingTasks().map((task) => task.future);
    this.#waiters += 1;
    this.#hold();
    await done;
    this.#waiters -= 1;
    this.#hold();
    return stoppedByLimit;
  }

  stats(): ExecutorStats {
    const { runningCount: running } = this.#batches;
    const workers = this.#link.workers();
    const queued = this.#pendingCount - running;
    return this.#tally.snapshot({ state: this.#state, workers, maxWorkers: this.maxWorkers, running, queued });
  }

  explain(): string {
    return explained({
      name: this.#settings.namePrefix,
      state: this.#state,
      link: this.#link,
      outgoing: this.#outgoing,
      batches: this.#batches,
      retrying: this.#retries.size,
      maxInFlight: this.mapBufferSize,
    });
  }

  // ── What tasks ask ──

  withdraw(task: Task): void {
    if (task.place === 'queued') this.#outgoing.remove(task);
    this.#retries.remove(task);
  }

  endWorkerOf(task: Task, reason: unknown, gracefully: boolean): void {
    const batch = task.holder;
    if (!(batch instanceof Batch)) return;
    batch.settle(task.seq);
    this.#outgoing.inFlight -= 1;
    const why = reason instanceof Error ? reason.message : 'it was told to stop';
    this.#link.cancel(batch, task.seq, gracefully ? 'abort' : 'kill', why);
    this.#settled(batch);
  }

  block(task: Task): void {
    throw new DeadlockError(
      `the outcome of task "${task.name}" comes through this thread's event loop, which stands still while it waits. Use await.`,
    );
  }

  taskDone(task: Task, how: 'completed' | 'failed' | 'cancelled'): void {
    this.#tally.count(how);
    this.#room.release(task);
    if (how === 'failed' && !task.isObserved) this.#unobserved.add(task.future);
    this.#pendingCount -= 1;
    if (this.#pendingCount > 0) return;
    this.#hold();
    this.#link.rest();
    // After the caller has settled the future.
    if (this.#state !== 'running') this.#clock.soon(() => this.#drained());
  }

  failureSeen(task: Task): void {
    this.#unobserved.delete(task.future);
  }

  waitBegins(): undefined {}

  ringClosed(): void {}

  // ── What the link tells, and asks ──

  isIdle(): boolean {
    return this.#pendingCount === 0;
  }

  onSlots(): void {
    this.#outgoing.dispatchSoon();
  }

  onEarlier(batches: readonly EarlierBatch[]): void {
    for (const { id, names, streamSeq, stream, object } of batches) {
      const tasks = names.map((name) => earlierTask(this, name));
      this.#pendingCount += tasks.length;
      this.#attached.push(...tasks.map(({ future }) => future));
      this.#hold();
      this.#outgoing.inFlight += tasks.length;
      const batch = new Batch(id, tasks, false, { onRevoked: (of, index) => this.#revoked(of, index) });
      batch.isStoredAt(streamSeq, stream);
      batch.isIn(object);
      this.#batches.add(batch);
    }
  }

  onNews(batchId: string, worker: string, news: readonly News[], stored: StoredNews): void {
    const batch = this.#batches.get(batchId);
    if (batch === undefined) return;
    batch.hasNewsAt(stored, worker);
    for (const item of news) takeNews(batch, item, this);
    this.#settled(batch);
  }

  onUnsendable(batch: Batch, error: unknown): void {
    for (const i of batch.tasks.keys())
      this.ended(batch, i, (task) => task.fail(atSite(unsendable(error, task.name), task.submittedAt), 0));
    this.#settled(batch);
  }

  onUnsuited(batch: Batch, messages: number): void {
    this.#batches.delete(batch);
    for (const part of batch.inParts(messages)) this.#send(part, false);
  }

  pendingBatches(): Iterable<Batch> {
    return this.#batches;
  }

  onLost(batch: Batch, why: string): void {
    if (this.#batches.get(batch.id) === undefined) return;
    for (const i of batch.tasks.keys())
      this.ended(batch, i, (task) => {
        // A worker may have it all the same.
        this.#link.cancel(batch, i, 'kill', 'it is taken for lost');
        this.failOrRetry(task, atSite(lost(why, task.name), task.submittedAt), 0);
      });
    this.#settled(batch);
  }

  onBroken(cause: unknown): void {
    if (this.#state === 'broken' || this.#state === 'stopped') return;
    const tasks = this.#pendingTasks();
    this.#state = 'broken';
    this.#cause = cause;
    this.#outgoing.close();
    for (const task of tasks) {
      // The callback of one that has just failed may have cancelled others.
      if (task.place === 'done') continue;
      this.withdraw(task);
      task.fail(atSite(this.#broken(), task.submittedAt), 0);
    }
    this.#batches.clear();
    this.#outgoing.inFlight = 0;
    this.#drained();
  }

  // ── Steps ──

  #send(tasks: readonly Task[], isBrief: boolean): void {
    const batch = new Batch(this.#link.newId(), tasks, isBrief, { onRevoked: (of, index) => this.#revoked(of, index) });
    this.#batches.add(batch);
    this.#link.send(batch);
  }

  #revoked(batch: Batch, index: number): void {
    this.#outgoing.inFlight -= 1;
    this.#link.cancel(batch, index, 'abort', 'it was cancelled before it was known to have started');
    this.#settled(batch);
  }

  ended(batch: Batch, index: number, end: (task: Task) => void, runMs?: number): void {
    const task = batch.settle(index);
    if (task === undefined) return;
    this.#outgoing.inFlight -= 1;
    if (runMs !== undefined) {
      this.#outgoing.measured(task.handle.name, runMs);
      this.#tally.ran(runMs);
    }
    if (task.place !== 'done') end(task);
  }

  /** Some of its tasks have their outcome: there is room for others. */
  #settled(batch: Batch): void {
    if (batch.isDone && this.#batches.delete(batch)) this.#link.forget(batch);
    this.#outgoing.dispatchSoon();
  }

  /** Gives `false` where that is final. A function that is not with the broker any more is stored once more. */
  sendAgain(batch: Batch, reason: string): boolean {
    if (reason !== 'CODE_NOT_FOUND' || !batch.reliesOnStoredCode || this.#state === 'broken') return false;
    this.#link.forgetCode(batch);
    this.onUnsuited(batch, 1);
    this.#link.forget(batch);
    return true;
  }

  /** What a worker told is that it failed. */
  failOrRetry(task: Task, error: unknown, runMs: number): void {
    const delayMs = this.#state === 'broken' ? undefined : task.retryAfter(error);
    if (delayMs === undefined) task.fail(error, runMs);
    else this.#retries.add(task, delayMs, () => this.#outgoing.push(task));
  }

  #stopAll(limitMs: number): Future<unknown>[] {
    const name = this.#settings.namePrefix;
    const reason = new TimeoutError(`${name} did not finish within the ${limitMs} ms that its shutdown allowed`);
    const tasks = this.#pendingTasks();
    for (const task of tasks) task.future.kill(reason);
    return tasks.map((task) => task.future);
  }

  #pendingTasks(): Task[] {
    return [...new Set([...this.#batches.tasks(), ...this.#outgoing.tasks, ...this.#retries.tasks])].filter(
      (task) => task.place !== 'done',
    );
  }

  #broken(): BrokenExecutorError {
    const said = this.#cause instanceof Error ? this.#cause.message : String(this.#cause);
    return new BrokenExecutorError(`${this.#settings.namePrefix}: ${said}`, { cause: this.#cause });
  }

  #drained(): void {
    if (this.#state === 'running' || this.#pendingCount > 0) return;
    void this.#link.close().then(() => {
      if (this.#state === 'draining') this.#state = 'stopped';
      this.#clock.cancelAll();
      this.#clock.after(0, () => this.#unobserved.report());
      for (const resolve of this.#whenStopped.splice(0)) resolve();
    });
  }

  #hold(): void {
    this.#clock.keepAlive(this.#pendingCount > 0 || this.#waiters > 0);
  }
}
