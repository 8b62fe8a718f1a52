/**
 * A fault at every step of a task's life: `npm run cluster-matrix`, or `-- --fault kill-worker --step '> news #1'` for some of it (without a
 * number: of all messages of these kinds). First a run
 * without a fault tells the steps; then, for each of them, on each side, each fault happens there, just before and just after its message arrives.
 */

import { parseArgs } from 'node:util';
import { allCells, byKind, type Cell, faults, replayOf, sides, sliceOf, titleOf } from './cells.js';
import { playMatrix } from './play.js';

/** All of it, or what is named; prints what fails as it fails. */
async function main(): Promise<void> {
  const option = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      fault: option,
      side: option,
      when: option,
      step: option,
      lanes: option,
      times: option,
      slice: { type: 'boolean' },
    },
  });
  const isNamed = (cell: Cell): boolean =>
    (['fault', 'side', 'when'] as const).every((name) => values[name] === undefined || values[name] === cell[name]) &&
    (values.step?.includes('#') ? values.step === cell.step : cell.step.includes(values.step ?? ''));
  const lanes = Number(values.lanes ?? 6);
  // Each lane has a server, which ends with this process.
  process.setMaxListeners(process.getMaxListeners() + lanes);
  const startedAt = performance.now();
  let played = 0;
  const { steps, results } = await playMatrix(
    (known) => {
      const cells = values.slice ? sliceOf(known) : allCells(known).filter(isNamed);
      return Array.from({ length: Number(values.times ?? 1) }, () => cells).flat();
    },
    lanes,
    ({ cell, failure, ms }, of) => {
      played += 1;
      if (failure !== undefined) console.log(`FAILED ${titleOf(cell)} (${ms} ms): ${failure}\n  ${replayOf(cell)}`);
      if (played % 100 === 0)
        console.log(`${played} of ${of}, ${Math.round((performance.now() - startedAt) / 1000)} s`);
    },
  );
  for (const side of sides) {
    console.log(`\nsteps of the ${side}'s connection:`);
    for (const [kind, some] of byKind(steps[side], (step) => step)) console.log(`  ${kind}: ${some.length}`);
  }
  const fired = results.filter(({ hasFired }) => hasFired);
  const failed = results.filter(({ failure }) => failure !== undefined);
  console.log(
    `\n${results.length} cells, in ${fired.length} of them the fault happened (the other runs had no such step):`,
  );
  for (const fault of faults) console.log(`  ${fault}: ${fired.filter(({ cell }) => cell.fault === fault).length}`);
  const slow = results.toSorted((a, b) => b.ms - a.ms).slice(0, 8);
  console.log(`the longest:${slow.map(({ cell, ms }) => `\n  ${ms} ms: ${titleOf(cell)}`).join('')}`);
  console.log(`${failed.length} failed, in ${Math.round((performance.now() - startedAt) / 1000)} s`);
  process.exit(failed.length === 0 ? 0 : 1);
}

await main();
