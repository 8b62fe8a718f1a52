import type { FunctionHandle } from '../functions/handle.js';

/** Options of a pool, checked and complete; times in milliseconds. */
export interface PoolSettings {
  readonly namePrefix: string;
  readonly maxWorkers: number;
  /** How many processors all workers share, and inside of how many executors this one is. */
  readonly processors: number;
  readonly depth: number;
  readonly minWorkers: number;
  readonly idleTimeoutMs: number;
  readonly startupTimeoutMs: number;
  readonly maxTasksPerWorker: number;
  /** How many workers that died may be replaced within a minute. */
  readonly maxRestarts: number;
  readonly maxQueue: number;
  /** Bytes of arguments. */
  readonly maxQueueBytes: number;
  /** After how long without progress the pool tells what it does; `Infinity` for never. */
  readonly stuckAfterMs: number;
  readonly prefetch: 'auto' | number;
  /** Bytes; 0 for no limit. */
  readonly maxMemory: number;
  readonly initializer: { readonly handle: FunctionHandle; readonly args: readonly unknown[] } | undefined;
}
