/**
 * A task's outcome, to be.
 *
 *   pending ──start──► running ──settle──► finished
 *      │                  └─────cancel───► cancelled     (kill, an aborted signal)
 *      ├────────────────────────settle───► finished      (it failed before it could start)
 *      └────────────────────────cancel───► cancelled
 *
 * One field holds the state; `start`, `settle` and `cancel` below are the only writers. Whoever runs the task holds
 * a {@link FutureSource}; the future itself only asks its {@link FutureWork} whether the task has started, since a
 * started word in shared memory costs nothing while a message per start would cost more than most tasks.
 *
 * A promise is made the first time somebody asks for one, so a future that nobody awaits costs none and can't
 * raise `unhandledRejection`.
 */

import { DeadlockError } from '../errors.js';
import type { FutureSource, FutureState, FutureStats, FutureWork, WaitOptions } from './contract.js';
import { Deferred, type Outcome } from './deferred.js';
import { inThisContext } from './in-context.js';
import { alreadySet, cancelledError, kindOf, reportCallbackError, waitTimedOut } from './reports.js';
import { clampTimerMs, noTimeout, timeoutOf } from './timeouts.js';

/** `never`, so that a future of anything is a `Future<unknown>`; only {@link Future.addDoneCallback} takes them in. */
type DoneCallback = (future: never) => void;

const neverRan: FutureStats = { attempts: 0, ms: 0, worker: undefined };

let startFuture: (future: Future<unknown>) => boolean;
let settleFuture: <T>(future: Future<T>, outcome: Outcome<T>) => void;
let cancelFuture: (future: Future<unknown>, reason: unknown) => boolean;
let makeFuture: <T>(name: string, work: FutureWork | undefined) => Future<T>;
let observeFuture: (future: Future<unknown>) => void;
let recordRun: (future: Future<unknown>, attempts: number, ms: number, worker: string | undefined) => void;
let subscribe: (future: Future<unknown>, callback: DoneCallback) => () => void;
let awaitFuture: (future: Future<unknown>) => Promise<never> | undefined;
let peekFuture: (future: Future<unknown>) => Outcome<unknown> | undefined;

/**
 * A task's outcome, to be: awaitable, and cancellable where a promise is not.
 *
 * `await future` gives the task's value or throws its error; a cancelled future throws {@link CancelledError}.
 */
export class Future<T> implements PromiseLike<T> {
  /** The task's name, for errors and pictures: its option `name`, else its function's. */
  readonly name: string;
  #state: FutureState = 'pending';
  #outcome: Outcome<T> | undefined;
  /** Undefined once done, so that a finished future keeps neither its task's arguments nor its pool alive. */
  #work: FutureWork | undefined;
  #callbacks: DoneCallback | DoneCallback[] | undefined;
  #deferred: Deferred | undefined;
  /** Noted just before it is settled. */
  #run: FutureStats | undefined;

  private constructor(name: string, work: FutureWork | undefined) {
    this.name = name;
    this.#work = work;
  }

