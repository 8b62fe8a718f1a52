/** What a worker has done, and tells of itself. */

import { hostname } from 'node:os';
import type { Presence } from './messages.js';

export interface WorkerTallyOf {
  readonly name: string;
  /** The kind of executor that runs its tasks. */
  readonly executor: string;
  readonly slots: number;
}

export class WorkerTally {
  readonly #of: WorkerTallyOf;
  readonly #startedAt = Date.now();
  readonly #counts = { done: 0, failed: 0, refused: 0 };

  constructor(of: WorkerTallyOf) {
    this.#of = of;
  }

  /** How many tasks have their outcome. */
  get done(): number {
    return this.#counts.done;
  }

  outcome(isFailure: boolean): void {
    this.#counts.done += 1;
    if (isFailure) this.#counts.failed += 1;
  }

  refused(): void {
    this.#counts.refused += 1;
  }

  /** @param held how many tasks it has, running ones included */
  presence(held: number, isDraining: boolean): Omit<Presence, 'version'> {
    return {
      ...this.#of,
      ...this.#counts,
      host: hostname(),
      pid: process.pid,
      running: Math.min(held, this.#of.slots),
      held,
      startedAt: this.#startedAt,
      isDraining,
    };
  }
}
