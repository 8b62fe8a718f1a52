/** The public names. */

export * from './errors.js';
export { Executor, type ShutdownOptions, type ShutdownResult } from './executors/executor.js';
export { InlineExecutor } from './executors/inline.js';
export { type InputsOf, MapResults, type SettledItem } from './executors/map.js';
export type { PoolOptions, ProcessOptions, RetryOptions, TaskOptions, ThreadOptions } from './executors/options.js';
export { ProcessPoolExecutor } from './executors/process.js';
export { inProcess, inThread } from './executors/single.js';
export { ThreadPoolExecutor } from './executors/thread.js';
export { tasksFrom } from './functions/tasks-from.js';
export type { FutureSource, FutureState, FutureStats, WaitOptions } from './future/contract.js';
export { Future } from './future/future.js';
export {
  asCompleted,
  type CompletedFuture,
  type CompletedFutures,
  type ReturnWhen,
  type WaitResult,
  wait,
} from './future/wait.js';
export type { ExecutorStats, WorkerStats } from './pool/stats.js';
export { type CurrentTask, currentTask, isWorker, type Progress } from './worker/task-scope.js';
