/** Those who wait for something to happen, each with a limit of its own. */

import { clampTimerMs } from './timeouts.js';

export class Waiters {
  #wakes: (() => void)[] = [];

  /** Resolves at the next {@link wake}, or when `limitMs` have passed. */
  wait(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(limitMs) ? setTimeout(resolve, clampTimerMs(limitMs)) : undefined;
      this.#wakes.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  wake(): void {
    if (this.#wakes.length === 0) return;
    for (const wake of this.#wakes.splice(0)) wake();
  }
}
