/** What an executor needs of whatever runs its tasks. */

import type { FunctionHandle } from '../functions/handle.js';
import type { Future } from '../future/future.js';
import type { SubmitSite } from './site.js';
import type { ExecutorStats } from './stats.js';
import type { Task, TaskBody, TaskSink } from './task.js';
import type { TaskSettings } from './task-settings.js';

export interface ShutdownWishes {
  readonly wait: boolean;
  readonly cancelFutures: boolean;
  /** `Infinity` for no limit. */
  readonly timeoutMs: number;
}

export interface TaskPool {
  /** How many tasks can run at once, about. */
  readonly maxWorkers: number;
  /** How many items a map reads ahead of its reader by default, where that is another number than usual. */
  readonly mapBufferSize?: number;
  /** Work is coming. */
  expectWork(): void;
  /** Throws what `submit` would throw before it looks at the task. */
  checkOpen(): void;
  /** Queues a task. What it is to run and with which arguments is fixed when this returns. */
  submit(handle: FunctionHandle, body: TaskBody, settings: TaskSettings, site: SubmitSite, sink?: TaskSink): Task;
  /** Ends it: see `Executor.shutdown`. Gives what had not finished. */
  shutdown(wishes: ShutdownWishes): Promise<Future<unknown>[]>;
  stats(): ExecutorStats;
  explain(): string;
}
