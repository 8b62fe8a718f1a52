/** `map` when an item fails, time runs out, the reader leaves, or its own options are wrong. */

import { strict as assert } from 'node:assert';
import { CancelledError, type MapResults, NotSerializableError, TimeoutError } from 'concurrent-futures';
import { local } from './executors.js';
import { timeOutOnOne } from './fixtures/aware.js';
import { divmod, ZeroDivisionError } from './fixtures/errors.js';
import { failUnless } from './fixtures/faults.js';
import { double, hold, identity, mark } from './fixtures/tasks.js';
import { contract } from './harness.js';

const end = { done: true, value: undefined };

/** Reads until the end twice over; an error stands where it was thrown. */
async function readAll<T>(results: MapResults<T>): Promise<(T | string)[]> {
  const seen: (T | string)[] = [];
  for (let ends = 0; ends < 2; ) {
    try {
      const read = await results.next();
      if (read.done) ends += 1;
      else seen.push(read.value);
    } catch (error) {
      seen.push((error as Error).constructor.name);
    }
  }
  return seen;
}

contract('a failed item raises where it stands, and reading goes on', async ({ executor }) => {
  const whole = executor.map(divmod, [5, 5, 5, 5], [2, 3, 0, 5]);
  assert.deepEqual(await readAll(whole), [[2, 1], [1, 2], 'ZeroDivisionError', [1, 0]]);
  const chunked = executor.map(divmod, [5, 5, 5, 5], [2, 0, 3, 5]).chunkSize(3);
  assert.deepEqual(await readAll(chunked), [[2, 1], 'ZeroDivisionError', [1, 2], [1, 0]]);
});

contract('a TimeoutError of an item is that item alone, with and without a timeout', async ({ executor }) => {
  assert.deepEqual(await readAll(executor.map(timeOutOnOne, [0, 1, 2, 3])), [0, 'TimeoutError', 2, 3]);
  const limited = executor.map(timeOutOnOne, [0, 1, 2, 3]).timeout(20_000);
  assert.deepEqual(await readAll(limited), [0, 'TimeoutError', 2, 3]);
});

contract('a for-await loop throws the error of the first failed item', async ({ executor }) => {
  const seen: unknown[] = [];
  await assert.rejects(async () => {
    for await (const value of executor.map(divmod, [5, 5, 5], [5, 0, 5])) seen.push(value);
  }, ZeroDivisionError);
  assert.deepEqual(seen, [[1, 0]]);
});

contract('toArray throws the error of the first failed item', async ({ executor }) => {
  await assert.rejects(executor.map(divmod, [5, 5, 5], [5, 0, 5]).toArray(), ZeroDivisionError);
});

contract('settled gives each outcome with its index', async ({ executor }) => {
  const outcomes = await executor.map(divmod, [5, 5, 5], [2, 0, 5]).settled().toArray();
  assert.deepEqual(
    outcomes.map((outcome) => [outcome.index, outcome.status]),
    [
      [0, 'fulfilled'],
      [1, 'rejected'],
      [2, 'fulfilled'],
    ],
  );
  const [first, second] = outcomes;
  assert.ok(first?.status === 'fulfilled' && second?.status === 'rejected');
  assert.deepEqual(first.value, [2, 1]);
  assert.ok(second.reason instanceof ZeroDivisionError);
});

contract('settled and unordered together still tell which item it was', async ({ executor }) => {
  const outcomes = await executor.map(divmod, [4, 5, 6], [2, 0, 2]).unordered().settled().chunkSize(2).toArray();
  const byIndex = outcomes.sort((a, b) => a.index - b.index);
  assert.deepEqual(
    byIndex.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 'failed')),
    [[2, 0], 'failed', [3, 0]],
  );
});

contract('when its timeout has passed, a map raises TimeoutError once and has ended', async ({ executor, stage }) => {
  const dirs = Array<string>(3).fill(stage.dir);
  stage.open('a');
  stage.open('b');
  const results = executor.map(hold, dirs, ['a', 'b', 'never'], [1, 2, 3]).timeout(3_000);
  const seen = await readAll(results);
  assert.equal(seen.pop(), 'TimeoutError');
  // On a busy machine fewer may have come in time.
  assert.deepEqual(seen, [1, 2].slice(0, seen.length));
});

contract(
  'a map whose timeout has passed cancels the item waited for and those queued',
  { options: { maxWorkers: 1 } },
  async ({ executor, stage }) => {
    const first = executor.submit(hold, stage.dir, 'first');
    await stage.line('first started');
    const results = executor.map(mark, [stage.dir, stage.dir], ['second', 'third']).timeout(0);
    await assert.rejects(results.next(), TimeoutError);
    assert.deepEqual(await results.next(), end);
    stage.openAll();
    await first;
    await executor.shutdown();
    assert.deepEqual(stage.log(), ['first started', 'first finished']);
  },
);

