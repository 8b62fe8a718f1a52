/** What the library tells a task about itself. */

import { type CurrentTask, workerScope } from './current.js';

export type { CurrentTask, Progress } from './current.js';

/** The task that this code runs in, or `undefined` outside of tasks. */
export function currentTask(): CurrentTask | undefined {
  return workerScope()?.currentTask();
}

/** Whether this thread or process is a worker of an executor. */
export const isWorker: boolean = workerScope()?.isWorker ?? false;
