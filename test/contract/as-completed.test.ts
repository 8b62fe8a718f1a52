/** `asCompleted`: each future once, in the order that they end. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { asCompleted, Future, TimeoutError } from 'concurrent-futures';
import { pooled } from './executors.js';
import { fail } from './fixtures/errors.js';
import { hold, mul, pow } from './fixtures/tasks.js';
import { contract } from './harness.js';

type AnyFuture = Future<unknown>;
const three = { on: pooled, options: { maxWorkers: 3 } };

async function collect(futures: AsyncIterable<AnyFuture>): Promise<AnyFuture[]> {
  const seen: AnyFuture[] = [];
  for await (const future of futures) {
    assert.ok(future instanceof Future, 'the future itself is given, not its value');
    assert.equal(future.done(), true);
    seen.push(future as AnyFuture);
  }
  return seen;
}

/** One that was cancelled, one that failed, one that succeeded. */
function doneFutures(): AnyFuture[] {
  const [cancelled, failed, succeeded] = [0, 1, 2].map(() => Future.withResolvers<unknown>());
  cancelled?.cancel();
  failed?.reject(new Error('fixed'));
  succeeded?.resolve(42);
  return [cancelled, failed, succeeded].flatMap((source) => (source === undefined ? [] : [source.future]));
}

contract('asCompleted gives every future once, those done already first', async ({ executor }) => {
  const done = doneFutures();
  const live = [executor.submit(mul, 2, 21), executor.submit(mul, 7, 6)];
  const seen = await collect(asCompleted([...live, ...done]));
  assert.equal(seen.length, 5);
  assert.deepEqual(new Set(seen), new Set([...done, ...live]));
  assert.deepEqual(new Set(seen.slice(0, 3)), new Set(done));
});

contract('asCompleted gives futures in the order that they end', three, async ({ executor, stage }) => {
  const labels = ['a', 'b', 'c'];
  const futures = labels.map((label) => executor.submit(hold, stage.dir, label, label));
  await stage.lines('started', 3);
  const iterator = asCompleted(futures)[Symbol.asyncIterator]();
  for (const label of ['c', 'a', 'b']) {
    stage.open(label);
    const { value } = await iterator.next();
    assert.equal(value, futures[labels.indexOf(label)]);
  }
  assert.equal((await iterator.next()).done, true);
});

contract('a timeout of 0 gives what is done, then throws TimeoutError', async ({ executor, stage }) => {
  const slow = executor.submit(hold, stage.dir, 'slow');
  await stage.line('slow started');
  const done = doneFutures();
  const seen: AnyFuture[] = [];
  await assert.rejects(async () => {
    for await (const future of asCompleted([...done, slow], { timeout: 0 })) seen.push(future as AnyFuture);
  }, TimeoutError);
  assert.deepEqual(new Set(seen), new Set(done));
});

contract('a timeout that passes while waiting throws TimeoutError', async ({ executor, stage }) => {
  const slow = executor.submit(hold, stage.dir, 'slow');
  await assert.rejects(collect(asCompleted([slow], { timeout: 20 })), TimeoutError);
  stage.openAll();
  assert.deepEqual(await collect(asCompleted([slow], { timeout: 20_000 })), [slow]);
});

contract('a future that is passed many times comes once', async ({ executor }) => {
  const future = executor.submit(pow, 2, 2);
  function* thrice(): Generator<AnyFuture> {
    yield* [future, future, future];
  }
  assert.deepEqual(await collect(asCompleted(thrice())), [future]);
  assert.deepEqual(await collect(asCompleted([future, future])), [future]);
});

test('the error of a timeout counts the unfinished futures', async () => {
  const pending = Future.withResolvers<unknown>({ name: 'not yet' });
  const running = Future.withResolvers<unknown>({ name: 'at work' });
  running.start();
  const [cancelled, , succeeded] = doneFutures();
  const futures = [cancelled, pending.future, running.future, succeeded].filter((future) => future !== undefined);
  const seen: AnyFuture[] = [];
  await assert.rejects(
    async () => {
      for await (const future of asCompleted(futures, { timeout: 0 })) seen.push(future as AnyFuture);
    },
    { name: 'TimeoutError', code: 'TIMEOUT', message: /2 \(of 4\) futures unfinished/ },
  );
  assert.deepEqual(new Set(seen), new Set([cancelled, succeeded]));
});

contract(
  'after a shutdown that cancels, asCompleted gives every future',
  { options: { maxWorkers: 2 } },
  async (scene) => {
    const { executor, stage } = scene;
    const futures = Array.from({ length: 20 }, (_, index) => executor.submit(hold, stage.dir, `task ${index}`));
    await stage.lines('started', 1);
    const early = collect(asCompleted(futures));
    const down = executor.shutdown({ cancelFutures: true });
    const late = collect(asCompleted(futures));
    stage.openAll();
    await down;
    assert.equal(new Set(await early).size, 20);
    assert.equal(new Set(await late).size, 20);
    assert.ok(futures.some((future) => future.cancelled()));
  },
);

contract('asCompleted over two executors gives all of both', async ({ executor, create }) => {
  const other = create({ maxWorkers: 1 });
  const futures = Array.from({ length: 20 }, (_, index) => [executor, other][index % 2]?.submit(pow, index, 2));
  const known = futures.flatMap((future) => future ?? []);
  const seen = await collect(asCompleted(known));
  assert.deepEqual(new Set(seen), new Set(known));
  assert.equal(seen.length, 20);
});

contract('a loop over asCompleted can be left early', async ({ executor, stage }) => {
  const quick = executor.submit(pow, 2, 2);
  await quick;
  const slow = executor.submit(hold, stage.dir, 'slow', 1);
  for await (const future of asCompleted([slow, quick])) {
    assert.equal(future, quick);
    break;
  }
  stage.openAll();
  assert.equal(await slow, 1, 'which cancels nothing');
});

contract('asCompleted of no futures is empty', async () => {
  assert.deepEqual(await collect(asCompleted([])), []);
});

contract('reads of asCompleted that overlap each get a future of their own', async ({ executor }) => {
  const futures = [1, 2, 3].map((value) => executor.submit(pow, value, 2));
  const iterator = asCompleted(futures)[Symbol.asyncIterator]();
  const reads = await Promise.all([1, 2, 3, 4].map(() => iterator.next()));
  assert.deepEqual(new Set(reads.slice(0, 3).map((read) => read.value)), new Set(futures));
  assert.equal(reads[3]?.done, true);
});

contract('a failed future comes like any other, and its error when it is asked for', async ({ executor }) => {
  const future = executor.submit(fail, 'no');
  const [seen] = await collect(asCompleted([future]));
  assert.equal(seen, future);
  await assert.rejects(future.result(), RangeError);
});

test('asCompleted refuses a timeout that it does not understand, at the call', () => {
  assert.throws(() => asCompleted([], { timeout: 'soon' as never }), TypeError);
});
