/** What a thread worker is started with, under this key of its `workerData`. */

import type { MessagePort } from 'node:worker_threads';

export const threadDataKey = 'concurrent-futures';

export interface ThreadData {
  readonly port: MessagePort;
  readonly claims: SharedArrayBuffer;
  /** See outcomes.ts. */
  readonly outcomes: SharedArrayBuffer;
  /** See {@link PoolWords}. */
  readonly pool: SharedArrayBuffer;
  /** See {@link MailWords}. */
  readonly mail: SharedArrayBuffer;
  /** How many threads can run at a time on this machine. */
  readonly cores: number;
  /** See {@link LifeWords}. */
  readonly life: SharedArrayBuffer;
  /** `true`: what is printed is dropped. Done in the worker, since a parent that reads its streams is kept alive by them. */
  readonly stdout: boolean | 'stderr';
  readonly stderr: boolean;
}

/**
 * Signs of life that can be read while the event loop stands still.
 *
 * A worker opens a file and writes the descriptor down. Node closes what a thread has opened when the thread ends,
 * for whatever reason (https://nodejs.org/api/worker_threads.html#new-workerfilename-options, trackUnmanagedFds), so
 * a descriptor that is no longer open is a worker that no longer lives. It writes its exit code down where it can.
 */
export class LifeWords {
  static readonly byteLength = 8;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
  }

  /** The open descriptor, or `undefined` before the worker has started. */
  get descriptor(): number | undefined {
    const value = Atomics.load(this.#words, 0);
    return value === 0 ? undefined : value - 1;
  }

  set descriptor(value: number) {
    Atomics.store(this.#words, 0, value + 1);
  }

  /** `undefined` when the worker ended without running its exit handlers: out of memory, or terminated. */
  get exitCode(): number | undefined {
    const value = Atomics.load(this.#words, 1);
    return value === 0 ? undefined : value - 1;
  }

  set exitCode(value: number) {
    Atomics.store(this.#words, 1, value + 1);
  }
}

/** What all workers of a pool share. */
export class PoolWords {
  static readonly byteLength = 12;
  readonly #words: Int32Array;
  #seen = 0;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
  }

  /** A worker has sent something: wakes a reader that blocks. */
  stir(): void {
    Atomics.add(this.#words, 0, 1);
    Atomics.notify(this.#words, 0);
  }

  /** Blocks until a worker has sent something since the last call returned. */
  waitForStir(timeoutMs: number): void {
    Atomics.wait(this.#words, 0, this.#seen, timeoutMs);
    this.#seen = Atomics.load(this.#words, 0);
  }

  /** Whether idle workers look out for their next task; they do unless told otherwise. */
  get looksOut(): boolean {
    return Atomics.load(this.#words, 2) === 0;
  }

  set looksOut(isWanted: boolean) {
    Atomics.store(this.#words, 2, isWanted ? 0 : 1);
  }

  /** How many workers are running tasks, or looking out for some. */
  get awake(): number {
    return Atomics.load(this.#words, 1);
  }

  wake(): void {
    Atomics.add(this.#words, 1, 1);
  }

  sleep(): void {
    Atomics.sub(this.#words, 1, 1);
  }
}

/** Whether there is a message for a worker, which saves one that is looking from asking its port. */
export class MailWords {
  static readonly byteLength = 8;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
  }

  /** Called after a message was sent. */
  put(): void {
    Atomics.store(this.#words, 0, 1);
  }

  /** Whether a message was sent since the last call. */
  take(): boolean {
    return Atomics.load(this.#words, 0) === 1 && Atomics.exchange(this.#words, 0, 0) === 1;
  }

  /** Whether the worker counts among the {@link PoolWords.awake}: if it ends like this, somebody else has to count it out. */
  get isAwake(): boolean {
    return Atomics.load(this.#words, 1) === 1;
  }

  set isAwake(value: boolean) {
    Atomics.store(this.#words, 1, value ? 1 : 0);
  }
}
