/** How many tasks a worker may hold, for any run of measurements. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { Allowance } from '../../src/pool/allowance.js';

const options = { timeout: 30_000 };
const runMs = fc.oneof(
  fc.double({ min: 0, max: 0.1, noNaN: true }),
  fc.double({ min: 0, max: 100, noNaN: true }),
  fc.constantFrom(0, 1e-9, 1, 2, 1e9),
);
const history = fc.array(runMs, { maxLength: 50 });
const prefetch = fc.oneof(fc.constant('auto' as const), fc.nat(1000), fc.constant(Number.POSITIVE_INFINITY));

function after(measurements: readonly number[], cap: 'auto' | number = 'auto'): Allowance {
  const allowance = new Allowance(cap);
  for (const ms of measurements) allowance.measured(ms);
  return allowance;
}

test('before any task was measured, a worker holds one', options, () => {
  fc.assert(fc.property(prefetch, (cap) => assert.equal(after([], cap).tasks, 1)));
});

test('an allowance is a whole number from 1 to 256, and never over the cap and the running task', options, () => {
  fc.assert(
    fc.property(history, prefetch, (measurements, cap) => {
      const { tasks } = after(measurements, cap);
      assert.ok(Number.isInteger(tasks));
      assert.ok(tasks >= 1);
      assert.ok(tasks <= (cap === 'auto' ? 256 : Math.min(cap + 1, 256)));
    }),
  );
});

test('with no prefetch a worker holds the task that it runs and no other', options, () => {
  fc.assert(fc.property(history, (measurements) => assert.equal(after(measurements, 0).tasks, 1)));
});

test('a cap changes nothing below it', options, () => {
  fc.assert(
    fc.property(history, fc.nat(300), (measurements, cap) => {
      assert.equal(after(measurements, cap).tasks, Math.min(after(measurements).tasks, cap + 1));
    }),
  );
});

test('tasks that all take the same time get as many places as fill eight milliseconds', options, () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 10, noNaN: true }), fc.integer({ min: 1, max: 20 }), (ms, times) => {
      const { tasks } = after(new Array<number>(times).fill(ms));
      assert.equal(tasks, Math.max(2, Math.min(256, Math.floor(8 / ms))));
    }),
  );
});

test('of tasks that turn long, soon only the next is handed over ahead', options, () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 0.2, noNaN: true })), (tiny) => {
      assert.equal(after([...tiny, ...new Array<number>(8).fill(1000)]).tasks, 2);
    }),
  );
});

test('a long task now and then among short ones changes little', options, () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 100 }), fc.integer({ min: 1, max: 5 }), (every, rounds) => {
      const round = [...new Array<number>(every - 1).fill(0.2), 20];
      const history = new Array(rounds).fill(round).flat() as number[];
      assert.ok(after(history).tasks >= 5);
    }),
  );
});

test('after a long task, tiny ones win the allowance back, but not the first of them', options, () => {
  fc.assert(
    fc.property(fc.double({ min: 10, max: 1e4, noNaN: true }), (long) => {
      assert.equal(after([long, 0.001]).tasks, 2);
      assert.equal(after([long, ...new Array<number>(200).fill(0.001)]).tasks, 256);
    }),
  );
});

test('a longer measurement never makes the allowance larger', options, () => {
  fc.assert(
    fc.property(history, runMs, runMs, (measurements, one, other) => {
      const [short, long] = [Math.min(one, other), Math.max(one, other)];
      assert.ok(after([...measurements, long]).tasks <= after([...measurements, short]).tasks);
    }),
  );
});

test('of the tiniest tasks a worker may hold many, and is done with them long before it would be with others', () => {
  const tiny = after([0.001, 0.001]);
  assert.deepEqual([tiny.tasks, tiny.handMs], [256, 0.256]);
  const short = after([0.5, 0.5]);
  assert.deepEqual([short.tasks, short.handMs], [16, 8]);
});
