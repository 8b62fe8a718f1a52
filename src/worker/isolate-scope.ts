/** `currentTask()` where a whole isolate runs tasks, one at a time: a variable does. */

import type { CurrentTask, WorkerScope } from './current.js';

export class IsolateScope implements WorkerScope {
  readonly isWorker = true;
  importing: string | undefined;
  #current: CurrentTask | undefined;

  currentTask(): CurrentTask | undefined {
    return this.#current;
  }

  runAs<T>(task: CurrentTask, run: () => T): T {
    this.#current = task;
    return run();
  }
}
