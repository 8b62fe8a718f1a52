/**
 * What becomes of a batch, its pool and its program when one task fails, in ours and in other pools:
 * `node bench/faults.mjs [--out FILE] [--system PREFIX] [--fault NAME]`.
 *
 *   per fault and system: a child process, 20 seconds at most ──► what was seen ──► a table
 */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { faults } from './faults/faults.mjs';
import { faultReport } from './faults/report.mjs';
import { systems } from './faults/systems.mjs';
import { applies, problemsOf, runCell } from './faults/verdict.mjs';

const { values: options } = parseArgs({
  options: { out: { type: 'string' }, system: { type: 'string' }, fault: { type: 'string' } },
});
const wantedSystems = systems.filter(({ id }) => options.system === undefined || id.startsWith(options.system));
const wantedFaults = faults.filter(({ id }) => options.fault === undefined || id === options.fault);

const cells = [];
for (const fault of wantedFaults) {
  for (const system of wantedSystems.filter((each) => applies(each, fault))) {
    const startedAt = performance.now();
    const seen = await runCell(system, fault);
    const problems = problemsOf(fault, seen);
    cells.push({ fault, system, seen, problems });
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.error(`${fault.id}, ${system.id}: ${problems.join(', ') || 'fine'} (${seconds} s)`);
  }
}

const report = faultReport(cells, wantedFaults, wantedSystems);
console.log(report);
if (options.out !== undefined) writeFileSync(options.out, report);
