/**
 * Staying awake for an answer that is about to come.
 *
 * A thread that sleeps in its event loop takes 50 to 100 µs to wake up, which is most of what a lone call of a tiny task costs. So
 * while tiny tasks are owed the loop is kept turning, for a bounded number of its own turns: timers, I/O and other
 * code have theirs in between. Where that does not pay off, it is left alone for a while.
 */

import type { Clock } from './clock.js';

/** About 0.3 ms. */
const turnsMax = 150;
/** After it has been for nothing, so many chances are passed over; twice as many each time, up to this. */
const passedOverMax = 64;

export class Wakefulness {
  readonly #clock: Clock;
  readonly #watch: (isAwake: boolean) => void;
  readonly #look: () => void;
  #state: 'asleep' | 'awake' = 'asleep';
  #turns = 0;
  #passesOver = 0;
  #chances = 0;

  /**
   * @param watch told when this thread begins and ends to look by itself.
   * @param look called in each turn meanwhile.
   */
  constructor(clock: Clock, watch: (isAwake: boolean) => void, look: () => void) {
    this.#clock = clock;
    this.#watch = watch;
    this.#look = look;
  }

  /** Tiny tasks were handed over. */
  expectAnswer(): void {
    if (this.#state === 'awake') {
      this.#turns = 0;
      return;
    }
    if (this.#chances < this.#passesOver) {
      this.#chances += 1;
      return;
    }
    this.#chances = 0;
    this.#turns = 0;
    this.#state = 'awake';
    this.#watch(true);
    this.#clock.nextTurn(this.#turn);
  }

  /** An answer came. */
  answered(): void {
    if (this.#state === 'awake') this.#passesOver = 0;
  }

  /** Nothing is owed any more. */
  rest(): void {
    this.#sleep();
  }

  #sleep(): void {
    if (this.#state === 'asleep') return;
    this.#state = 'asleep';
    this.#watch(false);
  }

  readonly #turn = (): void => {
    if (this.#state === 'asleep') return;
    this.#look();
    this.#turns += 1;
    if (this.#turns < turnsMax) {
      this.#clock.nextTurn(this.#turn);
      return;
    }
    this.#sleep();
    this.#passesOver = Math.min(passedOverMax, Math.max(1, this.#passesOver * 2));
  };
}
