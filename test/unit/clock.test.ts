/** The real clock leaves nothing behind: Node keeps a timer that is not cleared, with all that it refers to, until its time is over. */

import { deepEqual, equal } from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { systemClock } from '../../src/pool/clock.js';

describe('the timer that keeps the process alive for a pool', () => {
  const running = new Set<unknown>();

  beforeEach(() => {
    running.clear();
    const { setInterval: set, clearInterval: clear } = globalThis;
    mock.method(globalThis, 'setInterval', (...args: Parameters<typeof set>) => {
      const timer = set(...args);
      running.add(timer);
      return timer;
    });
    mock.method(globalThis, 'clearInterval', (timer: Parameters<typeof clear>[0]) => {
      running.delete(timer);
      clear(timer);
    });
  });
  afterEach(() => mock.restoreAll());

  test('is there once for all of its tasks, and gone with the pool', () => {
    const clock = systemClock();
    for (const wanted of [true, false, true, false]) clock.keepAlive(wanted);
    equal(running.size, 1);
    clock.cancelAll();
    deepEqual([...running], []);
  });

  test('is gone also where somebody still waits for the end of the pool', () => {
    const clock = systemClock();
    clock.keepAlive(true);
    clock.cancelAll();
    equal(running.size, 1);
    clock.keepAlive(false);
    deepEqual([...running], []);
  });
});
