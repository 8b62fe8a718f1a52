/** The queue of unstarted tasks, next to the simplest list that does the same. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Queued, TaskQueue } from '../../src/pool/queue.js';

const options = { timeout: 30_000 };

interface Item extends Queued {
  readonly id: number;
}

/** A sorted list: slow, and obviously right. */
class NaiveQueue {
  #items: Item[] = [];

  get items(): readonly Item[] {
    return this.#items;
  }

  push(item: Item): void {
    const after = this.#items.findIndex((other) => other.priority < item.priority);
    this.#items.splice(after === -1 ? this.#items.length : after, 0, item);
  }

  putBack(item: Item): void {
    const isAfter = (other: Item) =>
      other.priority < item.priority || (other.priority === item.priority && other.turn > item.turn);
    const after = this.#items.findIndex(isAfter);
    this.#items.splice(after === -1 ? this.#items.length : after, 0, item);
  }

  take(): Item | undefined {
    return this.#items.shift();
  }

  remove(item: Item): void {
    this.#items.splice(this.#items.indexOf(item), 1);
  }
}

interface Both {
  readonly model: NaiveQueue;
  readonly queue: TaskQueue<Item>;
  nextId: number;
  /** Those that were taken and not put back. */
  readonly taken: Item[];
}

function step(name: string, applies: (both: Both) => boolean, run: (both: Both) => void): fc.Command<Both, Both> {
  return {
    check: (both) => applies(both),
    run(both) {
      run(both);
      assert.equal(both.queue.length, both.model.items.length);
      assert.deepEqual([...both.queue], both.model.items);
      assert.equal(both.queue.first, both.model.items[0]);
    },
    toString: () => name,
  };
}

const always = (): boolean => true;
const notEmpty = ({ model }: Both): boolean => model.items.length > 0;
const priority = fc.oneof(
  fc.constantFrom(0, 1, -1),
  fc.constantFrom(-0, 0.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);

function push(itemPriority: number): fc.Command<Both, Both> {
  return step(`push(${itemPriority})`, always, (both) => {
    const item = { id: both.nextId++, priority: itemPriority, turn: 0 };
    both.queue.push(item);
    both.model.push(item);
  });
}

function take(): fc.Command<Both, Both> {
  return step('take()', always, ({ model, queue, taken }) => {
    const item = queue.take();
    assert.equal(item, model.take());
    if (item !== undefined) taken.push(item);
  });
}

function putBack(where: number): fc.Command<Both, Both> {
  const some = ({ taken }: Both): boolean => taken.length > 0;
  return step(`putBack(taken at ${where})`, some, ({ model, queue, taken }) => {
    const [item] = taken.splice(Math.floor(where * taken.length), 1) as [Item];
    queue.putBack(item);
    model.putBack(item);
  });
}

function removeAt(where: number): fc.Command<Both, Both> {
  return step(`remove(at ${where})`, notEmpty, ({ model, queue }) => {
    const item = model.items[Math.floor(where * model.items.length)] as Item;
    queue.remove(item);
    model.remove(item);
  });
}

const where = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const commands = [
  priority.map(push),
  priority.map(push),
  where.map(removeAt),
  fc.constant(null).map(take),
  where.map(putBack),
];

test('a queue does what a sorted list does, whatever is done to it', options, () => {
  fc.assert(
    fc.property(fc.commands(commands, { maxCommands: 300, size: 'max' }), (run) => {
      fc.modelRun(() => {
        const both: Both = { model: new NaiveQueue(), queue: new TaskQueue<Item>(), nextId: 0, taken: [] };
        return { model: both, real: both };
      }, run);
    }),
    { numRuns: 60 },
  );
});

test('a queue that many items are removed from keeps the others in order', options, () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(priority, fc.boolean()), { minLength: 200, maxLength: 400 }), (plan) => {
      const model = new NaiveQueue();
      const queue = new TaskQueue<Item>();
      const items = plan.map(([value], id): Item => ({ id, priority: value, turn: 0 }));
      for (const item of items) {
        queue.push(item);
        model.push(item);
      }
      plan.forEach(([, stays], i) => {
        if (stays && i % 8 === 0) return;
        queue.remove(items[i] as Item);
        model.remove(items[i] as Item);
      });
      assert.equal(queue.length, model.items.length);
      assert.deepEqual([...queue], model.items);
      const taken: (Item | undefined)[] = model.items.map(() => queue.take());
      assert.deepEqual(taken, model.items);
      assert.equal(queue.take(), undefined);
    }),
    { numRuns: 60 },
  );
});

test('an empty queue gives nothing, however often it is asked', options, () => {
  const queue = new TaskQueue<Item>();
  assert.equal(queue.take(), undefined);
  queue.push({ id: 0, priority: 0, turn: 0 });
  queue.take();
  assert.equal(queue.take(), undefined);
  assert.equal(queue.length, 0);
  assert.deepEqual([...queue], []);
});

test('a removed item is never taken, even when it is the only one of its priority', options, () => {
  const queue = new TaskQueue<Item>();
  const [high, low] = [
    { id: 0, priority: 1, turn: 0 },
    { id: 1, priority: 0, turn: 0 },
  ];
  queue.push(low);
  queue.push(high);
  queue.remove(high);
  assert.equal(queue.take(), low);
  assert.equal(queue.take(), undefined);
});

test('a queue lets go of what was taken out of it', options, async () => {
  // The collector is switched on here so that no flag is needed; see https://nodejs.org/api/v8.html#v8setflagsfromstringflags.
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const queue = new TaskQueue<Item>();
  const kept: Item[] = [];
  const references = Array.from({ length: 400 }, (_, id) => {
    const item = { id, priority: id % 3, turn: 0 };
    queue.push(item);
    if (id % 100 === 0) kept.push(item);
    return new WeakRef(item);
  });
  for (const reference of references) {
    const item = reference.deref() as Item;
    if (!kept.includes(item)) queue.remove(item);
  }
  // A WeakRef holds its target until the end of the turn in which it was read.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  const alive = references.filter((reference) => reference.deref() !== undefined).length;
  assert.equal(queue.length, kept.length);
  assert.ok(alive < 100, `${alive} of 396 removed items are still held`);
});
