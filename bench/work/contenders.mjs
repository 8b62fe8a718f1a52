/**
 * Who does the work: a plain loop, our executors and piscina, each as its documentation shows it, behind the same two functions:
 * `open(profile)` gives `run(inputs)`, a promise of the results in the order of the inputs, and `close()`.
 */

import { availableParallelism } from 'node:os';

async function taskOf({ module, name }) {
  return (await import(module))[name];
}

async function openLoop(profile) {
  const task = await taskOf(profile);
  return { run: async (inputs) => inputs.map((input) => task(input)), close: () => {} };
}

async function openOurs(className, profile) {
  const futures = await import('concurrent-futures');
  const task = await taskOf(profile);
  const executor = new futures[className]();
  const moved = (input) => executor.with({ transfer: [input.pixels.buffer] }).submit(task, input);
  return {
    run: (inputs) => (profile.moves ? Promise.all(inputs.map(moved)) : executor.map(task, inputs).toArray()),
    close: () => executor.shutdown(),
  };
}

async function openPiscina(profile, options) {
  const { Piscina } = await import('piscina');
  const filename = profile.piscinaModule ?? profile.module;
  const pool = new Piscina({ filename, name: profile.name, ...options });
  const moved = (input) => pool.run(input, { transferList: [input.pixels.buffer] });
  return {
    run: (inputs) => Promise.all(inputs.map(profile.moves ? moved : (input) => pool.run(input))),
    close: () => pool.destroy(),
  };
}

/** Settings of piscina that are tried before each profile; the fastest is what its second row is measured with. */
const piscinaSettings = [1, 2, 8].map((concurrentTasksPerWorker) => ({
  minThreads: availableParallelism(),
  maxThreads: availableParallelism(),
  concurrentTasksPerWorker,
}));

/** In the order of the tables and of each round; `short` is their name in the chart. A contender with `settings` is opened with the best of them. */
export const contenders = [
  { id: 'loop', label: 'plain loop', open: openLoop },
  {
    id: 'thread',
    label: 'ThreadPoolExecutor',
    short: 'threads',
    isOurs: true,
    open: (profile) => openOurs('ThreadPoolExecutor', profile),
  },
  {
    id: 'process',
    label: 'ProcessPoolExecutor',
    short: 'processes',
    isOurs: true,
    open: (profile) => openOurs('ProcessPoolExecutor', profile),
  },
  { id: 'piscina', label: 'piscina, defaults', short: 'piscina', open: (profile) => openPiscina(profile, {}) },
  {
    id: 'piscina-best',
    label: 'piscina, best setting',
    short: 'piscina, best',
    settings: piscinaSettings,
    open: openPiscina,
  },
];
