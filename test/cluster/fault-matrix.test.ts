/** A slice of the fault matrix, which `npm run cluster-matrix` plays as a whole. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { type Cell, faults, replayOf, sides, sliceOf } from './fault-matrix/cells.js';
import { playMatrix } from './fault-matrix/play.js';

/** What once had a task fail, or left it without an outcome. */
const once: readonly Cell[] = [
  { fault: 'cut', side: 'submitter', when: 'after', step: '> subscribe presence #1' },
  { fault: 'silence', side: 'submitter', when: 'before', step: '> stream info results #1' },
  { fault: 'kill-broker', side: 'submitter', when: 'after', step: '< chunk: answer #2' },
];

test("a fault at every kind of message of a task's life: each task has one outcome, and what comes later works", {
  timeout: 600_000,
}, async (t) => {
  const { results } = await playMatrix(
    (steps) => [...sliceOf(steps), ...once],
    4,
    ({ cell, failure }) => {
      if (failure !== undefined) t.diagnostic(`${replayOf(cell)}: ${failure}`);
    },
  );
  const failed = results.filter(({ failure }) => failure !== undefined).map(({ cell }) => replayOf(cell));
  assert.deepEqual(failed, []);
  const fired = results.filter(({ hasFired }) => hasFired).map(({ cell }) => cell);
  t.diagnostic(`${fired.length} faults in ${results.length} runs`);
  for (const fault of faults) assert.ok(fired.some((cell) => cell.fault === fault));
  for (const side of sides) assert.ok(fired.some((cell) => cell.side === side));
});
