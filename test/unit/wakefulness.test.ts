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
  wakefulness.rest();
  assert.deepEqual([watched, timers.size], [[true, false, true, false], 0]);
});
