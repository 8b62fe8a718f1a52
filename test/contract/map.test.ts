/** `map`: what it reads, what it gives, in which order. */

import { strict as assert } from 'node:assert';
import { pooled } from './executors.js';
import { add, double, hold, identity, mark, nothing, pow, text } from './fixtures/tasks.js';
import { contract, type Scene } from './harness.js';

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
const three = { on: pooled, options: { maxWorkers: 3 } };
const bufferSizes = [1, 2, 4, 8];

function* countUp(): Generator<number, void> {
  for (let index = 0; ; index++) yield index;
}

async function* later<T>(values: Iterable<T>): AsyncGenerator<T, void> {
  for (const value of values) {
    await null;
    yield value;
  }
}

async function take<T>(results: AsyncIterable<T>, many: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const value of results) {
    taken.push(value);
    if (taken.length === many) break;
  }
  return taken;
}

contract('map gives what the built-in map gives, in input order', async ({ executor }) => {
  const expected = range(10).map((value) => value ** value);
  assert.deepEqual(await executor.map(pow, range(10), range(10)).toArray(), expected);
  assert.deepEqual(await executor.map(pow, range(10), range(10)).chunkSize(3).toArray(), expected);
});

for (const size of [1, 6, 40, 50, 'auto'] as const) {
  contract(`map gives the same in chunks of ${size}`, async ({ executor }) => {
    const results = executor.map(double, range(40)).chunkSize(size);
    assert.deepEqual(await results.toArray(), range(40).map(double));
  });
}

contract('map stops at the shortest input', async ({ executor }) => {
  assert.deepEqual(await executor.map(add, range(10), countUp()).toArray(), range(10).map(double));
  assert.deepEqual(await executor.map(add, [1, 2, 3], [1]).toArray(), [2]);
  assert.deepEqual(await executor.map(add, [1], []).toArray(), []);
});

contract('map takes asynchronous inputs, and mixes them with others', async ({ executor }) => {
  assert.deepEqual(await executor.map(double, later(range(5))).toArray(), [0, 2, 4, 6, 8]);
  assert.deepEqual(
    await executor
      .map(add, later(range(3)), range(5))
      .chunkSize(2)
      .toArray(),
    [0, 2, 4],
  );
});

contract('map takes sets, strings and maps as inputs', async ({ executor }) => {
  assert.deepEqual(await executor.map(text, 'abc').toArray(), ['a', 'b', 'c']);
  assert.deepEqual(await executor.map(double, new Set([3, 1])).toArray(), [6, 2]);
  assert.deepEqual(await executor.map(identity, new Map([['k', 1]])).toArray(), [['k', 1]]);
});

contract('map of no items, and of no inputs at all, is empty', async ({ executor }) => {
  assert.deepEqual(await executor.map(text, []).toArray(), []);
  assert.deepEqual(await executor.map(text, []).bufferSize(2).next(), { done: true, value: undefined });
  assert.deepEqual(await executor.map(nothing).toArray(), []);
});

contract('map gives every result in order for each buffer size', async ({ executor }) => {
  for (const size of bufferSizes) {
    assert.deepEqual(await executor.map(text, range(4)).bufferSize(size).toArray(), ['0', '1', '2', '3']);
    assert.deepEqual(await executor.map(add, range(4), range(4)).bufferSize(size).toArray(), [0, 2, 4, 6]);
  }
});

contract('map of an endless input gives as many results as are read', async ({ executor }) => {
  assert.deepEqual(await take(executor.map(text, countUp()).bufferSize(2), 3), ['0', '1', '2']);
  assert.deepEqual(await take(executor.map(add, countUp(), countUp()).bufferSize(2), 3), [0, 2, 4]);
  assert.deepEqual(await take(executor.map(double, countUp()), 3), [0, 2, 4]);
});

contract('map pulls exactly bufferSize inputs before the first read', async ({ executor }) => {
  const source = range(4).values();
  const results = executor.map(text, source).bufferSize(2);
  await executor.shutdown({ wait: true });
  assert.deepEqual(source.next(), { done: false, value: 2 });
  assert.deepEqual(await results.next(), { done: false, value: '0' });
  await results.return();
});

