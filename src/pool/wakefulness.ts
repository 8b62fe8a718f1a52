/**
 * Staying awake for an answer that is about to come.
 *
 *   asleep ──tiny tasks handed over──► awake: looks once per turn of the event loop ──nothing owed, or for too long──► asleep
 *      └─────short tasks, and more are queued──► dozing: looks every two milliseconds ──nothing is queued──► asleep
 *
 * Workers ring while this thread sleeps and anything is owed. With nothing owed there is nothing to ring for, so that they are told
 * only once tasks are handed over asleep: to tell a process costs two system calls, of which a lone call has few.
 *
 * A thread that sleeps in its event loop takes 50 to 100 µs to wake up, which is most of what a lone call of a tiny task costs. So
 * while tiny tasks are owed the loop is kept turning, for a bounded number of its own turns from one answer to the next: timers, I/O and
 * other code have theirs in between.
 *
 * It pays off while a core is free for it. Where all are busy, whoever looks uses its share of them up, and comes late when it is
 * needed, while a sleeper is woken at once. So both ways are measured by what lone calls take, and the quicker one is used.
 *
 * Where workers have enough in hand and more is queued, nobody gains by an outcome that is seen at once, and to be woken for each costs
 * a twentieth of what a task of a millisecond takes. So outcomes are seen by the handful, at most two milliseconds late.
 */

import type { Clock } from './clock.js';

/** About 0.1 ms. Where the kernel has the worker wait for this very core, it runs when this is over. */
const turnsMax = 40;
/** A quarter of what a worker holds ahead: it has not run dry by then. */
export const dozeMs = 2;
/** So many lone calls are made one way before the other is tried again. */
const trialEvery = 1024;
/** The first trial comes sooner, since nothing is known. */
const firstTrialAfter = 32;
/** A call that comes so long after the last answer is not one of a row that is awaited one by one. */
const apartMs = 1;
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
  #state: 'asleep' | 'dozing' | 'awake' = 'asleep';
  /** Whether workers were told that they need not ring. */
  #isWatching = false;
  /** Since the last answer. */
  #turns = 0;
  #turnIsDue = false;
  /** Whether lone calls are waited for awake. */
  #looks = true;
  /** What lone calls take, in milliseconds, by how they are waited for. */
  readonly #median = { looking: 0, sleeping: 0 };
  #seesAnswer = false;
  #cancelLook: (() => void) | undefined;
  /** When the lone call that is owed was handed over; 0 for none. */
  #since = 0;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #callsThisWay = 0;
  #untilTrial = firstTrialAfter;
  #trialCallsLeft = 0;

  constructor(clock: Clock, on: Watched) {
    this.#clock = clock;
    this.#on = on;
  }

  /** Whether a lone call is waited for awake if it is made now. */
  get awaitsLone(): boolean {
    return this.#looks && !this.#isApart();
  }

  /**
   * Tiny tasks were handed over.
   *
   * @param isLone whether it is a single one, and nothing else is owed.
   */
  expectAnswer(isLone: boolean): void {
    if (!this.#staysAwake(isLone)) this.expectRing();
  }

  /** Tasks were handed over whose answers are not waited for awake. */
  expectRing(): void {
    if (this.#state === 'asleep') this.#watch(false);
  }

  /** One now and then: its worker sleeps, so to stay awake for it would cost more than it saves. */
  #isApart(nowMs = performance.now()): boolean {
    return this.#state === 'asleep' && nowMs - this.#answeredAt > apartMs;
  }

  #staysAwake(isLone: boolean): boolean {
    this.#since = 0;
    if (isLone) {
      const now = performance.now();
      if (this.#isApart(now)) return false;
      this.#since = now;
      this.#chooseWay();
    }
    if (!this.#looks) return false;
    this.#turns = 0;
    if (this.#state !== 'awake') {
      this.#becomes('awake');
      this.#turnLater();
    }
    return true;
  }

  /** Every worker has work for some milliseconds, and more is queued. */
  doze(): void {
    if (this.#state !== 'asleep') return;
    this.#becomes('dozing');
    this.#lookLater();
  }

  /** Nothing is queued any more: the next outcomes are waited for. */
  endDoze(): void {
    if (this.#state === 'dozing') this.#becomes('asleep');
  }

  /** An answer came. */
  answered(): void {
    this.#seesAnswer = true;
    this.#turns = 0;
    this.#answeredAt = performance.now();
    if (this.#since === 0) return;
    // The first call after a change was waited for half one way, half the other.
    if (this.#callsThisWay > 1) this.#learn(this.#answeredAt - this.#since);
    this.#since = 0;
  }

  sleep(): void {
    this.#becomes('asleep');
  }

  /** Nothing is owed any more. */
  rest(): void {
    this.#enter('asleep');
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
    if (!looks) this.#becomes('asleep');
  }

  #becomes(state: 'asleep' | 'dozing' | 'awake'): void {
    this.#enter(state);
    this.#watch(state !== 'asleep');
  }

  #enter(state: 'asleep' | 'dozing' | 'awake'): void {
    this.#state = state;
    this.#cancelLook?.();
    this.#cancelLook = undefined;
  }

  #watch(isWatching: boolean): void {
    if (isWatching === this.#isWatching) return;
    this.#isWatching = isWatching;
    this.#on.watch(isWatching);
  }

  #lookLater(): void {
    this.#seesAnswer = false;
    this.#cancelLook = this.#clock.after(dozeMs, () => {
      this.#on.look();
      if (this.#state !== 'dozing') return;
      // In vain: tasks take longer by now.
      if (this.#seesAnswer) this.#lookLater();
      else this.#becomes('asleep');
    });
  }

  /** Asleep and awake again meanwhile, it is still one turn of the loop after the other. */
  #turnLater(): void {
    if (this.#turnIsDue) return;
    this.#turnIsDue = true;
    this.#clock.nextTurn(this.#turn);
  }

  readonly #turn = (): void => {
    this.#turnIsDue = false;
    if (this.#state !== 'awake') return;
    this.#on.look();
    this.#turns += 1;
    if (this.#turns < turnsMax) this.#turnLater();
    else this.#becomes('asleep');
  };
}
