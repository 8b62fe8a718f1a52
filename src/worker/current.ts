/**
 * What a task can ask about itself.
 *
 * The runtime inside a worker and the library that a task's own module imports are two copies of this code, so they
 * meet on `globalThis` under a registered symbol.
 */

import type { Transfer } from '../protocol/messages.js';

/** Progress as a task reports it. */
export interface Progress {
  readonly done: number;
  readonly total?: number;
  readonly message?: string;
}

/** The running task, seen from inside. */
export interface CurrentTask {
  /** Aborted when the task's `timeout` runs out or its `signal` aborts; the task then has a moment to stop by itself. */
  readonly signal: AbortSignal;
  readonly name: string;
  /** From 0; also the number in the worker's name. */
  readonly workerId: number;
  /** From 1. */
  readonly attempt: number;
  /** What the `AsyncLocalStorage`s of the option `context` held where the task was submitted, by name. */
  readonly context: Readonly<Record<string, unknown>>;
  /** Tells the submitting side how far the task is; it reaches the task option `onReport`. */
  report(progress: number | Progress): void;
  /**
   * Moves these buffers and ports, which the task's result holds, to the submitting thread instead of copying them. A process
   * and an inline executor copy them all the same.
   */
  transfer(...items: readonly Transfer[]): void;
}

export interface WorkerScope {
  /** Whether this whole isolate is a worker, as opposed to a thread that runs tasks inline. */
  readonly isWorker: boolean;
  currentTask(): CurrentTask | undefined;
  /** How many executors this code is inside of: 1 in a worker of a program's own executor. */
  readonly depth: number;
  /** This worker's share of the processors: what an executor that is made in here has workers for by default. */
  readonly processors: number | undefined;
  /** The URL of the task module that is being imported; starting a pool meanwhile would start it again in each worker. */
  importing: string | undefined;
}

const scopeKey = Symbol.for('concurrent-futures.worker-scope');

export function setWorkerScope(scope: WorkerScope): void {
  (globalThis as Record<symbol, unknown>)[scopeKey] = scope;
}

export function workerScope(): WorkerScope | undefined {
  return (globalThis as Record<symbol, unknown>)[scopeKey] as WorkerScope | undefined;
}
