/** A task of a batch as the pool sees it that runs it: what becomes of it is told to the batch, with its place there. */

import type { Future } from '../future/future.js';
import type { TaskSink } from '../pool/task.js';

/** One for all tasks of a batch, which are many and short. */
export interface HeldTaskEvents {
  succeeded(index: number, value: unknown, runMs: number): void;
  ended(index: number, future: Future<unknown>): void;
  reported(index: number, progress: unknown): void;
}

export class HeldTask implements TaskSink {
  readonly #on: HeldTaskEvents;
  readonly #index: number;

  constructor(on: HeldTaskEvents, index: number) {
    this.#on = on;
    this.#index = index;
  }

  succeeded(value: unknown, runMs: number): void {
    this.#on.succeeded(this.#index, value, runMs);
  }

  ended(future: Future<unknown>): void {
    this.#on.ended(this.#index, future);
  }

  reported(progress: unknown): void {
    this.#on.reported(this.#index, progress);
  }
}
