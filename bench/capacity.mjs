/**
 * How many workers and tasks a broker bears: what each costs, measured with few; what a model makes of that for many; and what many really do.
 * `node bench/capacity.mjs [--quick] [--workers 10,100,1000] [--out FILE]`; ten minutes. Ends with status 1 where a task is lost.
 *
 *   measure ──costs──► predict ──for each number of workers──► simulate ──► report: predicted beside measured
 */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { natsServer, versionOf } from './cluster/brokers.mjs';
import { capacityReport } from './cluster/capacity-report.mjs';
import { measureCosts } from './cluster/costs.mjs';
import { predict } from './cluster/model.mjs';
import { simulate } from './cluster/simulate.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    workers: { type: 'string' },
    out: { type: 'string' },
  },
});
const size = options.quick
  ? { isQuick: true, tasks: 50, idleMs: 300, idle: [2, 10], waves: 5, rests: 100, tiny: 1000, calls: 10, workers: '10' }
  : {
      isQuick: false,
      tasks: 3000,
      idleMs: 10_000,
      idle: [10, 100],
      waves: 100,
      rests: 10_000,
      tiny: 50_000,
      calls: 300,
      workers: '10,100,300,1000',
    };
const counts = (options.workers ?? size.workers).split(',').map(Number);

const say = (text) => process.stderr.write(`${text}\n`);
const costs = await measureCosts(size, say);
const runs = [];
for (const workers of counts) {
  say(`${workers} workers`);
  runs.push({ workers, predicted: predict(costs, workers, size), measured: await simulate(workers, size) });
}

const text = capacityReport({ costs, runs, size, broker: versionOf(natsServer) });
if (options.out === undefined) console.log(text);
else writeFileSync(options.out, text);
for (const { workers, measured } of runs)
  if (measured.failure !== undefined) say(`${workers} workers: ${measured.failure}`);
process.exit(runs.every(({ measured }) => measured.failure === undefined && measured.lost === 0) ? 0 : 1);
