/** How many workers may die by themselves and be replaced within a minute: the option `maxRestarts`. */

import type { Clock } from './clock.js';

const minuteMs = 60_000;

export class Restarts {
  readonly #max: number;
  readonly #clock: Clock;
  #deaths: number[] = [];

  constructor(max: number, clock: Clock) {
    this.#max = max;
    this.#clock = clock;
  }

  /** Counts a death; whether with it there were more than may be replaced. */
  isOneTooMany(): boolean {
    if (!Number.isFinite(this.#max)) return false;
    const now = this.#clock.now();
    this.#deaths = [...this.#deaths.filter((at) => at > now - minuteMs), now];
    return this.#deaths.length > this.#max;
  }

  /** Why nothing runs any more, for the error. */
  explain(namePrefix: string): string {
    return (
      `${this.#deaths.length} workers of ${namePrefix} have died within a minute, and ${this.#max} may be replaced ` +
      '(maxRestarts): find out what ends them, or allow more; the last'
    );
  }
}
