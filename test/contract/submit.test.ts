/** What `submit` takes and gives. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { Future, tasksFrom } from 'concurrent-futures';
import { inline, pooled } from './executors.js';
import { aboutMe } from './fixtures/aware.js';
import { fail } from './fixtures/errors.js';
import { add, capture, doubleLater, hold, identity, mark, nothing, pow } from './fixtures/tasks.js';
import { contract } from './harness.js';

contract('a future gives the value that its function returned', async ({ executor }) => {
  assert.equal(await executor.submit(pow, 2, 8), 256);
});

contract('a future of an asynchronous function gives what its promise resolves to', async ({ executor }) => {
  assert.equal(await executor.submit(doubleLater, 21), 42);
});

contract('a function that returns nothing gives undefined', async ({ executor }) => {
  assert.equal(await executor.submit(nothing), undefined);
});

contract('every argument arrives in its place, whatever its fields are called', async ({ executor }) => {
  const options = { self: 2, fn: 3, timeout: 4, signal: null };
  assert.deepEqual(await executor.submit(capture, 1, options, undefined), [1, options, undefined]);
  assert.deepEqual(await executor.submit(capture), []);
});

contract('submit refuses what is no function, at once', async ({ executor }) => {
  for (const value of [undefined, null, 42, 'pow', {}, { fn: pow }]) {
    assert.throws(() => executor.submit(value as never), TypeError, `submit(${String(value)})`);
  }
  assert.equal(await executor.submit(pow, 2, 3), 8, 'the executor is usable afterwards');
});

contract('submit returns a Future, which is awaitable and no Promise', async ({ executor }) => {
  const future = executor.submit(pow, 2, 8);
  assert.ok(future instanceof Future);
  assert.equal(future instanceof Promise, false);
  assert.deepEqual(await Promise.all([future, future.then((value) => value + 1)]), [256, 257]);
});

contract('a future can be awaited more than once and by many', async ({ executor }) => {
  const future = executor.submit(identity, { rows: [1] });
  const [first, second] = await Promise.all([future, future]);
  assert.equal(first, second, 'the same value each time');
  assert.equal(await future.result(), first);
});

contract('then, catch and finally behave as those of a promise', async ({ executor }) => {
  const good = executor.submit(pow, 2, 8);
  const bad = executor.submit(fail, 'no');
  let finals = 0;
  const count = (): void => {
    finals += 1;
  };
  assert.equal(await good.then((value) => value + 1), 257);
  assert.equal(await good.catch(() => 0), 256);
  assert.equal(await good.finally(count), 256);
  assert.equal(await bad.then(() => 'then').catch((error: Error) => error.message), 'no');
  assert.equal(await bad.catch((error: unknown) => (error as Error).message), 'no');
  await assert.rejects(bad.finally(count), RangeError);
  assert.equal(finals, 2);
});

contract('arguments are a snapshot taken at submit', async ({ executor }) => {
  const list = [1];
  const nested = { inner: { value: 'before' } };
  const futures = [executor.submit(identity, list), executor.submit(identity, nested)] as const;
  list.push(2);
  nested.inner.value = 'after';
  assert.deepEqual(await futures[0], [1]);
  assert.deepEqual(await futures[1], { inner: { value: 'before' } });
});

contract('a result is a copy: changing it changes no argument', async ({ executor }) => {
  const list = [1];
  const result = await executor.submit(identity, list);
  result.push(2);
  assert.deepEqual(list, [1]);
});

contract('a built-in function runs by its name', async ({ executor }) => {
  assert.equal(await executor.submit(Math.max, 3, 9, 4), 9);
  assert.deepEqual(await executor.submit(JSON.parse, '{"rows":[1]}'), { rows: [1] });
});

contract('a function that closes over nothing runs by its text', async ({ executor }) => {
  assert.equal(await executor.submit((a: number, b: number) => a * b, 6, 7), 42);
  assert.equal(await executor.submit(async (text: string) => text.toUpperCase(), 'loud'), 'LOUD');
});

contract('a function named by its module needs no import here', async ({ executor }) => {
  const tasks = tasksFrom<typeof import('./fixtures/tasks.js')>(new URL('./fixtures/tasks.js', import.meta.url));
  assert.equal(await executor.submit(tasks.pow, 2, 8), 256);
});

contract('a task that is submitted does not start inside the call', { on: inline }, async ({ executor, stage }) => {
  const future = executor.submit(mark, stage.dir, 'ran');
  assert.deepEqual(stage.log(), []);
  assert.equal(future.state, 'pending');
  await future;
  assert.deepEqual(stage.log(), ['ran']);
});

contract('one worker starts tasks in the order submitted', { options: { maxWorkers: 1 } }, async (scene) => {
  const { executor, stage } = scene;
  const labels = Array.from({ length: 50 }, (_, index) => `task ${index}`);
  const futures = labels.map((label) => executor.submit(mark, stage.dir, label));
  assert.deepEqual(await Promise.all(futures), labels);
  assert.deepEqual(stage.log(), labels);
});

contract('thousands of tasks submitted in one turn each give their own value', async ({ executor }) => {
  const futures = Array.from({ length: 5_000 }, (_, index) => executor.submit(add, index, 1));
  const values = await Promise.all(futures);
  assert.deepEqual(
    values,
    Array.from({ length: 5_000 }, (_, index) => index + 1),
  );
});

contract('a future that is not looked at completes all the same', async ({ executor, stage }) => {
  executor.submit(mark, stage.dir, 'ran');
  await stage.line('ran');
});

contract('two executors of one kind do not disturb each other', async ({ executor, create }) => {
  const other = create({ maxWorkers: 1 });
  const values = await Promise.all([executor.submit(pow, 2, 2), other.submit(pow, 2, 3), executor.submit(pow, 2, 4)]);
  assert.deepEqual(values, [4, 8, 16]);
  await other.shutdown();
  assert.equal(await executor.submit(pow, 2, 5), 32);
});

contract('tasks of one executor run at the same time', { on: pooled, options: { maxWorkers: 2 } }, async (scene) => {
  const { executor, stage } = scene;
  const futures = [executor.submit(hold, stage.dir, 'a', 1), executor.submit(hold, stage.dir, 'b', 2)];
  await stage.line('a started');
  await stage.line('b started');
  stage.openAll();
  assert.deepEqual(await Promise.all(futures), [1, 2]);
});

contract('a task knows its name, its worker and its attempt', async ({ executor }) => {
  const about = await executor.with({ name: 'who am I' }).submit(aboutMe);
  assert.equal(about?.name, 'who am I');
  assert.equal(about?.attempt, 1);
  assert.equal(about?.aborted, false);
  assert.equal(typeof about?.workerId, 'number');
});

test('outside of a task there is no current task', () => {
  assert.equal(aboutMe(), undefined);
});
