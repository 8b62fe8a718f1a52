/** Asking the broker for something, again and again until it is done, or will never be. */

import { explained, isNobody, isPassing } from './broker-errors.js';
import { LostConnection } from './losses.js';
import { pause, unlessAborted } from './pause.js';

/** A broker that has just come back has nobody who stores for a moment, and one without the streams for ever: that takes some ten seconds to be told apart. */
const nobodyMax = 12;

export class Attempts {
  readonly #signal: AbortSignal;
  readonly #what: string;
  #made = 0;
  #nobody = 0;

  /** How many have failed. */
  get made(): number {
    return this.#made;
  }

  /**
   * Throws where it is aborted already.
   *
   * @param what the broker is to do
   */
  constructor(signal: AbortSignal, what = 'store it') {
    signal.throwIfAborted();
    this.#signal = signal;
    this.#what = what;
  }

  /**
   * One has failed: waits for a moment, or for the connection, where another may be better, throws where none will be, or it is aborted.
   *
   * @param isKnown somebody is to store it, and has not been decided on yet
   */
  async next(error: unknown, isKnown = false): Promise<void> {
    if (error instanceof LostConnection) return unlessAborted(error.back, this.#signal);
    this.#nobody = isNobody(error) && !isKnown ? this.#nobody + 1 : 0;
    const isFinal = this.#nobody > 0 ? this.#nobody > nobodyMax : !isPassing(error);
    if (isFinal) throw new Error(`the broker did not ${this.#what}: ${explained(error)}`, { cause: error });
    await this.again();
  }

  /** Waits for a moment; throws where it is aborted. */
  async again(): Promise<void> {
    await pause(Math.min(1000, 20 * 2 ** this.#made) * (0.5 + Math.random()), this.#signal);
    this.#made += 1;
    this.#signal.throwIfAborted();
  }
}
