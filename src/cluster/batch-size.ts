/**
 * How many tasks travel in one message.
 *
 * A message costs the broker far more than one more task in it; tasks in one message can't be shared between machines. So a message holds
 * about {@link batchMs} of work, and no more than what a slot's share of the queue is where that is worth a message. As long as nothing is known of how long tasks of a function
 * take, each goes alone, a few of them: the outcome of the first tells.
 */

import type { Task } from '../pool/task.js';
import { TaskLengths } from './task-lengths.js';

/** Several times what a message takes on its way, and too little for anyone to notice who waits behind it. */
const batchMs = 20;
const batchMax = 512;
/** As much as a message costs all sides: to share out less among more workers costs more than it gains. */
const worthMs = 1;
/** When nothing has come back after this long, tasks are not tiny, or there are no workers yet: they go out one by one, to be stored. */
const probeMs = 30;

export class BatchSize {
  readonly #lengths = new TaskLengths();
  readonly #now: () => number;
  /** The function that is next and not known, and since when. */
  #probing: { readonly name: string; readonly since: number } | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  measured(name: string, ms: number): void {
    this.#lengths.measured(name, ms);
  }

  /**
   * Whether a task of that function may go into the message that has `count` tasks of `ms` milliseconds in all, where each slot's share of the
   * queue is so many tasks; gives its own milliseconds, `undefined` where it is for another message.
   */
  fits(name: string, count: number, ms: number, share: number): number | undefined {
    const typicalMs = this.#lengths.typicalMs(name);
    if (count === 0) return typicalMs;
    const isShared = count >= share && ms >= worthMs;
    const isFull = count >= batchMax || isShared || ms + typicalMs > batchMs;
    // Of a task of which nothing is known, all others are kept away.
    return isFull || ms === 0 || typicalMs === 0 ? undefined : typicalMs;
  }

  /** Whether a task of that function is to wait, where `inFlight` are on their way and the workers have that many slots: until others of it are measured. */
  waits(name: string, inFlight: number, slots: number): boolean {
    if (this.#lengths.typicalMs(name) > 0) return false;
    if (this.#probing?.name !== name) this.#probing = { name, since: this.#now() };
    return inFlight >= slots && this.waitMs > 0;
  }

  /** Whether it takes about as long as a message. */
  isShort({ handle }: Task): boolean {
    const typicalMs = this.#lengths.typicalMs(handle.name);
    return typicalMs > 0 && typicalMs <= worthMs;
  }

  /** How long it is to wait. */
  get waitMs(): number {
    return Math.max(0, (this.#probing?.since ?? 0) + probeMs - this.#now());
  }
}
