/** When a pool's thread looks for outcomes by itself, on a clock that the test moves. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Clock } from '../../src/pool/clock.js';
import { Wakefulness } from '../../src/pool/wakefulness.js';

function make() {
  const timers = new Set<() => void>();
  const clock: Clock = {
    now: () => 0,
    after(_ms, callback) {
      timers.add(callback);
      return () => timers.delete(callback);
    },
    runDue() {},
    soon: queueMicrotask,
    nextTurn() {},
    keepAlive() {},
    cancelAll() {},
  };
  const watched: boolean[] = [];
  const counts = { looks: 0 };
  const wakefulness: Wakefulness = new Wakefulness(clock, {
    watch: (isAwake) => watched.push(isAwake),
    look: () => {
      counts.looks += 1;
      if (counts.looks < 3) wakefulness.answered();
    },
    lookOut() {},
  });
  /** Lets the time of one doze pass. */
  const pass = (): void => {
    const due = [...timers];
    timers.clear();
    for (const callback of due) callback();
  };
  return { wakefulness, watched, counts, pass, timers };
}

test('a doze goes on while looks find answers, and workers ring again after one in vain', () => {
  const { wakefulness, watched, counts, pass, timers } = make();
  wakefulness.doze();
  assert.deepEqual(watched, [true]);
  pass();
  pass();
  assert.deepEqual([counts.looks, watched], [2, [true]]);
  pass();
  assert.deepEqual([counts.looks, watched], [3, [true, false]]);
  assert.equal(timers.size, 0);
});

test('a doze that ends leaves no timer, and the next one looks once each time', () => {
  const { wakefulness, watched, counts, pass, timers } = make();
  wakefulness.doze();
  wakefulness.endDoze();
  assert.deepEqual([watched, timers.size], [[true, false], 0]);
  wakefulness.doze();
  wakefulness.doze();
  assert.equal(timers.size, 1);
  pass();
  assert.equal(counts.looks, 1);
  wakefulness.sleep();
  assert.deepEqual([watched, timers.size], [[true, false, true, false], 0]);
});

test('with nothing owed workers are told nothing, and they ring again once tasks are handed over that are waited for asleep', () => {
  const { wakefulness, watched, timers } = make();
  wakefulness.expectAnswer(false);
  wakefulness.rest();
  wakefulness.expectAnswer(false);
  wakefulness.rest();
  assert.deepEqual([watched, timers.size], [[true], 0]);
  wakefulness.expectRing();
  assert.deepEqual(watched, [true, false]);
  // While others are waited for awake, nobody need ring for these either.
  wakefulness.expectAnswer(false);
  wakefulness.expectRing();
  assert.deepEqual(watched, [true, false, true]);
});

test('a lone call that comes long after the last one is waited for asleep', () => {
  const { wakefulness, watched } = make();
  assert.equal(wakefulness.awaitsLone, false);
  wakefulness.expectAnswer(true);
  assert.deepEqual(watched, []);
  wakefulness.answered();
  assert.equal(wakefulness.awaitsLone, true);
  wakefulness.expectAnswer(true);
  assert.deepEqual(watched, [true]);
});
