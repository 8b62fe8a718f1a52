/**
 * All decisions about tasks and workers; no threads, no processes.
 *
 *   submit ──► dispatcher: queue ──► crew: slot ──run──► (host) worker
 *                   ▲                   │◄──done, failed, revoked──┘
 *                   └── taken back ─────┤
 *                       retried         └──► the task's future
 *
 *   running ──shutdown──► draining ──last task done, last worker gone──► stopped
 *      └───────────────────┴── workers can't start, too many died ──► broken(cause)
 */

import { BrokenExecutorError, CancelledError, ShutdownError, TimeoutError } from '../errors.js';
import type { FunctionHandle } from '../functions/handle.js';
import type { Future } from '../future/future.js';
import { argumentError, copyArguments, needsCopy } from './arguments.js';
import { blockUntil } from './blocking.js';
import type { Clock } from './clock.js';
import { type Answer, Crew, type CrewEvents } from './crew.js';
import { Dispatcher } from './dispatcher.js';
import type { WorkerExit, WorkerHost } from './host.js';
import { Limits, stoppedByForce } from './limits.js';
import { movedLost, taskLost } from './losses.js';
import { Oversight } from './oversight.js';
import { QueueRoom } from './queue-room.js';
import type { PoolSettings } from './settings.js';
import { atSite, type SubmitSite } from './site.js';
import { taskInside, WorkerSlot } from './slot.js';
import { type ExecutorStats, Tally, workerStats } from './stats.js';
import { Task, type TaskBody, type TaskOwner, type TaskSink } from './task.js';
import { errorOf } from './task-errors.js';
import type { ShutdownWishes, TaskPool } from './task-pool.js';
import type { TaskSettings } from './task-settings.js';
import { UnobservedFailures } from './unobserved.js';
import { beginWait, ringOf } from './waits.js';

export type PoolState = 'running' | 'draining' | 'stopped' | 'broken';

export class Pool implements TaskPool, TaskOwner, CrewEvents {
  readonly settings: PoolSettings;
  readonly #host: WorkerHost;
  readonly #clock: Clock;
  readonly #crew: Crew;
  readonly #dispatcher: Dispatcher;
  readonly #limits: Limits;
  readonly #room: QueueRoom;
  readonly #oversight: Oversight;
  readonly #unobserved: UnobservedFailures;
  readonly #tally = new Tally();
  /** Tasks between two attempts, each with the way to cancel its timer. */
  readonly #waiting = new Map<Task, () => void>();
  /** Tasks that tasks of this very pool have submitted. */
  readonly #inner = new WeakSet<Task>();
  #state: PoolState = 'running';
  #break: { readonly cause: unknown; readonly why: string } | undefined;
  #pendingCount = 0;
  /** Calls of `shutdown` that wait. */
  #waiters = 0;
  readonly #whenStopped: (() => void)[] = [];
  readonly hasInsiders: boolean;
  /** Whether tasks of its own may be in a ring of waits. */
  #mayBeInRing = false;

