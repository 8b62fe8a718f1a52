/** Tasks that compute for a known time, and a pool that has warmed up for them. */

import { strict as assert } from 'node:assert';
import { availableParallelism } from 'node:os';

export const cores = availableParallelism();

/** The same number for the same iterations, by a loop that no compiler can leave out. */
function spin(iterations) {
  let x = 1;
  for (let i = 0; i < iterations; i++) x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0;
  return x;
}

/** The task: it measures itself. */
export function timedSpin(iterations) {
  const startedAt = performance.now();
  const value = spin(iterations);
  return { ms: performance.now() - startedAt, value };
}

/** What a task of so many iterations must give. */
function valuesOf(iterations) {
  const known = new Map();
  return iterations.map((count) => {
    if (!known.has(count)) known.set(count, spin(count));
    return known.get(count);
  });
}

/** An executor with as many workers as cores, all of them warm, and how many iterations make a millisecond in them. */
export async function openCpuPool(className) {
  const futures = await import('concurrent-futures');
  const executor = new futures[className]({ maxWorkers: cores, minWorkers: cores });
  const probe = 1_000_000;
  const probes = 20;
  const together = () => Promise.all(Array.from({ length: probes * cores }, () => executor.submit(timedSpin, probe)));
  await together();
  const fastest = Math.min(...(await together()).map(({ ms }) => ms));
  return { executor, iterationsPerMs: probe / fastest, close: () => executor.shutdown() };
}

/** Runs a task for each of the iterations by `runAll`; how long that took, and the tasks themselves, in milliseconds. */
export async function timeAll(iterations, runAll) {
  const expected = valuesOf(iterations);
  const startedAt = performance.now();
  const results = await runAll(iterations);
  const makespan = performance.now() - startedAt;
  assert.deepEqual(
    results.map(({ value }) => value),
    expected,
  );
  return { makespan, durations: results.map(({ ms }) => ms) };
}

export const bySubmit = (executor) => (iterations) =>
  Promise.all(iterations.map((count) => executor.submit(timedSpin, count)));
export const byMap = (executor) => (iterations) => executor.map(timedSpin, iterations).chunkSize('auto').toArray();
