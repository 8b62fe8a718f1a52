/** `resultSync`: Python's blocking `result()`, where this thread can wait without waiting for itself. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { CancelledError, DeadlockError, Future, TimeoutError } from 'concurrent-futures';
import { blocking, inline, processes, threads } from './executors.js';
import { fail } from './fixtures/errors.js';
import { powInAnotherPoolSync } from './fixtures/nested.js';
import { doubleLater, hold, mark, pow, waitForWord } from './fixtures/tasks.js';
import { contract } from './harness.js';
import { checkFailed, checkSucceeded } from './probes.js';

contract('resultSync gives the value without an await', { on: blocking }, async ({ executor }) => {
  const future = executor.submit(pow, 2, 8);
  assert.equal(future.resultSync(), 256);
  await checkSucceeded(future, 256);
});

contract('resultSync throws the error of the task', { on: blocking }, async ({ executor }) => {
  const future = executor.submit(fail, 'no');
  assert.throws(() => future.resultSync(), { name: 'RangeError', message: 'no' });
  await checkFailed(future, (error) => error instanceof RangeError);
});

contract('resultSync of a cancelled future throws CancelledError', async ({ executor }) => {
  const future = executor.submit(pow, 2, 2);
  future.cancel();
  assert.throws(() => future.resultSync(), CancelledError);
});

contract('resultSync of a done future gives its outcome on every executor', async ({ executor }) => {
  const future = executor.submit(pow, 2, 8);
  await future;
  assert.equal(future.resultSync(), 256);
  assert.equal(future.resultSync({ timeout: 0 }), 256);
});

contract('resultSync can be called for many futures in any order', { on: blocking }, async ({ executor }) => {
  const futures = Array.from({ length: 200 }, (_, index) => executor.submit(pow, index, 2));
  for (const [index, future] of [...futures.entries()].reverse()) assert.equal(future.resultSync(), index ** 2);
});

contract('resultSync reaches a task behind others', { on: blocking, options: { maxWorkers: 1 } }, async (scene) => {
  const { executor, stage } = scene;
  for (let index = 0; index < 20; index++) executor.submit(mark, stage.dir, `task ${index}`);
  assert.equal(executor.submit(pow, 2, 8).resultSync(), 256);
  assert.equal(stage.log().length, 20);
});

contract('resultSync works after others were awaited, and the other way round', { on: blocking }, async (scene) => {
  const { executor } = scene;
  for (let round = 0; round < 20; round++) {
    assert.equal(await executor.submit(pow, round, 2), round ** 2);
    assert.equal(executor.submit(pow, round, 3).resultSync(), round ** 3);
  }
});

contract('an asynchronous task of a thread can be waited for', { on: threads }, async ({ executor }) => {
  assert.equal(executor.submit(doubleLater, 21).resultSync(), 42);
});

contract('an asynchronous task of the inline executor is refused at once', { on: inline }, async ({ executor }) => {
  const future = executor.submit(doubleLater, 21);
  assert.throws(() => future.resultSync(), DeadlockError);
  assert.equal(await future, 42, 'and can be awaited afterwards');
});

contract('an unfinished task of a process is refused at once', { on: processes }, async ({ executor, stage }) => {
  const future = executor.submit(hold, stage.dir, 'task', 42);
  assert.throws(
    () => future.resultSync(),
    (error) => error instanceof DeadlockError && error.code === 'DEADLOCK' && error.message.includes('hold'),
  );
  await stage.line('task started');
  assert.throws(() => future.resultSync({ timeout: 10 }), DeadlockError);
  stage.openAll();
  assert.equal(await future, 42);
});

contract(
  'resultSync gives up after its timeout, and the task goes on',
  { on: threads },
  async ({ executor, stage }) => {
    const future = executor.submit(hold, stage.dir, 'task', 42);
    await stage.line('task started');
    assert.throws(() => future.resultSync({ timeout: 20 }), TimeoutError);
    assert.throws(() => future.resultSync({ timeout: 0 }), TimeoutError);
    assert.equal(future.running(), true);
    stage.openAll();
    assert.equal(future.resultSync({ timeout: 20_000 }), 42);
  },
);

contract('a task started by this thread while it blocks runs', { on: threads }, async ({ executor }) => {
  const word = new Int32Array(new SharedArrayBuffer(4));
  const waiting = executor.submit(waitForWord, word);
  Atomics.store(word, 0, 5);
  Atomics.notify(word, 0);
  assert.equal(waiting.resultSync(), 5);
});

contract('callbacks run in order when resultSync brings the outcome in', { on: blocking }, async ({ executor }) => {
  const future = executor.submit(pow, 2, 8);
  const order: string[] = [];
  future.addDoneCallback(() => order.push('first'));
  future.addDoneCallback(() => order.push('second'));
  const awaited = future.then(() => order.push('await'));
  assert.equal(future.resultSync(), 256);
  await awaited;
  assert.deepEqual(order, ['first', 'second', 'await']);
});

contract(
  'other tasks end while this thread blocks for one',
  { on: threads, options: { maxWorkers: 2 } },
  async (scene) => {
    const { executor } = scene;
    const others = Array.from({ length: 50 }, (_, index) => executor.submit(pow, index, 2));
    assert.equal(executor.submit(pow, 2, 8).resultSync(), 256);
    assert.deepEqual(
      await Promise.all(others),
      Array.from({ length: 50 }, (_, index) => index ** 2),
    );
  },
);

contract('resultSync works for two executors in turn', { on: blocking }, async ({ executor, create }) => {
  const other = create({ maxWorkers: 1 });
  const futures = [executor.submit(pow, 2, 2), other.submit(pow, 2, 3), executor.submit(pow, 2, 4)];
  assert.deepEqual(
    futures.map((future) => future.resultSync()),
    [4, 8, 16],
  );
});

contract('a task can block for a pool of its own', { on: threads }, async ({ executor }) => {
  assert.equal(await executor.submit(powInAnotherPoolSync, 2, 8), 256);
  assert.equal(executor.submit(powInAnotherPoolSync, 2, 9).resultSync(), 512);
});

contract('a task of a process can block for a thread pool of its own', { on: processes }, async ({ executor }) => {
  assert.equal(await executor.submit(powInAnotherPoolSync, 2, 8), 256);
});

test('a future that nothing on another thread can finish is refused at once', () => {
  const { future } = Future.withResolvers<number>({ name: 'mine' });
  assert.throws(
    () => future.resultSync(),
    (error) => error instanceof DeadlockError && error.message.includes('mine'),
  );
});
