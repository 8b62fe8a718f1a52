/**
 * Tells when work has been stuck for so long: a task that runs on and on, or a pool in which nothing is finished any more.
 * Each is told once.
 */

import type { Clock } from './clock.js';
import type { WorkerSlot } from './slot.js';

export interface StuckWork {
  readonly slots: Iterable<WorkerSlot>;
  /** Whether there is anything that is not done. */
  isPending(): boolean;
  /** How many tasks have been done so far. */
  done(): number;
  /** What to tell. */
  explain(): string;
}

export class Stuck {
  readonly #clock: Clock;
  readonly #afterMs: number;
  readonly #work: StuckWork;
  #isDue = false;
  /** How many tasks had been done at the last look, and when it was last told that no more are. */
  #doneBefore = 0;
  #toldAt = -1;
  /** The tasks of which it was told, by worker. */
  readonly #told = new WeakMap<WorkerSlot, number>();

  constructor(clock: Clock, afterMs: number, work: StuckWork) {
    this.#clock = clock;
    this.#afterMs = afterMs;
    this.#work = work;
  }

  /** From now on, for as long as anything is pending. */
  watch(): void {
    if (this.#isDue || !Number.isFinite(this.#afterMs)) return;
    this.#isDue = true;
    this.#doneBefore = this.#work.done();
    this.#waitAndLook();
  }

  #waitAndLook(): void {
    this.#clock.after(this.#afterMs, () => this.#look());
  }

  #look(): void {
    if (!this.#work.isPending()) {
      this.#isDue = false;
      return;
    }
    const done = this.#work.done();
    // How long a worker may take to start is another limit's business.
    const isStarting = [...this.#work.slots].some((slot) => slot.state === 'starting');
    const isStill = !isStarting && done === this.#doneBefore && done !== this.#toldAt;
    const isLong = this.#someRunsTooLong(isStill);
    if (isStill || isLong) {
      const text = `work has been stuck for ${this.#afterMs} ms (stuckAfter)`;
      process.emitWarning(text, { type: 'StuckWork', code: 'CF_STUCK', detail: this.#work.explain() });
    }
    if (isStill || isLong) this.#toldAt = done;
    this.#doneBefore = isStarting ? -1 : done;
    this.#waitAndLook();
  }

  /** @param isTold whether all that there is is told of anyway. */
  #someRunsTooLong(isTold: boolean): boolean {
    let isNews = false;
    for (const slot of this.#work.slots) {
      const since = slot.runningSince;
      const isLong = since !== undefined && this.#clock.now() - since.atMs >= this.#afterMs;
      // What it holds and has not started is part of what is told, too.
      if (isTold ? slot.isIdle : !isLong) continue;
      if (this.#told.get(slot) !== slot.nextSeq) isNews = true;
      this.#told.set(slot, slot.nextSeq);
    }
    return isNews;
  }
}
