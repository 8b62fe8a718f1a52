/**
 * The pools, each with two workers and its documented ways to hear of failures and to limit a task: `open({ heapMb, heard })` gives
 * `run(input, timeLimitMs)`, a promise, and `close()`. `heapMb` limits a worker's heap; `heard` takes what the pool tells of errors
 * that belong to no task.
 */

import { fileURLToPath } from 'node:url';

const tasks = new URL('./tasks.mjs', import.meta.url).href;
const workerpoolWorker = fileURLToPath(new URL('./workerpool-worker.mjs', import.meta.url));
const poolifierWorker = fileURLToPath(new URL('./poolifier-worker.mjs', import.meta.url));

const resourceLimitsOf = (heapMb) => (heapMb === undefined ? {} : { maxOldGenerationSizeMb: heapMb });
const execArgvOf = (heapMb) => (heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`]);
const signalOf = (timeLimitMs) => (timeLimitMs === undefined ? undefined : AbortSignal.timeout(timeLimitMs));

async function openOurs(className, { heapMb }) {
  const futures = await import('concurrent-futures');
  const { task } = await import('./tasks.mjs');
  const limits = className.startsWith('Thread')
    ? { resourceLimits: resourceLimitsOf(heapMb) }
    : { execArgv: execArgvOf(heapMb) };
  const executor = new futures[className]({ maxWorkers: 2, ...(heapMb === undefined ? {} : limits) });
  const limited = (timeLimitMs) => (timeLimitMs === undefined ? executor : executor.with({ timeout: timeLimitMs }));
  return { run: (input, timeLimitMs) => limited(timeLimitMs).submit(task, input), close: () => executor.shutdown() };
}

async function openPiscina({ heapMb, heard }) {
  const { Piscina } = await import('piscina');
  const resourceLimits = resourceLimitsOf(heapMb);
  const pool = new Piscina({ filename: tasks, name: 'task', minThreads: 2, maxThreads: 2, resourceLimits });
  pool.on('error', heard);
  return {
    run: (input, timeLimitMs) => pool.run(input, { signal: signalOf(timeLimitMs) }),
    close: () => pool.destroy(),
  };
}

async function openTinypool(runtime, { heapMb, heard }) {
  const { Tinypool } = await import('tinypool');
  const limits =
    runtime === 'child_process' ? { execArgv: execArgvOf(heapMb) } : { resourceLimits: resourceLimitsOf(heapMb) };
  const pool = new Tinypool({ filename: tasks, name: 'task', runtime, minThreads: 2, maxThreads: 2, ...limits });
  pool.on('error', heard);
  return {
    run: (input, timeLimitMs) => pool.run(input, { signal: signalOf(timeLimitMs) }),
    close: () => pool.destroy(),
  };
}

async function openWorkerpool(workerType, { heapMb }) {
  const { default: workerpool } = await import('workerpool');
  const limits =
    workerType === 'process'
      ? { forkOpts: { execArgv: execArgvOf(heapMb) } }
      : { workerThreadOpts: { resourceLimits: resourceLimitsOf(heapMb) } };
  const pool = workerpool.pool(workerpoolWorker, { minWorkers: 2, maxWorkers: 2, workerType, ...limits });
  const run = (input, timeLimitMs) => {
    const promise = pool.exec('task', [input]);
    return timeLimitMs === undefined ? promise : promise.timeout(timeLimitMs);
  };
  return { run, close: () => pool.terminate() };
}

/** With its queue: without one, poolifier hands all tasks to the workers at once, and a worker that dies takes fifty with it. */
async function openPoolifier({ heapMb, heard }) {
  const { FixedThreadPool } = await import('poolifier');
  const workerOptions = { resourceLimits: resourceLimitsOf(heapMb) };
  const pool = new FixedThreadPool(2, poolifierWorker, { enableTasksQueue: true, errorHandler: heard, workerOptions });
  pool.emitter?.on('error', heard);
  return {
    run: (input, timeLimitMs) => pool.execute(input, undefined, signalOf(timeLimitMs)),
    close: () => pool.destroy(),
  };
}

async function openJestWorker(enableWorkerThreads, { heapMb }) {
  const { Worker } = await import('jest-worker');
  const limits = enableWorkerThreads
    ? { resourceLimits: resourceLimitsOf(heapMb) }
    : { forkOptions: { execArgv: execArgvOf(heapMb) } };
  const options = { numWorkers: 2, enableWorkerThreads, exposedMethods: ['task'], ...limits };
  const pool = new Worker(fileURLToPath(tasks), options);
  pool.getStderr().pipe(process.stderr);
  return { run: (input) => pool.task(input), close: () => pool.end() };
}

/** In the order of the columns. `cannotLimit`: it has no way to end a task that takes too long. */
export const systems = [
  { id: 'ours-thread', label: '**ours, threads**', kind: 'thread', open: (o) => openOurs('ThreadPoolExecutor', o) },
  {
    id: 'ours-process',
    label: '**ours, processes**',
    kind: 'process',
    open: (o) => openOurs('ProcessPoolExecutor', o),
  },
  { id: 'piscina', label: 'piscina', kind: 'thread', open: openPiscina },
  { id: 'tinypool-thread', label: 'tinypool, threads', kind: 'thread', open: (o) => openTinypool('worker_threads', o) },
  {
    id: 'tinypool-process',
    label: 'tinypool, processes',
    kind: 'process',
    open: (o) => openTinypool('child_process', o),
  },
  { id: 'workerpool-thread', label: 'workerpool, threads', kind: 'thread', open: (o) => openWorkerpool('thread', o) },
  {
    id: 'workerpool-process',
    label: 'workerpool, processes',
    kind: 'process',
    open: (o) => openWorkerpool('process', o),
  },
  { id: 'poolifier', label: 'poolifier, threads', kind: 'thread', open: openPoolifier },
  {
    id: 'jest-thread',
    label: 'jest-worker, threads',
    kind: 'thread',
    cannotLimit: true,
    open: (o) => openJestWorker(true, o),
  },
  {
    id: 'jest-process',
    label: 'jest-worker, processes',
    kind: 'process',
    cannotLimit: true,
    open: (o) => openJestWorker(false, o),
  },
];