  static {
    makeFuture = (name, work) => new Future(name, work);
    startFuture = (future) => {
      if (future.#state === 'cancelled') return false;
      if (future.#state !== 'pending') throw alreadySet(future);
      future.#state = 'running';
      return true;
    };
    settleFuture = (future, outcome) => {
      if (future.#isDone()) throw alreadySet(future);
      future.#state = 'finished';
      future.#finish(outcome);
    };
    cancelFuture = (future, reason) => {
      if (future.#isDone()) return false;
      future.#state = 'cancelled';
      future.#finish({ ok: false, reason: cancelledError(future, reason) });
      return true;
    };
    peekFuture = (future) => future.#outcome;
    observeFuture = (future) => void future.#observe();
    awaitFuture = (future) => future.#work?.awaited();
    recordRun = (future, attempts, ms, worker) => {
      future.#run = { attempts, ms, worker };
    };
    subscribe = (future, callback) => {
      future.#addCallback(callback);
      return () => future.#removeCallback(callback);
    };
  }

  /**
   * A future and the handle that settles it, for tests and for executors of your own.
   *
   * `start()` marks the task as running and says whether to run it at all; `resolve` and `reject` throw
   * {@link InvalidStateError} when the future is done already.
   */
  static withResolvers<T>(options?: { readonly name?: string }): FutureSource<T> {
    return futureSource<T>(options?.name ?? 'anonymous');
  }

  /** `'pending'`, `'running'`, `'cancelled'` or `'finished'`. */
  get state(): FutureState {
    if (this.#state === 'pending' && this.#work?.hasStarted()) this.#state = 'running';
    return this.#state;
  }

  /** How the task ran, once it is done: how often it was started, how long its last run took, and where. */
  get stats(): FutureStats | undefined {
    return this.#isDone() ? (this.#run ?? neverRan) : undefined;
  }

  /** Whether the task has started and is not done. */
  running(): boolean {
    return this.state === 'running';
  }

  /** Whether the task has ended: finished, failed or cancelled. */
  done(): boolean {
    return this.#isDone();
  }

  /** Whether the future was cancelled, killed or aborted by its signal. */
  cancelled(): boolean {
    return this.#state === 'cancelled';
  }

  /**
   * Cancels the task if it has not started, wherever it is queued.
   *
   * @returns `true` when the future is cancelled (also by an earlier call), `false` when the task has started or is done.
   */
  cancel(): boolean {
    if (this.#state === 'cancelled') return true;
    if (this.state !== 'pending') return false;
    if (this.#work !== undefined && !this.#work.revoke()) return false;
    cancelFuture(this, undefined);
    return true;
  }

  /**
   * Cancels the task, and stops it if it runs: its worker is ended and replaced.
   *
   * @param reason becomes the `cause` of the {@link CancelledError}.
   * @returns `true` when the future is cancelled by this or an earlier call, `false` when it had finished, or where a
   * running task can't be stopped.
   */
  kill(reason?: unknown): boolean {
    if (this.#isDone()) return this.#state === 'cancelled';
    if (this.#work !== undefined && !this.#work.stop(reason)) return false;
    cancelFuture(this, reason);
    return this.#state === 'cancelled';
  }

  /**
   * The task's value.
   *
   * @throws {@link TimeoutError} when `timeout` milliseconds pass first (the task goes on), {@link CancelledError}, or
   * the task's own error.
   */
  result(options?: WaitOptions): Promise<T> {
    const limitMs = timeoutOf(options);
    if (limitMs === noTimeout || this.#isDone()) return this.#toPromise();
    // Whoever waits has looked, also when the waiting ends before the task does.
    this.#observe();
    return this.#doneWithin(limitMs).then(() => this.#toPromise());
  }

  /**
   * The task's error, or `undefined` when it succeeded.
   *
   * @throws {@link TimeoutError} when `timeout` milliseconds pass first, {@link CancelledError} when cancelled.
   */
  async exception(options?: WaitOptions): Promise<unknown> {
    const limitMs = timeoutOf(options);
    const deadlock = this.#observe();
    if (!this.#isDone()) {
      const done = this.#doneWithin(limitMs);
      await (deadlock === undefined ? done : Promise.race([done, deadlock]));
    }
    return this.#exceptionNow();
  }

  /**
   * The task's value, blocking this thread until it is here.
   *
   * Works for thread and inline executors, on the main thread and in workers. While it blocks, no timer, promise or
   * I/O of this thread advances; outcomes of other tasks that arrive meanwhile are settled too.
   *
   * @throws {@link TimeoutError}, {@link CancelledError}, the task's own error, or {@link DeadlockError} at once where
   * waiting could never end (a process executor, an asynchronous function on an inline executor).
   */
  resultSync(options?: WaitOptions): T {
    const limitMs = timeoutOf(options);
    if (!this.#isDone()) {
      if (this.#work === undefined) {
        throw new DeadlockError(
          `resultSync() on future "${this.name}" would block for ever: nothing on another thread can finish it. Use await.`,
        );
      }
      this.#block(this.#work, limitMs);
      if (!this.#isDone()) throw waitTimedOut(this, limitMs);
    }
    this.#observe();
    const outcome = this.#outcome as Outcome<T>;
    if (outcome.ok) return outcome.value;
    throw outcome.reason;
  }

  /**
   * Calls `fn` with this future once it is done, at once if it is already.
   *
   * Callbacks run in the order added, each exactly once, on the event loop of the thread that owns the executor, and
   * before `await future` continues, in the async context of this call. One that throws is reported as a process warning; the others still run.
   */
  addDoneCallback(fn: (future: Future<T>) => void): void {
    if (typeof fn !== 'function') throw new TypeError(`addDoneCallback needs a function; got ${typeof fn}`);
    this.#addCallback(inThisContext(fn));
  }

  // biome-ignore lint/suspicious/noThenProperty: a future is a thenable by contract, so that `await future` works
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#toPromise().then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#toPromise().catch(onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.#toPromise().finally(onFinally);
  }

  /** `<Future "name" state=finished returned number>`, and the like. */
  toString(): string {
    const outcome = this.#outcome;
    let result = '';
    if (outcome !== undefined && this.#state === 'finished') {
      result = outcome.ok ? ` returned ${kindOf(outcome.value)}` : ` raised ${kindOf(outcome.reason)}`;
    }
    return `<Future "${this.name}" state=${this.state}${result}>`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  get [Symbol.toStringTag](): string {
    return 'Future';
  }

  #isDone(): boolean {
    return this.#state === 'finished' || this.#state === 'cancelled';
  }

  #finish(outcome: Outcome<T>): void {
    this.#outcome = outcome;
    const callbacks = this.#callbacks;
    this.#callbacks = undefined;
    if (outcome.ok) this.#work = undefined;
    if (typeof callbacks === 'function') this.#call(callbacks);
    else if (callbacks !== undefined) for (const callback of callbacks) this.#call(callback);
    this.#deferred?.settle(outcome);
  }

  #call(callback: DoneCallback): void {
    try {
      callback(this as never);
    } catch (error) {
      reportCallbackError(this, error);
    }
  }

  #addCallback(callback: DoneCallback): void {
    if (this.#isDone()) this.#call(callback);
    else if (this.#callbacks === undefined) this.#callbacks = callback;
    else if (typeof this.#callbacks === 'function') this.#callbacks = [this.#callbacks, callback];
    else this.#callbacks.push(callback);
  }

  #removeCallback(callback: DoneCallback): void {
    if (this.#callbacks === callback) this.#callbacks = undefined;
    else if (Array.isArray(this.#callbacks)) this.#callbacks = this.#callbacks.filter((other) => other !== callback);
  }

  #block(work: FutureWork, limitMs: number): void {
    try {
      work.block(() => this.#isDone(), limitMs);
    } catch (error) {
      if (!(error instanceof DeadlockError)) throw error;
      throw new DeadlockError(`resultSync() can't wait for task "${this.name}": ${error.message}`);
    }
  }

  /** Resolves when the future is done; throws when `limitMs` pass first. */
  #doneWithin(limitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer =
        limitMs === noTimeout
          ? undefined
          : setTimeout(() => {
              this.#removeCallback(whenDone);
              reject(waitTimedOut(this, limitMs));
            }, clampTimerMs(limitMs));
      const whenDone = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#addCallback(whenDone);
    });
  }

  #exceptionNow(): unknown {
    this.#observe();
    const outcome = this.#outcome as Outcome<T>;
    if (outcome.ok) return undefined;
    if (this.#state === 'cancelled') throw outcome.reason;
    return outcome.reason;
  }

  #toPromise(): Promise<T> {
    const deadlock = this.#observe();
    if (this.#deferred === undefined) {
      this.#deferred = new Deferred();
      if (this.#outcome !== undefined) this.#deferred.settle(this.#outcome);
    }
    const promise = this.#deferred.promise as Promise<T>;
    return deadlock === undefined ? promise : Promise.race([promise, deadlock]);
  }

  #observe(): Promise<never> | undefined {
    const deadlock = this.#work?.observed();
    if (this.#isDone()) this.#work = undefined;
    return deadlock;
  }
}

/** Makes a future together with the handle that settles it. */
function futureSource<T>(name: string): FutureSource<T> {
  const future = makeFuture<T>(name, undefined);
  return {
    future,
    start: () => startFuture(future),
    resolve: (value) => settleFuture(future, { ok: true, value }),
    reject: (reason) => settleFuture(future, { ok: false, reason }),
    cancel: (reason) => void cancelFuture(future, reason),
  };
}

/** The lean forms of {@link FutureSource}, for a pool that makes a million: no closures, the task is the handle. */
export const newFuture = <T>(name: string, work: FutureWork): Future<T> => makeFuture<T>(name, work);
export const resolveFuture = <T>(future: Future<T>, value: T): void => settleFuture(future, { ok: true, value });
export const rejectFuture = (future: Future<unknown>, reason: unknown): void =>
  settleFuture(future, { ok: false, reason });
export const markCancelled = (future: Future<unknown>, reason?: unknown): boolean => cancelFuture(future, reason);

/** Notes how the task ran, before its future is settled. */
export const noteRun = (future: Future<unknown>, attempts: number, ms: number, worker: string | undefined): void =>
  recordRun(future, attempts, ms, worker);

/** Counts as a look at the outcome, for a reader that has taken or given up what it stands for. */
export const observe = (future: Future<unknown>): void => observeFuture(future);

/** Says that somebody waits; gives what rejects once it is certain that the wait can't end, where that may be. Not a look. */
export const beginWait = (future: Future<unknown>): Promise<never> | undefined => awaitFuture(future);

/** Calls back once done, at once if it is already; returns the way to withdraw. Does not count as a look. */
export const onDone = (future: Future<unknown>, callback: (future: Future<unknown>) => void): (() => void) =>
  subscribe(future, callback);

/** What became of a future, once it is done; does not count as a look. */
export const outcomeOf = (future: Future<unknown>): Outcome<unknown> | undefined => peekFuture(future);

/** Whether the future finished with an error (cancelled does not count), without counting as a look at it. */
export const hasFailed = (future: Future<unknown>): boolean =>
  future.state === 'finished' && peekFuture(future)?.ok === false;

/** The error that a failed future holds, without counting as a look at it. */
export function failureOf(future: Future<unknown>): unknown {
  const outcome = peekFuture(future);
  return outcome?.ok === false ? outcome.reason : undefined;
}

// A bundler may have renamed the class, since it names itself.
Object.defineProperty(Future, 'name', { value: 'Future', configurable: true });
