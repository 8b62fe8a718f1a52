/** What a thread worker is started with, under this key of its `workerData`. */

import type { MessagePort } from 'node:worker_threads';

export const threadDataKey = 'concurrent-futures';

/** What a worker's port brings beside its answers: there is something in shared memory. */
export const bellMessage = 0;

export interface ThreadData {
  readonly port: MessagePort;
  readonly claims: SharedArrayBuffer;
  /** See outcomes.ts. */
  readonly outcomes: SharedArrayBuffer;
  /** One word for the whole pool: grows with each message that any of its workers sends; blocked readers wait on it. */
  readonly activity: SharedArrayBuffer;
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
