/** The executor that the user asked for. */

import { availableParallelism } from 'node:os';
import { type Executor, InlineExecutor, ProcessPoolExecutor, ThreadPoolExecutor } from 'concurrent-futures';
import { workerTasks } from './worker-tasks.js';

export const executorKinds = ['thread', 'process', 'inline'] as const;
export type ExecutorKind = (typeof executorKinds)[number];

export interface ReadyExecutor {
  readonly executor: Executor;
  /** How many tasks can run at once: at most so many, where the pool itself decides. */
  readonly workers: number;
}

/** Without `maxWorkers` the pool decides, which knows the machine's limits; an inline executor has one worker anyhow. */
export function makeExecutor(kind: ExecutorKind, maxWorkers: number | undefined): ReadyExecutor {
  // Standard output is for results alone; what tasks print goes with the rest.
  const options = { stdout: 'stderr', ...(maxWorkers !== undefined && { maxWorkers }) } as const;
  const workers = maxWorkers ?? availableParallelism();
  const { leaveSignalsToCommand } = workerTasks();
  switch (kind) {
    case 'thread':
      return { executor: new ThreadPoolExecutor(options), workers };
    case 'process':
      return { executor: new ProcessPoolExecutor({ ...options, initializer: leaveSignalsToCommand }), workers };
    case 'inline':
      // Its tasks print on this process's own stream; the results are past that already.
      process.stdout.write = (...args: unknown[]) => (process.stderr.write as (...args: unknown[]) => boolean)(...args);
      return { executor: new InlineExecutor(), workers: 1 };
    default:
      return kind satisfies never;
  }
}