for (const chunk of [1, 3]) {
  contract(`a map that is returned early has ended, in chunks of ${chunk}`, async ({ executor }) => {
    const results = executor.map(double, [1, 2, 3, 4]).chunkSize(chunk);
    assert.deepEqual(await results.next(), { done: false, value: 2 });
    assert.equal((await results.return()).done, true);
    assert.deepEqual(await results.next(), end);
    assert.deepEqual(await results.next(), end);
  });
}

contract(
  'leaving the loop early cancels the rest',
  { on: local, options: { maxWorkers: 1 } },
  async ({ executor, stage }) => {
    const labels = ['a', 'b', 'c', 'd'];
    stage.open('a');
    for await (const value of executor.map(hold, Array<string>(4).fill(stage.dir), labels, labels)) {
      assert.equal(value, 'a');
      break;
    }
    stage.openAll();
    await executor.shutdown();
    const started = stage.count('started');
    assert.ok(started <= 2, `a, and at most the one that had started by then; ${started} started`);
  },
);

contract('what fails after its map was left is not tried again', async ({ executor, stage }) => {
  const trying = executor.with({ retries: { times: 20, backoff: 10 } });
  for await (const value of trying.map(failUnless, [stage.dir, stage.dir], ['good', 'bad'])) {
    assert.equal(value, 'good');
    break;
  }
  const before = stage.count('tried');
  await executor.shutdown();
  assert.ok(stage.count('tried') - before <= 1, 'at most what ran then');
});

contract('leaving the loop early closes the inputs', async ({ executor }) => {
  const closed: string[] = [];
  function* source(name: string): Generator<number, void> {
    try {
      for (;;) yield 1;
    } finally {
      closed.push(name);
    }
  }
  for await (const _ of executor.map(Math.max, source('first'), source('second'))) break;
  assert.deepEqual(closed.sort(), ['first', 'second']);
});

contract('an input that throws raises after the items before it, and ends the map', async ({ executor }) => {
  function* source(): Generator<number, void> {
    yield 1;
    yield 2;
    throw new RangeError('the input failed');
  }
  assert.deepEqual(await readAll(executor.map(double, source())), [2, 4, 'RangeError']);
  assert.deepEqual(await readAll(executor.map(double, source()).chunkSize(4)), [2, 4, 'RangeError']);
});

contract('an item that cannot be copied fails alone', async ({ executor }) => {
  const inputs = [1, () => {}, 3];
  assert.deepEqual(await readAll(executor.map(identity<unknown>, inputs)), [1, 'NotSerializableError', 3]);
  const results = executor.map(identity<unknown>, [1, Symbol('no')]);
  await results.next();
  await assert.rejects(results.next(), (error) => error instanceof NotSerializableError && error.path !== '');
  await results.return();
});

contract(
  'shutdown that cancels ends a map with CancelledError',
  { on: local, options: { maxWorkers: 1 } },
  async (scene) => {
    const { executor, stage } = scene;
    const labels = ['a', 'b', 'c'];
    const results = executor.map(hold, Array<string>(3).fill(stage.dir), labels, labels);
    await stage.line('a started');
    const down = executor.shutdown({ cancelFutures: true });
    stage.openAll();
    await down;
    assert.deepEqual(await results.next(), { done: false, value: 'a' });
    await assert.rejects(results.next(), CancelledError);
    await results.return();
  },
);

contract('wrong options of a map are refused at the call', async ({ executor }) => {
  const fresh = (): MapResults<number> => executor.map(double, [1]);
  for (const size of ['foo', null, {}] as never[]) {
    assert.throws(() => fresh().bufferSize(size), TypeError);
    assert.throws(() => fresh().timeout(size), TypeError);
    assert.throws(() => fresh().chunkSize(size), TypeError);
  }
  for (const size of [0, -1, Number.NaN, 2.5]) {
    assert.throws(() => fresh().bufferSize(size), RangeError, `bufferSize(${size})`);
    assert.throws(() => fresh().chunkSize(size), RangeError, `chunkSize(${size})`);
  }
  assert.throws(() => fresh().timeout(Number.NaN), RangeError);
});

contract('what is neither iterable nor asynchronously iterable is refused at the call', async ({ executor }) => {
  for (const input of [42, {}, null] as never[]) assert.throws(() => executor.map(double, input), TypeError);
  assert.throws(() => executor.map(undefined as never, [1]), TypeError);
});
