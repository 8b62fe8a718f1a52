/** What the doctor tries out: workers of each kind are started, and do what they are for. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type Executor,
  type ProcessOptions,
  ProcessPoolExecutor,
  ThreadPoolExecutor,
  tasksFrom,
} from 'concurrent-futures';
import { messageOf } from '../usage-error.js';
import { type Check, type Finding, failed, note, ok } from './check.js';
import { parentDeath } from './parent-death.js';

const one = { maxWorkers: 1, startupTimeout: 8_000, stdout: 'stderr' } as const;

/** @param execPath what process workers are to run, where it is not this Node. */
export function workerChecks(execPath: string | undefined): readonly Check[] {
  const processOptions = execPath === undefined ? {} : { execPath: resolve(execPath) };
  // Each of the three ways to start a process has this long.
  const limitMs = 30_000;
  return [
    { name: 'threads', run: () => startThread() },
    { name: 'processes', limitMs, run: () => startProcess(processOptions) },
    { name: 'closures', needs: ['threads'], run: () => sendClosure() },
    { name: 'claims', needs: ['processes'], limitMs, run: () => takeBack(processOptions) },
    { name: 'death of the parent', needs: ['processes'], limitMs, run: () => parentDeath(processOptions.execPath) },
    { name: 'typescript', needs: ['threads', 'temporary files'], run: () => loadTypeScript() },
  ];
}

async function startThread(): Promise<Finding> {
  try {
    await using(new ThreadPoolExecutor(one), (executor) => executor.submit(Math.max, 1, 2));
    return ok('a thread was started, and ran a task');
  } catch (error) {
    return failed(
      messageOf(error),
      await culprit((options) => new ThreadPoolExecutor({ ...one, execArgv: [], ...options })),
    );
  }
}

async function startProcess(options: ProcessOptions): Promise<Finding> {
  try {
    await using(new ProcessPoolExecutor({ ...one, ...options }), (executor) => executor.submit(Math.max, 1, 2));
    return ok(`a process was started (${options.execPath ?? process.execPath}), and ran a task`);
  } catch (error) {
    const advice = await culprit((plain) => new ProcessPoolExecutor({ ...one, ...options, execArgv: [], ...plain }));
    const byPath = `Set the option execPath to a Node executable; ${options.execPath} did not run as one.`;
    return failed(messageOf(error), advice ?? (options.execPath === undefined ? undefined : byPath));
  }
}

/** Whether workers start without what this process hands down to them; then it is that. */
async function culprit(make: (options: { env?: NodeJS.ProcessEnv }) => Executor): Promise<string | undefined> {
  const { NODE_OPTIONS: nodeOptions, ...env } = process.env;
  const starts = (options: { env?: NodeJS.ProcessEnv }): Promise<boolean> => {
    return (async () => using(make(options), (executor) => executor.submit(Math.max, 1, 2)))().then(
      () => true,
      () => false,
    );
  };
  if (nodeOptions !== undefined && nodeOptions !== '' && (await starts({ env }))) {
    return `Without NODE_OPTIONS it works: take what breaks workers out of NODE_OPTIONS="${nodeOptions}", or set the pool's option env.`;
  }
  if (process.execArgv.length > 0 && (await starts({}))) {
    return `Without the options of this Node it works: leave some out of ${process.execArgv.join(' ')}, or set the pool's option execArgv.`;
  }
  return undefined;
}

async function sendClosure(): Promise<Finding> {
  const captured = { base: performance.now() };
  const next = (by: number): number => captured.base + by;
  const value = await using(new ThreadPoolExecutor(one), (executor) => executor.submit(next, 1));
  if (value !== captured.base + 1) return failed(`a closure gave ${value} in a worker, not ${captured.base + 1}`);
  return ok('a function went to a worker with the variables that it uses');
}

/** Half of many tasks are cancelled while a worker is at them: each runs, or was cancelled, and never both. */
async function takeBack(options: ProcessOptions): Promise<Finding> {
  const tasks = 400;
  const ran = await using(new ProcessPoolExecutor({ ...one, ...options }), async (executor) => {
    const count = (): number => {
      const counted = globalThis as { doctorsCount?: number };
      counted.doctorsCount = (counted.doctorsCount ?? -1) + 1;
      return counted.doctorsCount;
    };
    await executor.submit(count);
    const futures = Array.from({ length: tasks }, () => executor.submit(count));
    await futures[0];
    const cancelled = futures.filter((future, i) => i % 2 === 1 && future.cancel()).length;
    await Promise.all(futures.filter((future) => !future.cancelled()));
    return { cancelled, counted: (await executor.submit(count)) - 1 };
  });
  const shown = `${ran.cancelled} of ${tasks} tasks were taken back, and ${ran.counted} ran`;
  if (ran.cancelled + ran.counted === tasks) return ok(shown);
  return failed(
    shown,
    'Processes do not see what each other writes to a file in time: use threads, and report this machine.',
  );
}

async function loadTypeScript(): Promise<Finding> {
  const folder = mkdtempSync(join(tmpdir(), 'futures-doctor-'));
  try {
    const file = join(folder, 'check.ts');
    writeFileSync(file, 'export const twice = (n: number): number => 2 * n;\n');
    const { twice } = tasksFrom<{ twice(n: number): number }>(pathToFileURL(file));
    await using(new ThreadPoolExecutor(one), (executor) => executor.submit(twice, 21));
    return ok('a worker loaded a TypeScript module');
  } catch (error) {
    return note(`workers can't load TypeScript: ${firstLine(error)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function firstLine(error: unknown): string {
  return messageOf(error).split('\n', 1)[0] as string;
}

async function using<T>(executor: Executor, work: (executor: Executor) => PromiseLike<T>): Promise<T> {
  try {
    return await work(executor);
  } finally {
    await executor.shutdown({ timeout: 1_000 });
  }
}
