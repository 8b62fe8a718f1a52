/**
 * Our executors next to their peers, in one run on this machine: `node bench/run.mjs [--quick] [--out FILE]`.
 *
 *   per system and number of workers: a child process ──► throughput     ┐
 *   per system:                       a child process ──► lone calls     ├──► Markdown (and, with --out, the chart)
 *   per row and repetition:           a child process ──► start-up       ┘
 */

import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { barChart } from './chart.mjs';
import { measureInChild } from './child.mjs';
import { circumstances, latencyTable, startUpTable, throughputTable } from './report.mjs';
import { measureStartUp } from './start-up.mjs';
import { summarize } from './statistics.mjs';
import { systems } from './systems.mjs';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, out: { type: 'string' } },
});
const size = options.quick
  ? { tasks: 5000, calls: 500, runs: 5, startUps: 3 }
  : { tasks: 50_000, calls: 5000, runs: 5, startUps: 11 };
const workerCounts = [1, 2];

const throughputs = {};
const latencies = {};
for (const { id } of systems) {
  throughputs[id] = {};
  for (const workers of workerCounts) {
    const runs = await measure({ what: 'throughput', system: id, workers, count: size.tasks });
    if (runs !== undefined) throughputs[id][workers] = summarize(runs);
  }
  const runs = await measure({ what: 'latency', system: id, workers: 1, count: size.calls });
  if (runs !== undefined) {
    latencies[id] = { p50: summarize(runs.map(({ p50 }) => p50)), p99: summarize(runs.map(({ p99 }) => p99)) };
  }
}
const startUps = await measureStartUp(size.startUps);

const format = new Intl.NumberFormat('en');
const report = `# Figures

Written by \`node bench/run.mjs${options.quick ? ' --quick' : ''}\`; what is measured and how: [README.md](README.md). Ratios tell more than absolute
figures, which another machine changes.

${circumstances()}

## Throughput

\`n => n + 1\`, ${format.format(size.tasks)} submitted at once; median of ${size.runs} runs (min–max). More is better; a ratio over 1 says that ours is faster.

${throughputTable(throughputs, workerCounts)}

## Latency

\`n => n + 1\`, ${format.format(size.calls)} calls, each awaited before the next, 1 worker; median of ${size.runs} runs (min–max). Less is better; a ratio below 1
says that ours is faster.

${latencyTable(latencies)}

## Start-up

${size.startUps} fresh processes each. Less is better.

${startUpTable(startUps)}
`;

console.log(report);
if (options.out !== undefined) {
  writeFileSync(options.out, report);
  writeFileSync(join(dirname(options.out), 'throughput.svg'), throughputChart());
}

function measure(what) {
  console.error(`${what.what}, ${what.system}, ${what.workers} worker(s)`);
  return measureInChild('measure.mjs', JSON.stringify({ ...what, runs: size.runs }));
}

function throughputChart() {
  return barChart({
    title: 'No-op tasks per second, all submitted at once',
    series: workerCounts.map((workers) => (workers === 1 ? '1 worker' : `${workers} workers`)),
    rows: systems.map(({ id, label, isOurs }) => ({
      label,
      isOurs,
      values: workerCounts.map((workers) => throughputs[id][workers]?.median),
    })),
  });
}
