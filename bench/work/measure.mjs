/**
 * Measures one profile, in this process and nothing else in it: `node --expose-gc measure.mjs '{"id":…}'`. Prints JSON.
 *
 *   a warm-up of each ──► round 1: loop, ours, ours, theirs, theirs ──► round 2: … ──► milliseconds per contender and round
 *
 * Rounds are interleaved, so that what else the machine does meanwhile hits all contenders alike.
 */

import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { contenders } from './contenders.mjs';
import { profiles } from './profiles.mjs';

const { id, folder, quick, rounds } = JSON.parse(process.argv[2]);
const profile = profiles.find((candidate) => candidate.id === id);
const inputs = profile.inputs(folder, quick);

/** A digest of all results, so that two rounds can be compared without keeping either. */
function digest(results) {
  const hash = createHash('sha256');
  for (const result of results) hash.update(result instanceof Uint8Array ? result : JSON.stringify(result));
  return hash.digest('hex');
}

/** Milliseconds of one run. Each run that moves its inputs gets ones of its own, before the clock starts. */
async function time(pool) {
  const given = profile.moves ? structuredClone(inputs) : inputs;
  globalThis.gc();
  const startedAt = performance.now();
  const results = await pool.run(given);
  const ms = performance.now() - startedAt;
  return { ms, digest: digest(results) };
}

/** The plain loop comes first, and what it gives is what is right. */
const { digest: expected } = await time(await contenders[0].open(profile));

async function checkedTime(pool, label) {
  const { ms, digest: its } = await time(pool);
  assert.equal(its, expected, `${label}, ${id}: other results than the plain loop's`);
  return ms;
}

/** Opens a contender, with the fastest of its settings where it has several. */
async function openBest({ label, open, settings }) {
  if (settings === undefined) return { pool: await open(profile) };
  // Trying all of them takes longer than the rest of a quick run.
  if (quick) return { pool: await open(profile, settings[1]), setting: settings[1] };
  let best;
  for (const setting of settings) {
    const pool = await open(profile, setting);
    await checkedTime(pool, label);
    const ms = Math.min(await checkedTime(pool, label), await checkedTime(pool, label));
    await pool.close();
    if (best === undefined || ms < best.ms) best = { ms, setting };
  }
  return { pool: await open(profile, best.setting), setting: best.setting };
}

const open = [];
for (const contender of contenders) {
  const opened = { ...contender, ...(await openBest(contender)), ms: [] };
  await checkedTime(opened.pool, opened.label);
  open.push(opened);
}
for (let round = 0; round < rounds; round++) {
  for (const { pool, label, ms } of open) ms.push(await checkedTime(pool, label));
}
for (const { pool } of open) await pool.close();
console.log(
  JSON.stringify({ tasks: inputs.length, contenders: open.map(({ id, setting, ms }) => ({ id, setting, ms })) }),
);
process.exit();
