/**
 * How many tasks a worker may hold at a time.
 *
 * A message costs far more than one more task in it, so tiny tasks are handed over many at a time; a task that waits
 * behind another can't use a worker that becomes free, so long tasks are handed over one by one. The measure is
 * how long tasks take lately: a worker holds about {@link aheadMs} of work.
 *
 * That measure is what six out of seven tasks do not exceed: it goes up far and down little at a time. So one long task among
 * fifty short ones does not turn batching off, which would cost more than what waits behind it, and is taken back in time.
 */

/** Work to hold ahead, in milliseconds: several message round trips (0.05 to 0.1 ms), and too little for anyone to notice. */
const aheadMs = 8;
/** No more than this in one hand, however tiny the tasks: beyond it the message no longer gets cheaper per task. */
const allowanceMax = 256;
const tinyMs = 0.1;
/** By what one measurement moves the measure, at most. The two give the share that it is to be exceeded by: 0.22 ÷ 1.6. */
const steps = { up: 4, down: 1.25 };
/** What is shorter can't be told from nothing. */
const leastMs = 0.001;

export class Allowance {
  readonly #cap: number;
  #typicalMs: number | undefined;

  /** @param prefetch how many tasks a worker may hold beyond the one that it runs. */
  constructor(prefetch: 'auto' | number) {
    this.#cap = prefetch === 'auto' ? allowanceMax : Math.min(prefetch + 1, allowanceMax);
  }

  /** A task took that long. */
  measured(runMs: number): void {
    const ms = Math.max(runMs, leastMs);
    const known = this.#typicalMs;
    if (known === undefined) this.#typicalMs = ms;
    else if (ms > known) this.#typicalMs = Math.min(ms, known * steps.up);
    else this.#typicalMs = Math.max(ms, known / steps.down);
  }

  /** How long a task takes lately, in milliseconds; 0 until tasks have been measured. */
  get typicalMs(): number {
    return this.#typicalMs ?? 0;
  }

  /** Whether a task lately takes less time than it takes to wake up for its answer. */
  get isTiny(): boolean {
    return this.#typicalMs !== undefined && this.#typicalMs < tinyMs;
  }

  /** One until tasks have been measured, then at least two: the next one is there when a long one ends. */
  get tasks(): number {
    if (this.#typicalMs === undefined) return 1;
    return Math.min(this.#cap, Math.max(2, Math.floor(aheadMs / this.#typicalMs)));
  }

  /** How long a worker is busy with all that it may hold, in milliseconds: less than {@link aheadMs} where tasks are tiny. */
  get handMs(): number {
    return this.tasks * this.typicalMs;
  }
}
