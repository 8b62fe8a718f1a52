/**
 * How many tasks a worker may hold at a time.
 *
 * A message costs far more than one more task in it, so tiny tasks are handed over many at a time; a task that waits
 * behind another can't use a worker that becomes free, so long tasks are handed over one by one. The measure is
 * how long tasks take lately: a worker holds about {@link aheadMs} of work.
 */

/** Work to hold ahead, in milliseconds: several message round trips (0.05 to 0.1 ms), and too little for anyone to notice. */
const aheadMs = 2;
/** No more than this in one hand, however tiny the tasks: beyond it the message no longer gets cheaper per task. */
const allowanceMax = 256;
const tinyMs = 0.1;
/** The weight of the newest measurement in the running average. */
const newestWeight = 0.2;

export class Allowance {
  readonly #cap: number;
  #averageMs: number | undefined;

  /** @param prefetch how many tasks a worker may hold beyond the one that it runs. */
  constructor(prefetch: 'auto' | number) {
    this.#cap = prefetch === 'auto' ? allowanceMax : Math.min(prefetch + 1, allowanceMax);
  }

  /** A task took that long. A long one counts at once, short ones have to show themselves. */
  measured(runMs: number): void {
    const before = this.#averageMs;
    if (before === undefined || runMs > before * 8) this.#averageMs = runMs;
    else this.#averageMs = before + (runMs - before) * newestWeight;
  }

  /** Whether a task lately takes less time than it takes to wake up for its answer. */
  get isTiny(): boolean {
    return this.#averageMs !== undefined && this.#averageMs < tinyMs;
  }

  /** One until tasks have been measured. */
  get tasks(): number {
    if (this.#averageMs === undefined) return 1;
    return Math.max(1, Math.min(this.#cap, Math.floor(aheadMs / Math.max(this.#averageMs, 0.001))));
  }
}
