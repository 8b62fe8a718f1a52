/**
 * All that a worker holds.
 *
 *   add ──► running ──► delete
 *              └──not begun, and nothing of what runs has ended for a while──► given back; what is asked for is taken back, and no more meanwhile
 *
 * Looked at every few milliseconds, as long as there is something.
 */

import type { Capacity } from './capacity.js';
import type { HeldBatch } from './held-batch.js';

const lookMs = 5;
/** Far more than is held ahead: tasks have turned out long. Of a function of which nothing is known that is so sooner: nothing was to be held behind it. */
const stalledMs = { known: 50, unknown: 10 };

export interface HeldBatchesOf {
  readonly slots: number;
  readonly maxDeliveries: number;
  readonly capacity: Capacity;
  /** Each slot has run the same task for a while: those behind, if any, have been taken back from the executor. */
  onStalled(unbegun: readonly HeldBatch[]): void;
}

export class HeldBatches {
  readonly #of: HeldBatchesOf;
  readonly #held = new Map<string, HeldBatch>();
  #timer: NodeJS.Timeout | undefined;
  /** When a task has ended last, or the first was taken. */
  #progressAt = 0;
  /** Until a task ends: by then its functions are known, to be long, and would be waited for longer. */
  #hasStalled = false;

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
    if (this.#held.size === 0) return false;
    if (this.#hasStalled) return true;
    const stillMs = this.#stillMs;
    if (stillMs < stalledMs.unknown) return false;
    let left = 0;
    let isKnown = true;
    for (const batch of this.#held.values()) {
      if (!batch.hasBegun()) continue;
      left += batch.left;
      for (const [name] of batch.leftOf) isKnown &&= this.#of.capacity.knows(name);
    }
    // Where it is less, threads for the others may just be starting.
    return left >= this.#of.slots && (!isKnown || stillMs >= stalledMs.known);
  }

  add(batch: HeldBatch): void {
    if (this.#held.size === 0) this.progressed();
    this.#held.set(keyOf(batch.client, batch.id), batch);
    this.#timer ??= setInterval(() => this.#look(), lookMs);
  }

  delete(batch: HeldBatch): void {
    this.#held.delete(keyOf(batch.client, batch.id));
  }

  /** A task has ended. */
  progressed(): void {
    this.#hasStalled = false;
    this.#progressAt = performance.now();
  }

  /** For how long no task has ended. */
  get #stillMs(): number {
    return performance.now() - this.#progressAt;
  }

  #look(): void {
    if (this.#held.size === 0) {
      // Not at once: the next one may be here in a moment.
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    for (const batch of this.#held.values()) batch.look(this.#of.slots);
    if (this.isStalled) this.#stall();
  }

  #stall(): void {
    this.#hasStalled = true;
    const unbegun: HeldBatch[] = [];
    for (const batch of this.#held.values()) {
      if (batch.hasBegun()) for (const [name] of batch.leftOf) this.#of.capacity.measured(name, this.#stillMs);
      else if (mayBeGivenBack(batch.delivery.count, this.#of.maxDeliveries) && batch.withdraw()) unbegun.push(batch);
    }
    for (const batch of unbegun) this.delete(batch);
    this.#of.onStalled(unbegun);
  }
}

/** The broker counts how often a batch was given out, and that is held against it: the other half is for workers that are lost. */
export function mayBeGivenBack(deliveries: number, maxDeliveries: number): boolean {
  return deliveries <= maxDeliveries / 2;
}

function keyOf(client: string, batch: string): string {
  return `${client}.${batch}`;
}
