/**
 * Who has a handed-over task: the worker that claims it, or the executor that takes it back?
 *
 *   pending ──worker: claim──► started
 *      └─────executor: revoke──► revoked
 *
 * Each task has one shared word, in a ring indexed by its sequence number; a compare-and-swap moves it, so exactly one
 * side wins. A worker holds fewer unanswered tasks than the ring has places, and the executor sets a word to pending
 * before it hands the task over, so a place is never in use twice.
 *
 * Next to the ring stand the number of the task that runs and when it started, so that the executor can tell how long
 * a task has been running without a message per start.
 */

/** The places of the ring; more unanswered tasks than this are never with one worker. */
export const ringSize = 1024;

const pending = 0;
const started = 1;
const revoked = 2;

/** The executor's side. */
export interface Claims {
  /** Prepares a task's word, before the task is handed over. */
  offer(seq: number): void;
  /** Takes a task back; `false` when the worker may have started it. */
  revoke(seq: number): boolean;
  /** Whether the worker has started the task. */
  hasStarted(seq: number): boolean;
  /** When the running task started, in milliseconds since the epoch; `undefined` when `seq` is not the last started. */
  startedAtMs(seq: number): number | undefined;
}

/** The worker's side. */
export interface Claimant {
  /** Starts a task; `false` when it was revoked and must not run. */
  claim(seq: number): boolean;
}

/** Both sides over shared memory, for threads and for the calling thread itself. */
export class SharedClaims implements Claims, Claimant {
  static readonly byteLength = 16 + ringSize * 4;
  readonly #words: Int32Array;
  readonly #seqAndTime: Float64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#seqAndTime = new Float64Array(buffer, 0, 2);
    this.#words = new Int32Array(buffer, 16, ringSize);
  }

  offer(seq: number): void {
    Atomics.store(this.#words, seq % ringSize, pending);
  }

  revoke(seq: number): boolean {
    return Atomics.compareExchange(this.#words, seq % ringSize, pending, revoked) === pending;
  }

  hasStarted(seq: number): boolean {
    return Atomics.load(this.#words, seq % ringSize) === started;
  }

  claim(seq: number): boolean {
    if (Atomics.load(this.#words, seq % ringSize) === revoked) return false;
    // Time first: whoever sees the started word sees the time that belongs to it.
    this.#seqAndTime[1] = Date.now();
    this.#seqAndTime[0] = seq;
    return Atomics.compareExchange(this.#words, seq % ringSize, pending, started) === pending;
  }

  startedAtMs(seq: number): number | undefined {
    if (!this.hasStarted(seq) || this.#seqAndTime[0] !== seq) return undefined;
    return this.#seqAndTime[1];
  }
}
