/** Counting what a pool does. */

import type { WorkerSlot } from './slot.js';

/** One worker, as `stats()` shows it. */
export interface WorkerStats {
  readonly id: number;
  readonly name: string;
  readonly state: 'starting' | 'idle' | 'busy' | 'retiring' | 'condemned' | 'gone';
  /** Process id (process workers) or thread id (thread workers). */
  readonly systemId: number | undefined;
  /** Tasks that it has finished. */
  readonly completed: number;
  /** The name of the task that it runs. */
  readonly task: string | undefined;
  /** For how long it has been running that, in milliseconds. */
  readonly taskMs: number | undefined;
}

/** An executor at one moment; plain data that does not change afterwards. */
export interface ExecutorStats {
  readonly state: 'running' | 'draining' | 'stopped' | 'broken';
  readonly workers: readonly WorkerStats[];
  /** How many workers there may be at most. */
  readonly maxWorkers: number;
  /** Tasks that have not started, waiting for a retry included. */
  readonly queued: number;
  /** Tasks that a worker is running. */
  readonly running: number;
  /** Tasks that ended with a value, an error, or by being cancelled. */
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Run time of tasks in their workers, in milliseconds. */
  readonly runMs: { readonly average: number; readonly max: number; readonly total: number };
}

export class Tally {
  #counts = { completed: 0, failed: 0, cancelled: 0 };
  #runs = 0;
  #totalMs = 0;
  #maxMs = 0;

  count(how: 'completed' | 'failed' | 'cancelled'): void {
    this.#counts[how] += 1;
  }

  /** How many tasks are done, however they ended. */
  get done(): number {
    return this.#counts.completed + this.#counts.failed + this.#counts.cancelled;
  }

  ran(ms: number): void {
    this.#runs += 1;
    this.#totalMs += ms;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  snapshot(now: {
    state: ExecutorStats['state'];
    workers: readonly WorkerStats[];
    maxWorkers: number;
    queued: number;
    running: number;
  }): ExecutorStats {
    return {
      state: now.state,
      workers: now.workers,
      maxWorkers: now.maxWorkers,
      queued: now.queued,
      running: now.running,
      ...this.#counts,
      runMs: { average: this.#runs === 0 ? 0 : this.#totalMs / this.#runs, max: this.#maxMs, total: this.#totalMs },
    };
  }
}

/** One worker of this machine. */
export function workerStats(slot: WorkerSlot): WorkerStats {
  return {
    id: slot.id,
    name: slot.name,
    state: slot.state === 'ready' ? (slot.isIdle ? 'idle' : 'busy') : slot.state,
    systemId: slot.link?.systemId,
    completed: slot.completed,
    task: slot.running?.name,
    taskMs: slot.running && slot.ranMs(slot.running),
  };
}
