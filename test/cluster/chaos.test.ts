import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { chaos } from './chaos.js';

test('workers, broker and submitter are killed, and every task has one outcome', { timeout: 120_000 }, async (t) => {
  const seed = Date.now();
  t.diagnostic(`seed ${seed}`);
  const report = await chaos(3_000, 1, seed);
  t.diagnostic(JSON.stringify(report));
  assert.ok(report.extraStarts >= 0);
});
