/**
 * All that a worker holds.
 *
 *   add ──► running ──► delete
 *              └──not begun, and nothing of what runs has ended for a while──► given back, and no more is asked for meanwhile
 *
 * Looked at every few milliseconds, as long as there is something.
 */

import type { Capacity } from './capacity.js';
import type { HeldBatch } from './held-batch.js';

const lookMs = 5;
/** Far more than is held ahead: tasks have turned out long. */
const stalledMs = 50;

export interface HeldBatchesOf {
  readonly slots: number;
  readonly maxDeliveries: number;
  readonly capacity: Capacity;
  /** They have been taken back from the executor. */
  onUnbegun(batches: readonly HeldBatch[]): void;
}

export class HeldBatches {
  readonly #of: HeldBatchesOf;
  readonly #held = new Map<string, HeldBatch>();
  #timer: NodeJS.Timeout | undefined;
  /** When a task has ended last, or the first was taken. */
  #progressAt = 0;

  constructor(of: HeldBatchesOf) {
    this.#of = of;
  }

  get batches(): number {
    return this.#held.size;
  }

  /** How many tasks have no outcome. */
  get tasks(): number {
    let tasks = 0;
    for (const batch of this.#held.values()) tasks += batch.left;
    return tasks;
  }

  *tasksOf(): Generator<readonly [name: string, tasks: number], void> {
    for (const batch of this.#held.values()) yield* batch.leftOf;
  }

  [Symbol.iterator](): IterableIterator<HeldBatch> {
    return this.#held.values();
  }

  get(client: string, id: string): HeldBatch | undefined {
    return this.#held.get(keyOf(client, id));
  }

  /** Whether each slot has run the same task for a while: what comes now would only wait behind these. */
  get isStalled(): boolean {
    if (this.#held.size === 0 || this.#stillMs < stalledMs) return false;
    let left = 0;
    for (const batch of this.#held.values()) if (batch.hasBegun()) left += batch.left;
    // Where it is less, threads for the others may just be starting.
    return left >= this.#of.slots;
  }

  add(batch: HeldBatch): void {
    if (this.#held.size === 0) this.progressed();
    this.#held.set(keyOf(batch.client, batch.id), batch);
    this.#timer ??= setInterval(() => this.#look(), lookMs);
  }

  delete(batch: HeldBatch): void {
    this.#held.delete(keyOf(batch.client, batch.id));
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** A task has ended. */
  progressed(): void {
    this.#progressAt = performance.now();
  }

  /** For how long no task has ended. */
  get #stillMs(): number {
    return performance.now() - this.#progressAt;
  }

  #look(): void {
    for (const batch of this.#held.values()) batch.look(this.#of.slots);
    if (this.isStalled) this.#giveUnbegun();
  }

  #giveUnbegun(): void {
    const unbegun: HeldBatch[] = [];
    for (const batch of this.#held.values()) {
      if (batch.hasBegun()) for (const [name] of batch.leftOf) this.#of.capacity.measured(name, this.#stillMs);
      // The broker counts how often a batch was given out, and that is held against it: the other half is for workers that are lost.
      else if (batch.delivery.count <= this.#of.maxDeliveries / 2 && batch.withdraw()) unbegun.push(batch);
    }
    if (unbegun.length === 0) return;
    for (const batch of unbegun) this.delete(batch);
    this.#of.onUnbegun(unbegun);
  }
}

function keyOf(client: string, batch: string): string {
  return `${client}.${batch}`;
}
