/** Measures one system, in this process and nothing else in it: `node --expose-gc measure.mjs '{"what":…}'`. Prints JSON. */

import { strict as assert } from 'node:assert';
import { percentile } from './statistics.mjs';
import { systemById } from './systems.mjs';

const { what, system, workers, count, runs } = JSON.parse(process.argv[2]);
const pool = await systemById(system).open(workers);

/** Tasks per second, all of them submitted at once. */
async function throughput(tasks) {
  const startedAt = performance.now();
  const outcomes = [];
  for (let n = 0; n < tasks; n++) outcomes.push(pool.run(n));
  const results = await Promise.all(outcomes);
  const seconds = (performance.now() - startedAt) / 1000;
  // A system that loses or mixes up tasks must not look fast.
  for (const [n, result] of results.entries()) assert.equal(result, n + 1);
  return tasks / seconds;
}

/** Microseconds of calls that are awaited one by one. */
async function latency(calls) {
  const microseconds = new Float64Array(calls);
  for (let n = 0; n < calls; n++) {
    const startedAt = performance.now();
    const result = await pool.run(n);
    microseconds[n] = (performance.now() - startedAt) * 1000;
    assert.equal(result, n + 1);
  }
  return { p50: percentile(microseconds, 0.5), p99: percentile(microseconds, 0.99) };
}

const measure = { throughput, latency }[what];
// Warm-up: workers start, code is compiled, and systems that adapt have adapted.
await measure(count);
const results = [];
for (let i = 0; i < runs; i++) {
  // The garbage of one run is not the next one's cost.
  globalThis.gc?.();
  results.push(await measure(count));
}
await pool.close();
console.log(JSON.stringify(results));
process.exit();