for (const chunk of [1, 4]) {
  contract(`map never pulls more than bufferSize ahead of its reader, in chunks of ${chunk}`, async ({ executor }) => {
    let pulled = 0;
    const source = (function* () {
      for (; ; pulled++) yield pulled;
    })();
    const bufferSize = 8;
    const results = executor.map(double, source).bufferSize(bufferSize).chunkSize(chunk);
    for (let read = 0; read < 100; read++) {
      assert.deepEqual(await results.next(), { done: false, value: read * 2 });
      assert.ok(pulled <= read + 1 + bufferSize, `${pulled} pulled when ${read + 1} had been read`);
    }
    await results.return();
  });
}

contract('map runs everything in its buffer without being read', async ({ executor, stage }) => {
  const labels = range(10).map((index) => `item ${index}`);
  const results = executor.map(mark, Array<string>(10).fill(stage.dir), labels);
  await executor.shutdown({ wait: true });
  assert.deepEqual(stage.log().sort(), labels);
  assert.deepEqual(await results.toArray(), labels, 'and its results can be read later');
});

contract('map starts at the end of the turn of its call, not at the first read', async ({ executor, stage }) => {
  let pulled = 0;
  const source = (function* () {
    for (; pulled < 3; pulled++) yield `item ${pulled}`;
  })();
  const results = executor.map(mark, Array<string>(3).fill(stage.dir), source);
  assert.equal(pulled, 0, 'nothing is pulled inside the call');
  await stage.line('item 2');
  assert.equal((await results.toArray()).length, 3);
});

contract('a map of one item more than there are workers survives an immediate shutdown', async ({ executor }) => {
  const results = executor.map(text, range(6));
  await executor.shutdown();
  assert.deepEqual(await results.toArray(), ['0', '1', '2', '3', '4', '5']);
});

contract('reads that overlap get consecutive items', async ({ executor }) => {
  const results = executor.map(double, range(5));
  const reads = await Promise.all(range(7).map(() => results.next()));
  assert.deepEqual(
    reads.map((read) => (read.done ? 'done' : read.value)),
    [0, 2, 4, 6, 8, 'done', 'done'],
  );
});

contract('two maps over one executor do not mix', async ({ executor }) => {
  const both = [executor.map(double, range(50)).toArray(), executor.map(text, range(50)).toArray()];
  assert.deepEqual(await Promise.all(both), [range(50).map(double), range(50).map(String)]);
});

contract('an unordered map gives each item once, as they finish', three, async ({ executor, stage }) => {
  const dirs = Array<string>(3).fill(stage.dir);
  const results = executor.map(hold, dirs, ['a', 'b', 'c'], ['A', 'B', 'C']).unordered();
  await stage.lines('started', 3);
  const seen: unknown[] = [];
  for (const label of ['b', 'c', 'a']) {
    stage.open(label);
    seen.push((await results.next()).value);
  }
  assert.deepEqual(seen, ['B', 'C', 'A']);
  assert.equal((await results.next()).done, true);
});

contract('an ordered map waits for the item that is next', { on: pooled }, async ({ executor, stage }) => {
  const dirs = Array<string>(2).fill(stage.dir);
  const results = executor.map(hold, dirs, ['a', 'b'], ['A', 'B']);
  await stage.lines('started', 2);
  stage.open('b');
  await stage.line('b finished');
  stage.open('a');
  assert.deepEqual(await results.toArray(), ['A', 'B']);
});

contract('an unordered map in chunks gives each item once', async ({ executor }: Scene) => {
  const values = await executor.map(double, range(100)).unordered().chunkSize(7).bufferSize(30).toArray();
  assert.deepEqual(
    values.sort((a, b) => a - b),
    range(100).map(double),
  );
});

contract('task options apply to each item of a map', async ({ executor }) => {
  const named = executor.with({ name: 'mapped' });
  assert.deepEqual(await named.map(double, range(3)).toArray(), [0, 2, 4]);
});
