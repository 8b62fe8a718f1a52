/**
 * How a process looks out for its next task: a pipe can't be asked without the event loop, so the loop keeps turning for a moment
 * instead of sleeping.
 *
 *   asleep in its event loop ──message──► running ──lone call answered──► turning ──message──► running
 *                    ▲                                                       └──nothing came──┐
 *                    └─────────────────────────────────────────────────────────────────────────┘
 *
 * To wake a sleeping process takes its parent 15 µs of the write alone. The parent says when a call is one that it awaits awake,
 * with nothing else owed: then both have a core for it.
 */

import { Chances } from './chances.js';
import { lookMs } from './look-out.js';

export class Turning {
  readonly #chances = new Chances();
  #until = 0;
  #isTurning = false;

  /** A message is here. */
  onMessage(): void {
    if (!this.#isTurning) return;
    this.#chances.learn(true);
    // The turn that is due ends it, unless it begins anew until then.
    this.#until = 0;
  }

  /** A lone call is answered. */
  begin(): void {
    if (!this.#chances.take()) return;
    this.#until = performance.now() + lookMs;
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    if (performance.now() < this.#until) {
      setImmediate(this.#turn);
      return;
    }
    this.#isTurning = false;
    if (this.#until > 0) this.#chances.learn(false);
  };
}
