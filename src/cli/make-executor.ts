/** The executor that the user asked for. */

import { availableParallelism } from 'node:os';
import { type Executor, InlineExecutor, ProcessPoolExecutor, ThreadPoolExecutor } from 'concurrent-futures';
import { InitError, type InitFunction, prepareWorker, type WorkerPreparation } from './prepare-worker.js';
import type { Limit } from './units.js';
import { StartError } from './usage-error.js';
import { workerTasks } from './worker-tasks.js';

export const executorKinds = ['thread', 'process', 'inline'] as const;
export type ExecutorKind = (typeof executorKinds)[number];

export interface ExecutorWishes {
  readonly executor: ExecutorKind;
  /** `undefined` for what the pool decides. */
  readonly maxWorkers: Limit | undefined;
  readonly maxTasksPerWorker: number | undefined;
  /** Bytes for each worker. */
  readonly maxMemory: number | undefined;
  readonly init: InitFunction | undefined;
  readonly prints: WorkerPreparation['prints'];
}

export interface ReadyExecutor {
  readonly executor: Executor;
  /** How many tasks can run at once: at most so many, where the pool itself decides. */
  readonly workers: number;
}

/** Without `maxWorkers` the pool decides, which knows the machine's limits; an inline executor has one worker anyhow. */
export async function makeExecutor(wishes: ExecutorWishes): Promise<ReadyExecutor> {
  const { maxTasksPerWorker, maxMemory, init, prints } = wishes;
  const maxWorkers = workerCount(wishes.maxWorkers);
  const preparation: WorkerPreparation = { leavesSignalsToCommand: wishes.executor === 'process', prints, init };
  const options = {
    // Standard output is for results alone; what tasks print goes with the rest.
    stdout: 'stderr',
    initializer: workerTasks().prepareWorker,
    initargs: [preparation],
    ...(maxWorkers !== undefined && { maxWorkers }),
    ...(maxTasksPerWorker !== undefined && { maxTasksPerWorker }),
  } as const;
  const workers = maxWorkers ?? availableParallelism();
  switch (wishes.executor) {
    case 'thread':
      return { executor: new ThreadPoolExecutor({ ...options, ...heapLimit(maxMemory) }), workers };
    case 'process':
      return {
        executor: new ProcessPoolExecutor({ ...options, ...(maxMemory !== undefined && { maxMemory }) }),
        workers,
      };
    case 'inline':
      await preparedHere({ ...preparation, prints: undefined });
      return { executor: new InlineExecutor(), workers: 1 };
    default:
      return wishes.executor satisfies never;
  }
}

/** Told like a worker that can't start, and waited for, though an event loop with nothing else in it would end. */
async function preparedHere(preparation: WorkerPreparation): Promise<void> {
  const hold = setInterval(() => {}, 2 ** 30);
  try {
    await prepareWorker(preparation);
  } catch (error) {
    throw error instanceof InitError ? new StartError(error.message) : error;
  } finally {
    clearInterval(hold);
  }
}

/** Inline tasks print on this process's own stream. To be called once the results have their way past that. */
export function leaveStandardOutputToResults(): void {
  process.stdout.write = (...args: unknown[]) => (process.stderr.write as (...args: unknown[]) => boolean)(...args);
}

function workerCount(limit: Limit | undefined): number | undefined {
  if (limit === undefined) return undefined;
  return 'count' in limit ? limit.count : Math.max(1, Math.round(availableParallelism() * limit.share));
}

/** Threads share their process's memory, of which only the heap is a thread's own. */
function heapLimit(bytes: number | undefined): object {
  return bytes === undefined
    ? {}
    : { resourceLimits: { maxOldGenerationSizeMb: Math.max(1, Math.round(bytes / 1024 ** 2)) } };
}
