/** What a worker is given, and what it says of itself. */

import type { Executor } from '../executors/executor.js';
import type { ClusterOptions } from './cluster-options.js';
import type { Presence } from './messages.js';

export interface ClusterWorkerOptions extends ClusterOptions {
  /** What runs the tasks. The worker shuts it down when it goes. */
  readonly executor: Executor;
  /** How many tasks run at once; by default what the executor has. */
  readonly slots?: number;
  /** Where this machine's code is: the folder of the package whose functions come by reference, or one in it. The current directory by default. */
  readonly root?: string;
  /** The only packages or modules (`package`, `package/path.js`) of which functions are run; then none is taken that comes as text. */
  readonly allowedModules?: readonly string[];
  /**
   * How often a batch may be given out before its tasks fail; 5 by default. Mostly each time has cost a worker; up to half of them it may have waited
   * behind a long task, and gone to another.
   */
  readonly maxDeliveries?: number;
  /** How long the broker may not be there at the start, in milliseconds; 30 seconds by default, 0 to try once. */
  readonly startupTimeout?: number;
  /** Called with what an operator may want to know. */
  readonly onLog?: (entry: WorkerLogEntry) => void;
}

export interface WorkerLogEntry {
  readonly level: 'info' | 'warn' | 'error';
  /** A word for programs: `started`, `refused`, `drained`. */
  readonly event: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface ClusterWorkerStatus extends Presence {
  readonly state: 'working' | 'draining' | 'failing' | 'closed';
  readonly isConnected: boolean;
}
