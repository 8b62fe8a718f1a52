/**
 * Real work on all cores, by a plain loop, our executors and piscina: `node bench/work.mjs [--quick] [--only NAME] [--out DIR]`.
 *
 *   per profile: a child process ──► rounds, interleaved ──► DIR/WORK.md and DIR/charts/work.svg
 */

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { barChart } from './chart.mjs';
import { contenders } from './work/contenders.mjs';
import { profiles } from './work/profiles.mjs';
import { summarizeProfile, workReport } from './work/report.mjs';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' }, out: { type: 'string' } },
});
const rounds = options.quick ? 3 : 5;
const limitMs = options.quick ? 60_000 : 15 * 60_000;
const wanted = profiles.filter(({ id }) => options.only === undefined || id.startsWith(options.only));
if (wanted.length === 0)
  throw new RangeError(`no profile "${options.only}"; there are ${profiles.map(({ id }) => id).join(', ')}`);

const measured = [];
for (const profile of wanted) {
  const startedAt = performance.now();
  const results = await measure(profile.id);
  console.error(`${profile.id}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  measured.push({ profile, ...summarizeProfile(results) });
}

const cores = availableParallelism();
const report = workReport(measured, { cores, rounds, quick: options.quick });
console.log(report);
if (options.out !== undefined) {
  mkdirSync(join(options.out, 'charts'), { recursive: true });
  writeFileSync(join(options.out, 'WORK.md'), report);
  writeFileSync(join(options.out, 'charts', 'work.svg'), chart());
}

/** The speed-ups over the loop. */
function chart() {
  const pools = contenders.filter(({ id }) => id !== 'loop');
  return barChart({
    title: `Speed-up over a plain loop on ${cores} cores`,
    series: pools.map(({ short }) => short),
    rows: measured.map(({ profile, rows }) => ({
      label: profile.title,
      isOurs: false,
      values: pools.map(({ id }) => rows.find((row) => row.id === id).speedUp.median),
    })),
    format: (speedUp) => `${speedUp.toFixed(2)} ×`,
  });
}

/** Runs one profile in a process of its own, with an empty folder for its files. */
async function measure(id) {
  const folder = mkdtempSync(join(tmpdir(), 'futures-work-'));
  try {
    const child = fileURLToPath(new URL('./work/measure.mjs', import.meta.url));
    const order = JSON.stringify({ id, folder, quick: options.quick, rounds });
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', child, order], {
      timeout: limitMs,
      killSignal: 'SIGKILL',
    });
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
