/**
 * `currentTask()` where a whole isolate runs tasks, one at a time: a variable does, but for what a task left behind. Whose that is, and
 * whose a later failure, only an async context can tell; it costs a tenth of a tiny task, so only what may wait for something has one.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Callable } from '../functions/revive.js';
import type { CurrentTask, WorkerScope } from './current.js';
import type { RunningTask } from './running-task.js';

/** What modules start while they load, and the initializer, is of no task. */
export type Owner = RunningTask | 'set-up';

export class IsolateScope implements WorkerScope {
  readonly isWorker = true;
  importing: string | undefined;
  depth = 1;
  processors: number | undefined;
  readonly #contexts = new AsyncLocalStorage<Owner>();
  #current: RunningTask | undefined;

  begin({ depth, processors }: { readonly depth: number; readonly processors: number }): void {
    this.depth = depth;
    this.processors = processors;
  }

  currentTask(): CurrentTask | undefined {
    const { owner } = this;
    const task = owner === undefined || owner === 'set-up' ? this.#current : owner;
    return task?.isOver ? undefined : task;
  }

  /** In whose context the current code was started. */
  get owner(): Owner | undefined {
    return this.#contexts.getStore();
  }

  setUp<T>(start: () => T): T {
    return this.#contexts.run('set-up', start);
  }

  runAs(task: RunningTask, fn: Callable, args: readonly unknown[], isTracked: boolean): unknown {
    this.#current = task;
    return isTracked ? this.#contexts.run(task, fn, ...args) : fn(...args);
  }
}
