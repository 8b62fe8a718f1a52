/** Limits of waiting. */

import type { WaitOptions } from './contract.js';

/** The limit of a wait that has none. */
export const noTimeout = Number.POSITIVE_INFINITY;

/** Checks a `timeout` in milliseconds; `Infinity` when none is set. */
export function timeoutOf(options: WaitOptions | undefined): number {
  const timeout = options?.timeout;
  if (timeout === undefined) return noTimeout;
  if (typeof timeout !== 'number')
    throw new TypeError(`timeout must be a number of milliseconds; got ${typeof timeout}`);
  if (Number.isNaN(timeout)) throw new RangeError('timeout must be a number of milliseconds; got NaN');
  return Math.max(0, timeout);
}

/** Node fires a timer of more than 2^31-1 ms at once: such a wait is as good as endless. */
export function clampTimerMs(ms: number): number {
  return Math.min(ms, 2 ** 31 - 1);
}
