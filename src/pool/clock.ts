/** Time, handed in so that a pool's decisions can be tested on a virtual clock. */

import { clampTimerMs } from '../future/timeouts.js';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back after `ms`; a waiting timer does not keep the process alive. Gives the way to cancel it. */
  after(ms: number, callback: () => void): () => void;
  /** Calls back every timer that is over, for a thread that blocks and so has no event loop to do it. */
  runDue(): void;
  /** Cancels every timer: the pool is no more, and must not be kept in memory by what it would have looked at later. */
  cancelAll(): void;
  /** Calls back when the current turn's own code has run. */
  soon(callback: () => void): void;
  /** Calls back in the next turn of the event loop. */
  nextTurn(callback: () => void): void;
  /** Keeps the process alive, until called with `false`. */
  keepAlive(wanted: boolean): void;
}

/** The real clock. One per pool: each holds the process by itself. */
export function systemClock(): Clock {
  let hold: NodeJS.Timeout | undefined;
  let holds = false;
  /** Then the timer that has held the process goes, too: Node would keep it, for each pool that ever was. */
  let isOver = false;
  const timers = new Set<{ readonly dueAt: number; fire(): void; cancel(): void }>();
  return {
    now: Date.now,
    after(ms, callback) {
      const fire = (): void => {
        cancel();
        callback();
      };
      const timer = setTimeout(fire, clampTimerMs(Math.max(0, ms)));
      timer.unref();
      const cancel = (): void => {
        clearTimeout(timer);
        timers.delete(entry);
      };
      const entry = { dueAt: Date.now() + ms, fire, cancel };
      timers.add(entry);
      return cancel;
    },
    runDue() {
      const now = Date.now();
      for (const timer of [...timers]) if (timer.dueAt <= now && timers.has(timer)) timer.fire();
    },
    cancelAll() {
      for (const timer of timers) timer.cancel();
      isOver = true;
      if (!holds) clearInterval(hold);
    },
    soon: queueMicrotask,
    nextTurn: setImmediate,
    keepAlive(wanted) {
      // Asked with each task: a timer is only touched when the answer changes.
      if (wanted === holds) return;
      holds = wanted;
      if (wanted) {
        if (hold === undefined || isOver) hold = setInterval(() => {}, 2 ** 31 - 1);
        else hold.ref();
      } else if (isOver) clearInterval(hold);
      else hold?.unref();
    },
  };
}
