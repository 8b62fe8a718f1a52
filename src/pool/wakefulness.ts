/**
 * Staying awake for an answer that is about to come.
 *
 *   asleep ──tiny tasks handed over──► awake: looks once per turn of the event loop ──nothing owed, or for too long──► asleep
 *
 * A thread that sleeps in its event loop takes 50 to 100 µs to wake up, which is most of what a lone call of a tiny task costs. So
 * while tiny tasks are owed the loop is kept turning, for a bounded number of its own turns: timers, I/O and other
 * code have theirs in between. Where that does not pay off, it is left alone for a while.
 *
 * It pays off while a core is free for it. Where all are busy, whoever looks uses its share of them up, and comes late when it is
 * needed, while a sleeper is woken at once. So both ways are measured by what lone calls take, and the quicker one is used.
 */

import type { Clock } from './clock.js';

/** About 0.3 ms. */
const turnsMax = 150;
/** After it has been for nothing, so many chances are passed over; twice as many each time, up to this. */
const passedOverMax = 64;
/** So many lone calls are made one way before the other is tried again. */
const trialEvery = 1024;
/** The first trial comes sooner, since nothing is known. */
const firstTrialAfter = 32;
/** How many lone calls a trial takes. The first does not count: the worker has waited the other way for it. */
const trialCalls = 8;
/** By how much one call moves the median that is known so far. */
const medianStep = 1.1;

export interface Watched {
  /** Told when this thread begins and ends to look by itself. */
  watch(isAwake: boolean): void;
  /** Called in each turn meanwhile. */
  look(): void;
  /** Told when idle workers are to look out for their next task, and when to sleep at once. */
  lookOut(isWanted: boolean): void;
}

export class Wakefulness {
  readonly #clock: Clock;
  readonly #on: Watched;
  #state: 'asleep' | 'awake' = 'asleep';
  #turns = 0;
  #passesOver = 0;
  #chances = 0;
  /** Whether lone calls are waited for awake. */
  #looks = true;
  /** What lone calls take, in milliseconds, by how they are waited for. */
  readonly #median = { looking: 0, sleeping: 0 };
  /** When the lone call that is owed was handed over; 0 for none. */
  #since = 0;
  #callsThisWay = 0;
  #untilTrial = firstTrialAfter;
  #trialCallsLeft = 0;

  constructor(clock: Clock, on: Watched) {
    this.#clock = clock;
    this.#on = on;
  }

  /**
   * Tiny tasks were handed over.
   *
   * @param isLone whether it is a single one, and nothing else is owed.
   */
  expectAnswer(isLone: boolean): void {
    this.#since = isLone ? performance.now() : 0;
    if (isLone) this.#chooseWay();
    if (!this.#looks) return;
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
    this.#on.watch(true);
    this.#clock.nextTurn(this.#turn);
  }

  /** An answer came. */
  answered(): void {
    if (this.#state === 'awake') this.#passesOver = 0;
    if (this.#since === 0) return;
    // The first call after a change was waited for half one way, half the other.
    if (this.#callsThisWay > 1) this.#learn(performance.now() - this.#since);
    this.#since = 0;
  }

  /** Nothing is owed any more. */
  rest(): void {
    this.#sleep();
  }

  #learn(ms: number): void {
    const way = this.#looks ? 'looking' : 'sleeping';
    const known = this.#median[way];
    this.#median[way] = known === 0 ? ms : ms > known ? known * medianStep : known / medianStep;
  }

  #chooseWay(): void {
    const { looking, sleeping } = this.#median;
    let looks = sleeping === 0 || looking <= sleeping;
    if (this.#trialCallsLeft > 0) {
      this.#trialCallsLeft -= 1;
      looks = !looks;
    } else if (--this.#untilTrial <= 0) {
      this.#untilTrial = trialEvery;
      this.#trialCallsLeft = trialCalls;
    }
    this.#callsThisWay += 1;
    if (looks === this.#looks) return;
    this.#looks = looks;
    this.#callsThisWay = 1;
    this.#on.lookOut(looks);
    if (!looks) this.#sleep();
  }

  #sleep(): void {
    if (this.#state === 'asleep') return;
    this.#state = 'asleep';
    this.#on.watch(false);
  }

  readonly #turn = (): void => {
    if (this.#state === 'asleep') return;
    this.#on.look();
    this.#turns += 1;
    if (this.#turns < turnsMax) {
      this.#clock.nextTurn(this.#turn);
      return;
    }
    this.#sleep();
    this.#passesOver = Math.min(passedOverMax, Math.max(1, this.#passesOver * 2));
  };
}
