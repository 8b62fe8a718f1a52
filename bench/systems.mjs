/**
 * What is measured, each behind the same three functions: `open(workers)` gives `run(n)`, a promise of `n + 1`, and `close()`.
 *
 * Every pool is given a fixed number of workers, and otherwise its own defaults unless its label says so.
 */

import { fileURLToPath } from 'node:url';

const tasks = new URL('./tasks.mjs', import.meta.url).href;
const workerpoolWorker = fileURLToPath(new URL('./workerpool-worker.mjs', import.meta.url));

async function openOurs(className, workers) {
  const futures = await import('concurrent-futures');
  const { increment } = await import('./tasks.mjs');
  const executor = new futures[className]({ maxWorkers: workers, minWorkers: workers });
  return { run: (n) => executor.submit(increment, n), close: () => executor.shutdown() };
}

async function openPiscina(workers, options) {
  const { Piscina } = await import('piscina');
  const pool = new Piscina({ filename: tasks, minThreads: workers, maxThreads: workers, ...options });
  return { run: (n) => pool.run(n), close: () => pool.destroy() };
}

async function openTinypool(workers, runtime) {
  const { Tinypool } = await import('tinypool');
  const pool = new Tinypool({ filename: tasks, minThreads: workers, maxThreads: workers, runtime });
  return { run: (n) => pool.run(n), close: () => pool.destroy() };
}

async function openWorkerpool(workers, workerType) {
  const { default: workerpool } = await import('workerpool');
  const pool = workerpool.pool(workerpoolWorker, { minWorkers: workers, maxWorkers: workers, workerType });
  return { run: (n) => pool.exec('increment', [n]), close: () => pool.terminate() };
}

/** In the order of the tables. `kind` says which of ours a peer is compared with. */
export const systems = [
  {
    id: 'thread',
    label: 'concurrent-futures ThreadPoolExecutor',
    kind: 'thread',
    isOurs: true,
    packageName: 'concurrent-futures',
    open: (workers) => openOurs('ThreadPoolExecutor', workers),
  },
  {
    id: 'piscina',
    label: 'piscina',
    kind: 'thread',
    packageName: 'piscina',
    open: (workers) => openPiscina(workers, {}),
  },
  {
    id: 'piscina-64',
    label: 'piscina, concurrentTasksPerWorker: 64',
    kind: 'thread',
    packageName: 'piscina',
    open: (workers) => openPiscina(workers, { concurrentTasksPerWorker: 64 }),
  },
  {
    id: 'workerpool-thread',
    label: 'workerpool, threads',
    kind: 'thread',
    packageName: 'workerpool',
    open: (workers) => openWorkerpool(workers, 'thread'),
  },
  {
    id: 'tinypool-thread',
    label: 'tinypool, worker_threads',
    kind: 'thread',
    packageName: 'tinypool',
    open: (workers) => openTinypool(workers, 'worker_threads'),
  },
  {
    id: 'process',
    label: 'concurrent-futures ProcessPoolExecutor',
    kind: 'process',
    isOurs: true,
    packageName: 'concurrent-futures',
    open: (workers) => openOurs('ProcessPoolExecutor', workers),
  },
  {
    id: 'workerpool-process',
    label: 'workerpool, processes',
    kind: 'process',
    packageName: 'workerpool',
    open: (workers) => openWorkerpool(workers, 'process'),
  },
  {
    id: 'tinypool-process',
    label: 'tinypool, child_process',
    kind: 'process',
    packageName: 'tinypool',
    open: (workers) => openTinypool(workers, 'child_process'),
  },
];

/** The system under that id. */
export function systemById(id) {
  const system = systems.find((candidate) => candidate.id === id);
  if (system === undefined)
    throw new RangeError(`no system "${id}"; there are ${systems.map((each) => each.id).join(', ')}`);
  return system;
}
