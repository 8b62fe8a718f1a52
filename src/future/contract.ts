/** What a future, its executor and its users ask of each other. */

import type { Future } from './future.js';

/** The states of a future. */
export type FutureState = 'pending' | 'running' | 'cancelled' | 'finished';

/** Options of the calls that wait. */
export interface WaitOptions {
  /** How long to wait, in milliseconds; no limit by default. */
  readonly timeout?: number;
}

/** How a task ran. */
export interface FutureStats {
  /** How often the task was started; 0 when it never was. */
  readonly attempts: number;
  /** How long its last run took in its worker, in milliseconds. */
  readonly ms: number;
  /** The name of the worker that it ran in last; `undefined` when it never started. */
  readonly worker: string | undefined;
}

/** What a future asks of the one who runs its task. */
export interface FutureWork {
  /** Whether the task has started. */
  hasStarted(): boolean;
  /** Takes an unstarted task back; `false` when it has started. */
  revoke(): boolean;
  /** Stops the task, started or not; `false` where it can't be stopped. */
  stop(reason: unknown): boolean;
  /** Lets the outcome arrive while this thread blocks, until `until()` holds. */
  block(until: () => boolean, timeoutMs: number): void;
  /**
   * Somebody has looked at the outcome, or is about to wait for it. Gives a promise where that wait may never end: it rejects with
   * a `DeadlockError` once that is certain.
   */
  observed(): Promise<never> | undefined;
  /** Somebody waits for the task to be done, without looking at the outcome; as above. */
  awaited(): Promise<never> | undefined;
}

/** The side of a future that its executor holds. */
export interface FutureSource<T> {
  readonly future: Future<T>;
  /** The task starts now: `true`, or `false` when it was cancelled and must not run. */
  start(): boolean;
  /** The task returned `value`. */
  resolve(value: T): void;
  /** The task failed with `reason`. */
  reject(reason: unknown): void;
  /** The task was cancelled, whatever its state. */
  cancel(reason?: unknown): void;
}
