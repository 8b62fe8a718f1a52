/** `currentTask()` where a whole isolate runs tasks, one at a time: a variable does. */

import type { Callable } from '../functions/revive.js';
import type { CurrentTask, WorkerScope } from './current.js';
import type { RunningTask } from './running-task.js';

export class IsolateScope implements WorkerScope {
  readonly isWorker = true;
  importing: string | undefined;
  depth = 1;
  processors: number | undefined;
  #current: RunningTask | undefined;

  begin({ depth, processors }: { readonly depth: number; readonly processors: number }): void {
    this.depth = depth;
    this.processors = processors;
  }

  currentTask(): CurrentTask | undefined {
    return this.#current?.isOver ? undefined : this.#current;
  }

  runAs(task: RunningTask, fn: Callable, args: readonly unknown[] = []): unknown {
    this.#current = task;
    return fn(...args);
  }
}
