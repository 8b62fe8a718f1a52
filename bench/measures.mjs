/** What is measured of everything with `run(n)`, a promise of `n + 1`. Every result is checked. */

import { strict as assert } from 'node:assert';
import { percentile } from './statistics.mjs';

/** Tasks per second, all of them submitted at once. */
export async function throughput(pool, tasks) {
  const startedAt = performance.now();
  const outcomes = [];
  for (let n = 0; n < tasks; n++) outcomes.push(pool.run(n));
  const results = await Promise.all(outcomes);
  const seconds = (performance.now() - startedAt) / 1000;
  // A system that loses or mixes up tasks must not look fast.
  for (let n = 0; n < tasks; n++) assert.equal(results[n], n + 1);
  assert.equal(results.length, tasks);
  return tasks / seconds;
}

/** Tasks per second, so many at once, all of them awaited before the next ones. */
export async function bursts(pool, tasks, times) {
  const startedAt = performance.now();
  for (let time = 0; time < times; time++) {
    const outcomes = [];
    for (let n = 0; n < tasks; n++) outcomes.push(pool.run(n));
    const results = await Promise.all(outcomes);
    for (let n = 0; n < tasks; n++) if (results[n] !== n + 1) assert.equal(results[n], n + 1);
  }
  return (tasks * times) / ((performance.now() - startedAt) / 1000);
}

/** Microseconds of calls that are awaited one by one. */
export async function latency(pool, calls) {
  const microseconds = new Float64Array(calls);
  for (let n = 0; n < calls; n++) {
    const startedAt = performance.now();
    const result = await pool.run(n);
    microseconds[n] = (performance.now() - startedAt) * 1000;
    if (result !== n + 1) assert.equal(result, n + 1);
  }
  return { p50: percentile(microseconds, 0.5), p99: percentile(microseconds, 0.99) };
}

/** A contender that is a system of systems.mjs. With `tasksMax`, a slow one is given fewer tasks, so that a run has an end. */
export function throughputOf({ id, label, isOurs, open }, { goal, tasksMax = Number.POSITIVE_INFINITY } = {}) {
  return {
    id,
    label,
    isOurs,
    goal,
    async open({ workers, tasks }) {
      const pool = await open(workers);
      return { run: () => throughput(pool, Math.min(tasks, tasksMax)), close: () => pool.close() };
    },
  };
}

/** The same, for calls that are awaited one by one. */
export function latencyOf({ id, label, isOurs, open }, { goal } = {}) {
  return {
    id,
    label,
    isOurs,
    goal,
    async open({ workers, calls }) {
      const pool = await open(workers);
      return { run: () => latency(pool, calls), close: () => pool.close() };
    },
  };
}
