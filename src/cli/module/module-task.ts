/** The function that the user named, checked without loading it into this thread. */

import { basename } from 'node:path';
import {
  BrokenExecutorError,
  CancelledError,
  type Executor,
  inThread,
  tasksFrom,
  WorkerLostError,
} from 'concurrent-futures';
import type { ExportDescription, ModuleDescription, TypeScriptLoader } from '../describe-module.js';
import { nearest } from '../nearest.js';
import { messageOf, StartError, UsageError } from '../usage-error.js';
import { workerTasks } from '../worker-tasks.js';
import { locateModule, type ModuleLocation } from './module-location.js';
import { typeScriptLoader } from './typescript.js';

type TaskFunction = (...args: unknown[]) => unknown;

/** A module that waits for ever in a top-level await would otherwise keep the command waiting without a word. */
const loadLimitMs = 30_000;

export interface ModuleTask {
  readonly run: TaskFunction;
  /** For errors: the export, or the module's file where that is just `default`. */
  readonly name: string;
  readonly url: string;
  readonly exportName: string;
  /** What has to be registered before the module is imported by hand. */
  readonly loader: TypeScriptLoader | undefined;
}

/**
 * `module#export` → a function to submit; throws a {@link UsageError} that says what can be named instead.
 *
 * @param executor whose workers will run it: one of them looks at the module, and has it loaded for its first task
 */
export async function findModuleTask(reference: string, cwd: string, executor?: Executor): Promise<ModuleTask> {
  const location = await locateModule(reference, cwd);
  const loader = typeScriptLoader(location.url, cwd);
  const exportName = chooseExport(location, await exportsOf(location, loader, executor));
  const tasks = tasksFrom<Record<string, TaskFunction>>(new URL(location.url));
  const name = exportName === 'default' ? basename(new URL(location.url).pathname) : exportName;
  return { run: tasks[exportName] as TaskFunction, name, url: location.url, exportName, loader };
}

async function exportsOf(
  { text, url }: ModuleLocation,
  loader: TypeScriptLoader | undefined,
  executor: Executor | undefined,
): Promise<readonly ExportDescription[]> {
  const description = await describe(url, loader, executor);
  if (description.kind === 'loaded') return description.exports;
  throw new UsageError(`can't load ${text}: ${description.problem}`);
}

async function describe(
  url: string,
  loader: TypeScriptLoader | undefined,
  executor: Executor | undefined,
): Promise<ModuleDescription> {
  const { describeModule } = workerTasks();
  // A loader that is registered here would be registered once more for the task.
  const future =
    executor === undefined || loader !== undefined
      ? inThread(describeModule, url, loader)
      : executor.submit(describeModule, url, loader);
  const limit = setTimeout(() => future.kill(), loadLimitMs);
  try {
    return await future;
  } catch (error) {
    // Not the module's fault: the workers can't start at all.
    if (error instanceof BrokenExecutorError) throw new StartError(error.message);
    return { kind: 'failed', problem: loadProblem(error) };
  } finally {
    clearTimeout(limit);
  }
}

function loadProblem(error: unknown): string {
  if (error instanceof CancelledError) return `it is still loading after ${loadLimitMs / 1000} s`;
  if (error instanceof WorkerLostError && error.exitCode !== null) {
    return `it ends its thread while it loads (exit code ${error.exitCode})`;
  }
  return messageOf(error);
}

/** The export that was named; without a name `default`, or the only function there is. */
function chooseExport({ text, exportName }: ModuleLocation, exports: readonly ExportDescription[]): string {
  const functions = exports.filter(({ kind }) => kind === 'function').map(({ name }) => name);
  if (exportName !== undefined) return checkNamed(text, exportName, exports, functions);
  if (functions.includes('default')) return 'default';
  const [only, ...others] = functions;
  if (only === undefined) throw new UsageError(`${text} exports no function`);
  if (others.length === 0) return only;
  throw new UsageError(
    `${text} has no default export and more than one function: name one, for example ${text}#${only} ` +
      `(it exports ${functions.join(', ')})`,
  );
}

function checkNamed(
  text: string,
  wanted: string,
  exports: readonly ExportDescription[],
  functions: readonly string[],
): string {
  if (functions.includes(wanted)) return wanted;
  const found = exports.find(({ name }) => name === wanted);
  const has = functions.length === 0 ? 'it exports no function' : `its functions are ${functions.join(', ')}`;
  if (found !== undefined) {
    const what = found.kind === 'class' ? 'a class' : 'not a function';
    throw new UsageError(`the export "${wanted}" of ${text} is ${what}; ${has}`);
  }
  const near = nearest(wanted, functions);
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  throw new UsageError(`${text} has no export "${wanted}"; ${has}${hint}`);
}
