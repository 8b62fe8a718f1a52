/** The executor that the user asked for. */

import { availableParallelism } from 'node:os';
import { type Executor, InlineExecutor, ProcessPoolExecutor, ThreadPoolExecutor } from 'concurrent-futures';
import { registerTypeScript, type TypeScriptLoader } from './register-typescript.js';
import { workerTasks } from './worker-tasks.js';

export const executorKinds = ['thread', 'process', 'inline'] as const;
export type ExecutorKind = (typeof executorKinds)[number];

export interface ExecutorChoice {
  readonly kind: ExecutorKind;
  /** One per core by default; an inline executor has but one whatever is asked. */
  readonly maxWorkers: number | undefined;
  /** Registered in each worker before it loads the tasks' module. */
  readonly loader: TypeScriptLoader | undefined;
}

export interface ReadyExecutor {
  readonly executor: Executor;
  readonly workers: number;
}

export async function makeExecutor({ kind, maxWorkers, loader }: ExecutorChoice): Promise<ReadyExecutor> {
  const workers = maxWorkers ?? availableParallelism();
  const initializer = loader === undefined ? {} : loaderInitializer(loader);
  switch (kind) {
    case 'thread':
      return { executor: new ThreadPoolExecutor({ maxWorkers: workers, ...initializer }), workers };
    case 'process':
      return { executor: new ProcessPoolExecutor({ maxWorkers: workers, ...initializer }), workers };
    case 'inline':
      if (loader !== undefined) await registerTypeScript(loader);
      return { executor: new InlineExecutor(), workers: 1 };
    default:
      return kind satisfies never;
  }
}

function loaderInitializer(loader: TypeScriptLoader) {
  return { initializer: workerTasks().registerTypeScript, initargs: [loader] as [TypeScriptLoader] };
}