  constructor(host: WorkerHost, settings: PoolSettings, clock: Clock) {
    this.#host = host;
    this.hasInsiders = host.inside !== undefined;
    this.settings = settings;
    this.#clock = clock;
    this.#crew = new Crew(host, settings, clock, this);
    this.#limits = new Limits(clock, settings.startupTimeoutMs, (slot, task) => this.#crew.condemn(slot, task));
    this.#room = new QueueRoom(settings);
    this.#dispatcher = new Dispatcher(this.#crew, settings, clock, {
      refused: (task, cause) => this.#refuse(task, cause),
      limited: (slot, loads) => this.#limits.watch(slot, loads),
    });
    this.#oversight = new Oversight({
      settings,
      clock,
      crew: this.#crew,
      dispatcher: this.#dispatcher,
      view: () => ({
        state: this.#state,
        pending: this.#pendingCount,
        done: this.#tally.done,
        retrying: this.#waiting.size,
      }),
    });
    this.#unobserved = new UnobservedFailures(settings.namePrefix);
    for (let i = 0; i < settings.minWorkers; i++) this.#crew.start();
  }

  get maxWorkers(): number {
    return this.settings.maxWorkers;
  }

  /** Work is coming: the first worker starts now, while its caller still finds out how the function is to travel. */
  expectWork(): void {
    if (this.#state === 'running' && this.#crew.slots.size === 0) this.#crew.start();
  }

  /** Queues a task. What it is to run and with which arguments is fixed when this returns. */
  submit(handle: FunctionHandle, body: TaskBody, settings: TaskSettings, site: SubmitSite, sink?: TaskSink): Task {
    this.checkOpen();
    const task = new Task(this, handle, body, settings, site, sink);
    this.#pendingCount += 1;
    this.#hold();
    this.#oversight.watch();
    if (settings.signal?.aborted) {
      task.place = 'waiting';
      task.cancel(settings.signal.reason);
      return task;
    }
    if (this.#host.isInside?.()) {
      this.#inner.add(task);
      this.#crew.lent += 1;
    }
    try {
      // A copy of our own, whoever gets it first: it may be sent again, after a retry or from a worker that did not start it.
      if (needsCopy(task)) copyArguments(task);
    } catch (cause) {
      task.place = 'waiting';
      this.#refuse(task, cause);
      return task;
    }
    this.#room.take(task);
    this.#dispatcher.push(task);
    return task;
  }

  /** Throws what `submit` would throw before it looks at the task. */
  checkOpen(): void {
    const { namePrefix } = this.settings;
    if (this.#state === 'broken') throw this.#broken();
    if (this.#state !== 'running') {
      throw new ShutdownError(`cannot schedule new futures: ${namePrefix} was shut down. Make a new executor.`);
    }
    this.#room.check(this.#dispatcher.length);
  }

  /** Ends the pool: see `Executor.shutdown`. */
  async shutdown(options: ShutdownWishes): Promise<Future<unknown>[]> {
    if (this.#state === 'running') this.#state = 'draining';
    if (options.cancelFutures) this.#cancelUnstarted();
    let stoppedByLimit: Future<unknown>[] = [];
    const { timeoutMs } = options;
    const stopAtLimit = (): void => {
      stoppedByLimit = this.#stopAll(timeoutMs);
    };
    const cancelLimit = Number.isFinite(timeoutMs) ? this.#clock.after(timeoutMs, stopAtLimit) : () => {};
    const stopped = new Promise<void>((resolve) => this.#whenStopped.push(resolve)).then(cancelLimit);
    this.#dispatcher.dispatch();
    this.#drained();
    if (!options.wait) return this.#pendingTasks().map((task) => task.future);
    this.#waiters += 1;
    this.#hold();
    await stopped;
    this.#waiters -= 1;
    this.#hold();
    return stoppedByLimit;
  }

  stats(): ExecutorStats {
    const workers = [...this.#crew.slots];
    const running = workers.filter((slot) => slot.running !== undefined).length;
    return this.#tally.snapshot({
      state: this.#state,
      workers: workers.map(workerStats),
      maxWorkers: this.maxWorkers,
      running,
      queued: this.#pendingCount - running,
    });
  }

  explain(): string {
    return this.#oversight.explain();
  }

  // ── What tasks ask ──

  withdraw(task: Task): void {
    if (task.place === 'queued') this.#dispatcher.remove(task);
    this.#waiting.get(task)?.();
    this.#waiting.delete(task);
  }

  endWorkerOf(task: Task, reason: unknown, gracefully: boolean): void {
    const slot = task.holder;
    if (!(slot instanceof WorkerSlot)) return;
    if (!gracefully) this.#crew.condemn(slot, task);
    else this.#limits.stop(slot, task, new CancelledError(`task "${task.name}" was aborted`, { cause: reason }));
  }

  waitBegins(task: Task): Promise<never> | undefined {
    return beginWait(taskInside(this.#host), task, this.#clock);
  }

  ringClosed(): void {
    this.#mayBeInRing = true;
    this.#hold();
  }

  block(task: Task, until: () => boolean, timeoutMs: number): void {
    blockUntil(task, until, timeoutMs, {
      clock: this.#clock,
      crew: this.#crew,
      dispatcher: this.#dispatcher,
      host: this.#host,
      hasTimers: () => this.#waiting.size > 0,
    });
  }

  taskDone(task: Task, how: 'completed' | 'failed' | 'cancelled'): void {
    this.#tally.count(how);
    this.#room.release(task);
    if (this.#crew.lent > 0 && this.#inner.delete(task)) this.#crew.lent -= 1;
    if (how === 'failed' && !task.isObserved) this.#unobserved.add(task.future);
    this.#pendingCount -= 1;
    if (this.#mayBeInRing) this.#hold();
    if (this.#pendingCount > 0) return;
    this.#hold();
    this.#dispatcher.rest();
    // After the caller has settled the future: shutdown resolves to a world where every outcome is there.
    if (this.#state !== 'running') this.#clock.soon(() => this.#drained());
  }

  failureSeen(task: Task): void {
    this.#unobserved.delete(task.future);
  }

  // ── What workers tell ──

  onReady(): void {
    this.#dispatcher.dispatch();
    this.#drained();
  }

  onRoom(): void {
    this.#dispatcher.dispatch();
  }

  onAnswer(slot: WorkerSlot, answer: Answer): void {
    const task = slot.answered(answer);
    if (answer.kind !== 'revoked') {
      slot.completed += 1;
      this.#dispatcher.measured(answer.ms);
      this.#tally.ran(answer.ms);
    }
    this.#limits.answered(slot, task);
    if (task !== undefined && task.place !== 'done') this.#settle(task, answer);
    if (slot.isIdle) this.#crew.rest(slot);
    // Answers come many at a time; what they make room for is handed over together.
    if (this.#pendingCount > 0) this.#dispatcher.dispatchSoon();
    if (this.#state !== 'running') this.#drained();
  }

  onReturned(tasks: readonly Task[]): void {
    this.#dispatcher.putBack(tasks.filter((task) => !task.isMoved));
    for (const task of tasks) if (task.isMoved && task.place !== 'done') task.fail(movedLost(task), 0);
  }

  onGone(slot: WorkerSlot, exit: WorkerExit, lost: Task | undefined): void {
    if (lost !== undefined && lost.place !== 'done') {
      const { verdict } = lost;
      const error =
        verdict === undefined
          ? atSite(taskLost(lost, slot.name, exit), lost.submittedAt)
          : stoppedByForce(verdict, exit.livesOn);
      if (verdict === undefined) lost.deaths += 1;
      this.#failOrRetry(lost, error, slot.ranMs(lost));
    }
    this.#dispatcher.dispatch();
    this.#drained();
  }

  /** One place where everything pending fails, with one cause. */
  onUnstartable(cause: unknown, why = `the workers of ${this.settings.namePrefix} can't start`): void {
    if (this.#state === 'broken' || this.#state === 'stopped') return;
    const tasks = this.#pendingTasks();
    this.#state = 'broken';
    this.#break = { cause, why };
    this.#dispatcher.close();
    for (const task of tasks) {
      // The callback of one that has just failed may have cancelled others.
      if (task.place === 'done') continue;
      this.withdraw(task);
      task.fail(atSite(this.#broken(), task.submittedAt), 0);
    }
    for (const slot of this.#crew.slots) this.#crew.condemn(slot);
  }

  // ── Steps ──

  /** Fails a task whose arguments can't be copied, and that is in nobody's hands. */
  #refuse(task: Task, cause: unknown): void {
    task.fail(
      argumentError(task, cause, (part) => this.#host.copy(part)),
      0,
    );
  }

  #settle(task: Task, answer: Answer): void {
    if (answer.kind === 'revoked') this.#dispatcher.putBack([task]);
    else if (task.verdict !== undefined) this.#failOrRetry(task, task.verdict, answer.ms);
    else if (answer.kind === 'done') task.succeed(answer.value, answer.ms);
    else this.#failOrRetry(task, errorOf(answer.error, task), answer.ms);
  }

  #failOrRetry(task: Task, error: unknown, runMs: number): void {
    const delayMs = this.#state === 'broken' ? undefined : task.retryAfter(error);
    if (delayMs === undefined) {
      task.fail(error, runMs);
      return;
    }
    task.attempt += 1;
    if (task.verdict !== undefined) task.verdict = undefined;
    task.holder = undefined;
    task.place = 'waiting';
    const cancelTimer = this.#clock.after(delayMs, () => {
      this.#waiting.delete(task);
      this.#dispatcher.push(task);
    });
    this.#waiting.set(task, cancelTimer);
  }

  #cancelUnstarted(): void {
    for (const task of this.#pendingTasks()) task.cancelUnlessRunning();
  }

  /** Stops everything; gives the futures of what had not finished. */
  #stopAll(limitMs: number): Future<unknown>[] {
    const { namePrefix } = this.settings;
    const reason = new TimeoutError(`${namePrefix} did not finish within the ${limitMs} ms that its shutdown allowed`);
    const tasks = this.#pendingTasks();
    for (const task of tasks) task.future.kill(reason);
    for (const slot of this.#crew.slots) this.#crew.condemn(slot);
    return tasks.map((task) => task.future);
  }

  #pendingTasks(): Task[] {
    const held = [...this.#crew.slots].flatMap((slot) => slot.tasks);
    return [...held, ...this.#dispatcher.queued, ...this.#waiting.keys()].filter((task) => task.place !== 'done');
  }

  #broken(): BrokenExecutorError {
    const { cause, why } = this.#break ?? {};
    const said = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    return new BrokenExecutorError(`${why}: ${said}`, { cause });
  }

  /** Lets the workers go once the last task is done, and says so once the last worker is gone. */
  #drained(): void {
    if (this.#state === 'running' || this.#pendingCount > 0) return;
    this.#crew.dismiss();
    if (this.#crew.slots.size > 0) return;
    if (this.#state === 'draining') this.#state = 'stopped';
    this.#clock.cancelAll();
    // A moment later: whoever waited for the shutdown looks at the outcomes first.
    this.#clock.after(0, () => this.#unobserved.report());
    for (const resolve of this.#whenStopped.splice(0)) resolve();
  }

  /** Pending work keeps the process alive, and so does a shutdown that somebody waits for; idle workers do not. */
  #hold(): void {
    if (this.#mayBeInRing) this.#mayBeInRing = ringOf(...this.#pendingTasks()) !== undefined;
    this.#clock.keepAlive(!this.#mayBeInRing && (this.#pendingCount > 0 || this.#waiters > 0));
  }
}
