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
  /** Since when the task runs; `undefined` when it is not the last one that was started. */
  runningSince(seq: number): RunningSince | undefined;
}

/** How far a started task is. */
export interface RunningSince {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** Whether the worker is still loading the task's module, which does not count as its run time. */
  readonly isLoading: boolean;
}

/** The worker's side. */
export interface Claimant {
  /** Starts a task, with the loading of its module where it has to be; `false` when it was revoked and must not run. */
  claim(seq: number, isLoading: boolean): boolean;
  /** The task's module is loaded: its run time starts now. */
  loaded(): void;
}

/** One number says both: a time is negative while the module is being loaded. */
export function encodeSince(isLoading: boolean): number {
  return isLoading ? -Date.now() : Date.now();
}

export function decodeSince(word: number): RunningSince {
  return { atMs: Math.abs(word), isLoading: word < 0 };
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

  claim(seq: number, isLoading: boolean): boolean {
    if (Atomics.load(this.#words, seq % ringSize) === revoked) return false;
    // Time first: whoever sees the started word sees the time that belongs to it.
    this.#seqAndTime[1] = encodeSince(isLoading);
    this.#seqAndTime[0] = seq;
    return Atomics.compareExchange(this.#words, seq % ringSize, pending, started) === pending;
  }

  loaded(): void {
    this.#seqAndTime[1] = encodeSince(false);
  }

  runningSince(seq: number): RunningSince | undefined {
    if (!this.hasStarted(seq) || this.#seqAndTime[0] !== seq) return undefined;
    return decodeSince(this.#seqAndTime[1] as number);
  }
}
