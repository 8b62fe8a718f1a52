/**
 * How many tasks travel in one message.
 *
 * A message costs the broker far more than one more task in it; tasks in one message can't be shared between machines. So a message holds
 * about {@link batchMs} of work, and no more than what a slot's share of the queue is. As long as nothing is known of how long tasks take, each
 * goes alone, a few of them: the outcome of the first tells.
 */

import { Allowance } from '../pool/allowance.js';

/** Several times what a message takes on its way, and too little for anyone to notice who waits behind it. */
const batchMs = 20;
const batchMax = 512;
/** When nothing has come back after this long, tasks are not tiny, or there are no workers yet: they go out one by one, to be stored. */
const probeMs = 30;

export class BatchSize {
  readonly #allowance = new Allowance('auto');
  readonly #now: () => number;
  #probingSince: number | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  measured(ms: number): void {
    this.#allowance.measured(ms);
  }

  /** How many of `queued` tasks go into the next message, where `inFlight` are on their way and the workers have that many slots; 0 to wait. */
  next(queued: number, inFlight: number, slots: number): number {
    const { typicalMs } = this.#allowance;
    if (typicalMs === 0) return this.#probe(inFlight, slots);
    const share = Math.ceil(queued / slots);
    return Math.max(1, Math.min(Math.floor(batchMs / typicalMs), batchMax, share));
  }

  /** How long to wait where `next` said so. */
  get waitMs(): number {
    return Math.max(0, (this.#probingSince ?? 0) + probeMs - this.#now());
  }

  #probe(inFlight: number, slots: number): number {
    this.#probingSince ??= this.#now();
    return inFlight < slots || this.waitMs === 0 ? 1 : 0;
  }
}
