/** The states of a future, on every executor, and as its maker settles it. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { CancelledError, type Executor, Future, InvalidStateError, TimeoutError } from 'concurrent-futures';
import { localPools, pooled } from './executors.js';
import { holdUntilAborted } from './fixtures/aware.js';
import { fail } from './fixtures/errors.js';
import { hold, holdForever, mark, pow, spin } from './fixtures/tasks.js';
import type { Stage } from './gates.js';
import { contract } from './harness.js';
import { checkCancelled, checkFailed, checkPending, checkRunning, checkSucceeded, flagsOf } from './probes.js';

const isRangeError = (error: unknown): boolean => error instanceof RangeError;
const timeout = 30_000;
const oneWorker = { on: pooled, options: { maxWorkers: 1 } };

contract('a future is pending while its task waits for a worker', { options: { maxWorkers: 1 } }, async (scene) => {
  const { executor, stage } = scene;
  executor.submit(hold, stage.dir, 'first');
  const future = executor.submit(mark, stage.dir, 'second');
  await stage.line('first started');
  await checkPending(future);
  assert.equal(future.cancel(), true);
  await checkCancelled(future);
});

contract('a future is running once its task has started, and cannot be cancelled then', async ({ executor, stage }) => {
  const future = executor.submit(hold, stage.dir, 'task', 42);
  await stage.line('task started');
  await checkRunning(future);
  stage.openAll();
  assert.equal(await future, 42, 'trying to cancel it did no harm');
});

contract('a future whose task returned has succeeded', async ({ executor }) => {
  const future = executor.submit(pow, 2, 8);
  await future;
  await checkSucceeded(future, 256);
});

contract('a future whose task threw has failed', async ({ executor }) => {
  const future = executor.submit(fail, 'no');
  await future.exception();
  await checkFailed(future, isRangeError);
});

contract('a task that is cancelled never starts', { options: { maxWorkers: 1 } }, async ({ executor, stage }) => {
  const first = executor.submit(hold, stage.dir, 'first');
  const futures = Array.from({ length: 20 }, (_, index) => executor.submit(mark, stage.dir, `task ${index}`));
  await stage.line('first started');
  const cancelled = futures.filter((_, index) => index % 2 === 0);
  for (const future of cancelled) assert.equal(future.cancel(), true, `${future} has not started`);
  for (const future of cancelled) await checkCancelled(future);
  stage.openAll();
  await first;
  await Promise.all(futures.filter((_, index) => index % 2 === 1));
  assert.equal(stage.log().filter((line) => line.startsWith('task')).length, 10);
});

contract('a future can be cancelled in the turn of its submit', async ({ executor, stage }) => {
  const future = executor.submit(mark, stage.dir, 'ran');
  assert.equal(future.cancel(), true);
  await checkCancelled(future);
  await executor.submit(pow, 2, 2);
  assert.deepEqual(stage.log(), []);
});

contract('kill cancels a task that has not started', { options: { maxWorkers: 1 } }, async ({ executor, stage }) => {
  executor.submit(hold, stage.dir, 'first');
  const future = executor.submit(mark, stage.dir, 'second');
  await stage.line('first started');
  const reason = new Error('not needed any more');
  assert.equal(future.kill(reason), true);
  await checkCancelled(future, reason);
});

for (const task of [spin, holdForever]) {
  contract(`kill stops a running task (${task.name}), and its worker is replaced`, { on: pooled }, async (scene) => {
    const { executor, stage } = scene;
    const future = executor.submit(task, stage.dir, 'task');
    await stage.line('task started');
    const reason = new Error('not needed any more');
    assert.equal(future.kill(reason), true);
    await checkCancelled(future, reason);
    assert.equal(await executor.submit(pow, 2, 8), 256);
  });
}

contract('kill stops one task and costs no other', { on: pooled, options: { maxWorkers: 1 } }, async (scene) => {
  const { executor, stage } = scene;
  const future = executor.submit(spin, stage.dir, 'task');
  const others = Array.from({ length: 20 }, (_, index) => executor.submit(pow, index, 2));
  await stage.line('task started');
  future.kill();
  assert.deepEqual(
    await Promise.all(others),
    Array.from({ length: 20 }, (_, index) => index ** 2),
  );
  await checkCancelled(future);
});

/** Blocks this thread, so that it reads no answer meanwhile, until a task has said so. */
function blockUntilLine(stage: Stage, line: string): void {
  for (const deadline = Date.now() + 10_000; !stage.log().includes(line); )
    assert.ok(Date.now() < deadline, `waited for "${line}"`);
}

/** Lets a pool of one worker learn that tasks are short, so that it hands several over together. */
async function warmUp(executor: Executor): Promise<void> {
  await Promise.all(Array.from({ length: 50 }, () => executor.submit(pow, 2, 2)));
}

contract(
  'killing a task that is over, but for its answer, costs no other',
  { ...oneWorker, on: localPools },
  async ({ executor, stage }) => {
    await warmUp(executor);
    const over = executor.submit(mark, stage.dir, 'over');
    const next = executor.submit(hold, stage.dir, 'next', 42);
    // The end of this turn's code, when tasks are handed over.
    await null;
    blockUntilLine(stage, 'next started');
    assert.equal(over.kill(), true);
    stage.open('next');
    assert.equal(await next, 42);
  },
);

contract(
  'a task that heeds its signal, unread by its grace, costs no other',
  { ...oneWorker, on: localPools },
  async ({ executor, stage }) => {
    await warmUp(executor);
    const controller = new AbortController();
    const aborted = executor.with({ signal: controller.signal }).submit(holdUntilAborted, stage.dir, 'aborted');
    const next = executor.submit(hold, stage.dir, 'next', 42);
    await null;
    blockUntilLine(stage, 'aborted started');
    controller.abort();
    blockUntilLine(stage, 'next started');
    // Longer than the grace, whose timer then goes off before anything is read.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    await checkCancelled(aborted, controller.signal.reason);
    stage.open('next');
    assert.equal(await next, 42);
  },
);

