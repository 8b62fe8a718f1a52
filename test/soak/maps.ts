/** Maps that are read to the end, half, or not at all, and what must come of their items. */

import { strict as assert } from 'node:assert';
import { CancelledError, type Executor, QueueFullError, ShutdownError, WorkerLostError } from 'concurrent-futures';
import { mapped } from './fixtures/tasks.js';
import type { Random } from './random.js';
import { type Circumstances, paysForKill } from './verdicts.js';

interface Item {
  readonly mark: string;
  readonly deed: 'value' | 'throw' | 'exit';
  readonly value: number;
}

type Ending = 'read to the end' | 'left half read' | 'abandoned half read';

export class SoakMap {
  readonly ending: Ending;
  /** Is over when its reader is; it fails when an item is not what it must be. */
  readonly reading: Promise<void>;
  /** The ids of items that had values. */
  readonly fulfilled: number[] = [];
  itemsRead = 0;
  /** Nobody reads these any more: failures among them are reported by whoever ran them. */
  isAbandoned = false;
  readonly #around: Circumstances;
  readonly #items: (Item & { readonly id: number })[] = [];
  readonly #total: number;
  readonly #chunkSize: number | 'auto';
  readonly #isOrdered: boolean;
  /** An asynchronous input that is being waited for is closed when it has come that far. */
  isInputClosed = false;

  constructor(
    executor: Executor,
    random: Random,
    of: { next: () => { id: number; mark: string }; around: Circumstances; canExit: boolean },
  ) {
    this.#around = of.around;
    this.ending = random.pick(['read to the end', 'left half read', 'abandoned half read']);
    const length = random.int(0, random.chance(0.3) ? 2_000 : 60);
    this.#total = this.ending === 'read to the end' || random.chance(0.5) ? length : Number.POSITIVE_INFINITY;
    this.#chunkSize = random.chance(0.7) ? 'auto' : random.int(1, 20);
    this.#isOrdered = random.chance(0.7);
    const readMax = this.ending === 'read to the end' ? Number.POSITIVE_INFINITY : Math.floor(length / 2);
    const inputs = this.#inputs(random, of);
    const results = executor
      .map(mapped, random.chance(0.3) ? slowly(inputs) : inputs)
      .chunkSize(this.#chunkSize)
      .bufferSize(random.pick([1, 10, 100, 1024]))
      .settled();
    if (!this.#isOrdered) results.unordered();
    this.reading = this.#read(results, readMax);
  }

  /** Whether anything of its inputs was read. */
  get hasBegun(): boolean {
    return this.#items.length > 0;
  }

  *#inputs(random: Random, of: { next: () => { id: number; mark: string }; canExit: boolean }): Generator<Item> {
    try {
      for (let value = 0; value < this.#total; value++) {
        const deed = random.chance(0.01) ? 'throw' : of.canExit && random.chance(0.002) ? 'exit' : 'value';
        const { id, mark } = of.next();
        this.#items.push({ id, mark, deed, value });
        yield { mark, deed, value };
      }
    } finally {
      this.isInputClosed = true;
    }
  }

  async #read(results: AsyncIterableIterator<Settled>, readMax: number): Promise<void> {
    const seen = new Set<number>();
    while (this.itemsRead < readMax) {
      let step: IteratorResult<Settled>;
      try {
        step = await results.next();
      } catch (error) {
        // What was not submitted before the shutdown began never is, nor what finds the queue full of others' tasks.
        if (error instanceof ShutdownError && this.#around.shutdownBegan) return;
        if (error instanceof QueueFullError && this.#around.hasQueueLimit) return;
        throw error;
      }
      if (step.done) break;
      const { index } = step.value;
      assert.ok(!seen.has(index), `item ${index} came twice`);
      if (this.#isOrdered) assert.equal(index, this.itemsRead, 'the order');
      seen.add(index);
      this.#check(step.value);
      this.itemsRead += 1;
    }
    if (this.ending === 'left half read') await results.return?.();
    this.isAbandoned = this.ending !== 'read to the end';
    if (this.ending === 'read to the end') assert.equal(this.itemsRead, this.#total, 'items were lost');
  }

  #check(settled: Settled): void {
    const { id, deed, value } = this.#items[settled.index] as Item & { id: number };
    if (settled.status === 'fulfilled') {
      assert.deepEqual([deed, settled.value], ['value', value * 2]);
      this.fulfilled.push(id);
      return;
    }
    const { reason } = settled;
    if (reason instanceof RangeError) {
      assert.deepEqual([deed, reason.message], ['throw', `item ${value}`]);
      return;
    }
    if (reason instanceof CancelledError && this.#around.shutdownBegan) return;
    // A chunk of one's own size is one task, which dies with any of its items.
    const isOwnChunk = this.#chunkSize !== 'auto' && this.#chunkSize > 1;
    if (reason instanceof WorkerLostError) {
      if (deed === 'exit' && reason.exitCode === 9) return;
      if (isOwnChunk && (reason.exitCode === 9 || reason.signal === 'SIGKILL')) return;
      if (paysForKill(reason, this.#around)) return;
    }
    throw new Error(`item ${settled.index} (${deed}) failed`, { cause: reason });
  }
}

interface Settled {
  readonly status: 'fulfilled' | 'rejected';
  readonly index: number;
  readonly value?: unknown;
  readonly reason?: unknown;
}

async function* slowly<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await new Promise(setImmediate);
    yield item;
  }
}
