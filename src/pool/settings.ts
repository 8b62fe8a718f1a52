import type { FunctionHandle } from '../functions/handle.js';

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
  /** Bytes; 0 for no limit. */
  readonly maxMemory: number;
  readonly initializer: { readonly handle: FunctionHandle; readonly args: readonly unknown[] } | undefined;
}