contract(
  'killing a task stops it also when the answer before it is not read yet',
  { ...oneWorker, on: localPools },
  async (scene) => {
    const { executor, stage } = scene;
    await warmUp(executor);
    const over = executor.submit(mark, stage.dir, 'over');
    const stuck = executor.submit(spin, stage.dir, 'stuck');
    await null;
    blockUntilLine(stage, 'stuck started');
    assert.equal(stuck.kill(), true);
    assert.equal(await over, 'over');
    assert.equal(await executor.submit(pow, 2, 3), 8);
  },
);

contract('a result that does not come in time leaves the task running', async ({ executor, stage }) => {
  const future = executor.submit(hold, stage.dir, 'task', 42);
  await stage.line('task started');
  await assert.rejects(future.result({ timeout: 20 }), (error) => {
    assert.ok(error instanceof TimeoutError);
    assert.equal(error.code, 'TIMEOUT');
    return true;
  });
  await assert.rejects(future.exception({ timeout: 20 }), TimeoutError);
  assert.equal(future.running(), true);
  stage.openAll();
  assert.equal(await future.result({ timeout: 20_000 }), 42);
});

contract('a timeout that is no number of milliseconds is refused', async ({ executor }) => {
  const future = executor.submit(pow, 2, 2);
  const refused = async (timeout: unknown, error: typeof TypeError): Promise<void> => {
    const options = { timeout } as { timeout: number };
    await assert.rejects(async () => future.result(options), error);
    await assert.rejects(async () => future.exception(options), error);
  };
  await refused('1', TypeError);
  await refused(Number.NaN, RangeError);
  assert.equal(await future, 4);
});

test('a waiting result is given when the future is resolved later', { timeout }, async () => {
  const { future, start, resolve } = Future.withResolvers<number>();
  const waiting = [future.result({ timeout: 20_000 }), future.result(), Promise.resolve(future)];
  const exception = future.exception({ timeout: 20_000 });
  setImmediate(() => {
    start();
    resolve(42);
  });
  assert.deepEqual(await Promise.all(waiting), [42, 42, 42]);
  assert.equal(await exception, undefined);
});

test('a waiting exception is given when the future is rejected later', { timeout }, async () => {
  const { future, reject } = Future.withResolvers<number>();
  const waiting = future.exception({ timeout: 20_000 });
  const error = new RangeError('later');
  setImmediate(() => reject(error));
  assert.equal(await waiting, error);
  await checkFailed(future, (other) => other === error);
});

test('a waiting result throws CancelledError when the future is cancelled later', { timeout }, async () => {
  const { future } = Future.withResolvers<number>();
  const waiting = [future.result({ timeout: 20_000 }), future.exception()];
  setImmediate(() => future.cancel());
  for (const each of await Promise.allSettled(waiting)) {
    assert.ok(each.status === 'rejected' && each.reason instanceof CancelledError);
  }
});

test('a state is set once: a second outcome is refused and the first stays', { timeout }, async () => {
  const succeeded = Future.withResolvers<number>({ name: 'one' });
  succeeded.resolve(1);
  const refusal = { name: 'InvalidStateError', code: 'INVALID_STATE', message: /finished returned number/ };
  assert.throws(() => succeeded.resolve(2), refusal);
  assert.throws(() => succeeded.reject(new Error()), InvalidStateError);
  assert.throws(() => succeeded.start(), InvalidStateError);
  await checkSucceeded(succeeded.future, 1);
  const failed = Future.withResolvers<number>();
  const error = new RangeError('first');
  failed.reject(error);
  assert.throws(() => failed.reject(new Error()), { name: 'InvalidStateError', message: /raised RangeError/ });
  assert.throws(() => failed.resolve(1), InvalidStateError);
  await checkFailed(failed.future, (other) => other === error);
});

test('a cancelled future tells its maker not to start, and takes no outcome', { timeout }, async () => {
  const source = Future.withResolvers<number>({ name: 'late' });
  assert.equal(source.future.cancel(), true);
  assert.equal(source.start(), false);
  assert.throws(() => source.resolve(1), InvalidStateError);
  assert.throws(() => source.reject(new Error()), InvalidStateError);
  await checkCancelled(source.future);
});

test('a future shows its name and its state, also to console.log', { timeout }, () => {
  const source = Future.withResolvers<number>({ name: 'shown' });
  assert.equal(String(source.future), '<Future "shown" state=pending>');
  source.start();
  assert.equal(inspect(source.future), '<Future "shown" state=running>');
  source.resolve(42);
  assert.equal(inspect({ future: source.future }), '{ future: <Future "shown" state=finished returned number> }');
});

test('a thousand looks at a done future give the same answers', { timeout }, async () => {
  const { future, resolve } = Future.withResolvers<number>();
  resolve(42);
  const first = flagsOf(future);
  for (let look = 0; look < 1_000; look++) assert.deepEqual(flagsOf(future), first);
  const values = await Promise.all(Array.from({ length: 1_000 }, () => future.result()));
  assert.deepEqual(new Set(values), new Set([42]));
});

test('a failed future that nobody awaits raises no unhandled rejection', { timeout }, async () => {
  const seen: unknown[] = [];
  const note = (reason: unknown): unknown => seen.push(reason);
  process.on('unhandledRejection', note);
  Future.withResolvers<number>().reject(new Error('nobody awaits me'));
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  assert.deepEqual(seen, []);
});
