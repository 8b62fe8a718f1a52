/** The batches of a submitter that have tasks without an outcome, by their ids. */

import type { Task } from '../pool/task.js';
import type { Batch } from './batch.js';

export class Batches {
  readonly #byId = new Map<string, Batch>();

  get size(): number {
    return this.#byId.size;
  }

  /** How many of their tasks are known to run. */
  get runningCount(): number {
    let count = 0;
    for (const { runningCount } of this.#byId.values()) count += runningCount;
    return count;
  }

  /** How many the broker has not said yet that it has. */
  get unstoredCount(): number {
    let count = 0;
    for (const { streamSeq } of this.#byId.values()) if (streamSeq === undefined) count += 1;
    return count;
  }

  *tasks(): Generator<Task, void> {
    for (const { tasks } of this.#byId.values()) yield* tasks;
  }

  [Symbol.iterator](): IterableIterator<Batch> {
    return this.#byId.values();
  }

  add(batch: Batch): void {
    this.#byId.set(batch.id, batch);
  }

  get(id: string): Batch | undefined {
    return this.#byId.get(id);
  }

  /** `false` where it was not there. */
  delete({ id }: Batch): boolean {
    return this.#byId.delete(id);
  }

  clear(): void {
    this.#byId.clear();
  }
}
