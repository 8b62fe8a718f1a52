/** `executor.with({ … })`: timeout, signal, priority, retries, transfer, name; and the limits of the executor's queue. */

import { strict as assert } from 'node:assert';
import { CancelledError, QueueFullError, TimeoutError } from 'concurrent-futures';
import { pooled, threads } from './executors.js';
import {
  aboutMe,
  exitOnFirstAttempt,
  failAttempts,
  failOnceThenKeys,
  holdUntilAborted,
  lengthLeft,
  moveBytes,
  reportSteps,
} from './fixtures/aware.js';
import { fail } from './fixtures/errors.js';
import { byteLength, hold, holdForever, identity, lengthAfter, mark, pow, spin } from './fixtures/tasks.js';
import { contract } from './harness.js';
import { checkCancelled, checkFailed } from './probes.js';

const one = { options: { maxWorkers: 1 } };
const onePooled = { on: pooled, options: { maxWorkers: 1 } };

contract('a name given with the task is the name of its future', async ({ executor }) => {
  const future = executor.with({ name: 'the one' }).submit(pow, 2, 2);
  assert.equal(future.name, 'the one');
  assert.equal(await future, 4);
});

contract('with leaves the executor as it is, and shares its workers', one, async ({ executor }) => {
  const named = executor.with({ name: 'named' });
  assert.equal(executor.submit(pow, 2, 2).name, 'pow');
  await named.submit(pow, 2, 2);
  assert.deepEqual(named.stats().workers, executor.stats().workers);
  await named.shutdown();
  assert.throws(() => executor.submit(pow, 2, 2), { code: 'SHUTDOWN' });
});

contract('options given by one with after another add up', one, async ({ executor }) => {
  const future = executor.with({ name: 'both' }).with({ retries: 1 }).submit(aboutMe);
  assert.equal(future.name, 'both');
  assert.equal((await future)?.name, 'both');
});

contract('one onReport for many tasks is told which of them reports', async ({ executor }) => {
  const told: string[] = [];
  const reporting = executor.with({ onReport: (_progress, name) => told.push(name) });
  const names = ['a', 'b', 'c'];
  await Promise.all(names.map((name) => reporting.with({ name }).submit(reportSteps, 2)));
  assert.deepEqual(told.sort(), ['a', 'a', 'b', 'b', 'c', 'c']);
});

contract('tasks of many names, handed over together, each know their own', one, async ({ executor }) => {
  const names = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? 'third' : `task ${i}`));
  const known = await Promise.all(names.map((name) => executor.with({ name }).submit(aboutMe)));
  assert.deepEqual(
    known.map((about) => about?.name),
    names,
  );
});

for (const task of [spin, holdForever]) {
  contract(`a task that runs over its timeout is stopped: ${task.name}`, onePooled, async ({ executor, stage }) => {
    const future = executor.with({ timeout: 300 }).submit(task, stage.dir, 'task');
    await assert.rejects(future.result(), TimeoutError);
    await checkFailed(future, (error) => error instanceof TimeoutError && error.code === 'TIMEOUT');
    assert.equal(await executor.submit(pow, 2, 8), 256, 'its worker is replaced');
  });
}

contract(
  'a task whose timeout has passed is told by its signal, and may stop by itself',
  async ({ executor, stage }) => {
    const future = executor.with({ timeout: 300 }).submit(holdUntilAborted, stage.dir, 'task');
    await assert.rejects(future.result(), TimeoutError);
    await stage.line('task aborted');
  },
);

contract('the time that a task waits in the queue does not count', one, async ({ executor, stage }) => {
  const first = executor.submit(hold, stage.dir, 'first');
  await stage.line('first started');
  const second = executor.with({ timeout: 400 }).submit(pow, 2, 2);
  await new Promise((resolve) => setTimeout(resolve, 600));
  stage.openAll();
  await first;
  assert.equal(await second, 4);
});

contract('a task that ends within its timeout is not touched', async ({ executor }) => {
  assert.equal(await executor.with({ timeout: 20_000 }).submit(pow, 2, 8), 256);
});

contract('a signal that is aborted already cancels the task, which never starts', async ({ executor, stage }) => {
  const reason = new Error('too late');
  const future = executor.with({ signal: AbortSignal.abort(reason) }).submit(mark, stage.dir, 'ran');
  await assert.rejects(future.result(), CancelledError);
  await checkCancelled(future, reason);
  await executor.submit(pow, 2, 2);
  assert.deepEqual(stage.log(), []);
});

contract('aborting the signal of a queued task cancels it', one, async ({ executor, stage }) => {
  const first = executor.submit(hold, stage.dir, 'first');
  const controller = new AbortController();
  const second = executor.with({ signal: controller.signal }).submit(mark, stage.dir, 'second');
  await stage.line('first started');
  const reason = new Error('changed my mind');
  controller.abort(reason);
  await checkCancelled(second, reason);
  stage.openAll();
  await first;
  await executor.submit(pow, 2, 2);
  assert.deepEqual(stage.log(), ['first started', 'first finished']);
});

contract('aborting the signal of a running task tells the task', async ({ executor, stage }) => {
  const controller = new AbortController();
  const future = executor.with({ signal: controller.signal }).submit(holdUntilAborted, stage.dir, 'task');
  await stage.line('task started');
  const reason = new Error('changed my mind');
  controller.abort(reason);
  await assert.rejects(future.result(), CancelledError);
  await checkCancelled(future, reason);
  await stage.line('task aborted');
});

contract('aborting the signal of a task that does not listen stops it', onePooled, async ({ executor, stage }) => {
  const controller = new AbortController();
  const future = executor.with({ signal: controller.signal }).submit(spin, stage.dir, 'task');
  await stage.line('task started');
  controller.abort();
  await assert.rejects(future.result(), CancelledError);
  assert.equal(await executor.submit(pow, 2, 8), 256, 'its worker is replaced');
});

contract('one signal cancels every task that it was given to', one, async ({ executor, stage }) => {
  const controller = new AbortController();
  const first = executor.submit(hold, stage.dir, 'first');
  await stage.line('first started');
  const signalled = executor.with({ signal: controller.signal });
  // More than Node lets listen to a signal before it warns of a leak, which no test here may make it do.
  const futures = Array.from({ length: 30 }, () => signalled.submit(mark, stage.dir, 'ran'));
  controller.abort();
  for (const future of futures) await assert.rejects(future.result(), CancelledError);
  stage.openAll();
  await first;
});

contract('a signal aborted after the end changes nothing', async ({ executor }) => {
  const controller = new AbortController();
  const future = executor.with({ signal: controller.signal }).submit(pow, 2, 2);
  assert.equal(await future, 4);
  controller.abort();
  assert.equal(future.state, 'finished');
  assert.equal(await executor.submit(pow, 2, 3), 8);
});

contract('a task of higher priority starts first, equal ones in order', one, async ({ executor, stage }) => {
  const first = executor.submit(hold, stage.dir, 'first');
  await stage.line('first started');
  const at = (priority: number, label: string) => executor.with({ priority }).submit(mark, stage.dir, label);
  const futures = [at(0, 'c'), at(1, 'b'), at(5, 'a'), at(-1, 'e'), executor.submit(mark, stage.dir, 'd')];
  await new Promise((resolve) => setImmediate(resolve));
  // In a later turn: those before may have been handed over to the worker by now.
  futures.push(at(9, 'z'));
  stage.openAll();
  await Promise.all([first, ...futures]);
  assert.deepEqual(stage.log().slice(2), ['z', 'a', 'b', 'c', 'd', 'e']);
});

contract('a failing task is tried once by default', async ({ executor, stage }) => {
  await assert.rejects(executor.submit(failAttempts, stage.dir, 9).result(), /attempt 1 fails/);
  assert.deepEqual(stage.log(), ['attempt']);
});

contract('a failing task is tried again as often as retries says', async ({ executor, stage }) => {
  assert.equal(await executor.with({ retries: 2 }).submit(failAttempts, stage.dir, 2), 3, 'the third attempt');
  assert.equal(stage.count('attempt'), 3);
});

contract('when all retries have failed, the last error is the outcome', async ({ executor, stage }) => {
  await assert.rejects(executor.with({ retries: 1 }).submit(failAttempts, stage.dir, 9).result(), /attempt 2 fails/);
  assert.equal(stage.count('attempt'), 2);
});

contract(
  'a task that lost its worker is tried again when retries says so',
  { on: pooled },
  async ({ executor, stage }) => {
    assert.equal(await executor.with({ retries: 1 }).submit(exitOnFirstAttempt, stage.dir), 2);
  },
);

contract('a future is done once, however often its task is tried', async ({ executor, stage }) => {
  const future = executor.with({ retries: 3 }).submit(failAttempts, stage.dir, 2);
  let calls = 0;
  future.addDoneCallback(() => {
    calls += 1;
  });
  await future;
  assert.equal(calls, 1);
});

contract('transferred memory moves to the thread', { on: threads }, async ({ executor }) => {
  const bytes = new Uint8Array(1_000);
  assert.equal(await executor.with({ transfer: [bytes.buffer] }).submit(byteLength, bytes), 1_000);
  assert.equal(bytes.byteLength, 0, 'it is gone here');
});

contract(
  'memory that is transferred with many long tasks arrives whole, wherever they run',
  { on: threads, options: { maxWorkers: 2 } },
  async ({ executor }) => {
    const futures = Array.from({ length: 30 }, (_, i) => {
      const bytes = new Uint8Array(1000 + i);
      return executor.with({ transfer: [bytes.buffer] }).submit(lengthAfter, bytes, i % 2 === 0 ? 8 : 1);
    });
    assert.deepEqual(
      await Promise.all(futures),
      Array.from({ length: 30 }, (_, i) => 1000 + i),
    );
  },
);

contract(
  'a task that is run again gets the arguments of its submit, whatever has become of them',
  async ({ executor }) => {
    await executor.submit(pow, 2, 3);
    const argument = { rows: [1] };
    const future = executor.with({ retries: 1 }).submit(failOnceThenKeys, argument);
    Object.assign(argument, { added: true });
    assert.deepEqual(await future, ['rows']);
  },
);

contract('a task moves what its result holds, and where it can not, copies it', async ({ kind, executor }) => {
  const bytes = await executor.submit(moveBytes, 1_000);
  assert.equal(bytes.length, 1_000);
  assert.ok(bytes.every((byte) => byte === 3));
  assert.equal(await executor.submit(lengthLeft), ['thread', 'cluster'].includes(kind.name) ? 0 : 1_000);
});

contract('maxQueue refuses what is over it, with QueueFullError, and recovers', { on: pooled }, async (scene) => {
  const { create, stage } = scene;
  const executor = create({ maxWorkers: 1, maxQueue: 3 });
  const first = executor.submit(hold, stage.dir, 'first', 0);
  await stage.line('first started');
  const queued = [1, 2, 3].map((value) => executor.submit(pow, value, 1));
  assert.throws(
    () => executor.submit(pow, 4, 1),
    (error) => error instanceof QueueFullError && error.code === 'QUEUE_FULL' && error.message.includes('3'),
  );
  assert.equal(queued[2]?.cancel(), true);
  const fourth = executor.submit(pow, 4, 1);
  stage.openAll();
  assert.deepEqual(await Promise.all([first, queued[0], queued[1], fourth]), [0, 1, 2, 4]);
});

contract(
  'maxQueueBytes refuses what is over it, naming the limit, and takes nothing away',
  { on: pooled },
  async (scene) => {
    const { create, stage } = scene;
    const executor = create({ maxWorkers: 1, maxQueueBytes: 3_000 });
    const first = executor.submit(hold, stage.dir, 'first', 0);
    await stage.line('first started');
    const queued = [1, 2, 3].map(() => executor.submit(identity, new Uint8Array(1_000)));
    const moved = new ArrayBuffer(1_000);
    assert.throws(
      () => executor.with({ transfer: [moved] }).submit(identity, moved),
      (error) => error instanceof QueueFullError && /of 4 tasks .* limit is 3000 \(maxQueueBytes\)/.test(error.message),
    );
    assert.equal(moved.byteLength, 1_000, 'what was refused is still there');
    assert.equal(queued[2]?.cancel(), true);
    const fourth = executor.submit(identity, 'x'.repeat(1_000));
    assert.throws(() => executor.submit(identity, 1), QueueFullError);
    stage.openAll();
    await Promise.all([first, queued[0], queued[1], fourth]);
    assert.equal(await executor.submit(pow, 2, 3), 8, 'what is done holds nothing');
  },
);

contract('a map reads no further than maxQueueBytes, and goes on as tasks are done', { on: pooled }, async (scene) => {
  const { create, stage } = scene;
  const executor = create({ maxWorkers: 1, maxQueueBytes: 10_000 });
  let read = 0;
  function* inputs(): Generator<Uint8Array> {
    for (; read < 100; read++) yield new Uint8Array(1_000);
  }
  const results = executor.map(hold, repeat(stage.dir), repeat('item'), inputs()).toArray();
  await stage.line('item started');
  assert.ok(read <= 11, `${read} read`);
  stage.openAll();
  assert.equal((await results).length, 100);
});

function* repeat<T>(value: T): Generator<T> {
  for (;;) yield value;
}

contract('wrong task options are refused by with, which names them', async ({ executor }) => {
  const wrong: [object, typeof TypeError, RegExp][] = [
    [{ timeout: 'soon' }, TypeError, /timeout/],
    [{ timeout: -1 }, RangeError, /timeout.*-1/],
    [{ timeout: Number.NaN }, RangeError, /timeout.*NaN/],
    [{ signal: 'stop' }, TypeError, /signal/],
    [{ priority: 'high' }, TypeError, /priority/],
    [{ priority: Number.NaN }, RangeError, /priority.*NaN/],
    [{ retries: -1 }, RangeError, /retries.*-1/],
    [{ retries: 1.5 }, RangeError, /retries.*1\.5/],
    [{ name: 42 }, TypeError, /name/],
    [{ nmae: 'typo' }, TypeError, /nmae/],
  ];
  for (const [options, type, message] of wrong) {
    assert.throws(
      () => executor.with(options),
      (error) => error instanceof type && message.test((error as Error).message),
      JSON.stringify(options),
    );
  }
  assert.equal((await executor.submit(fail, 'no').exception()) instanceof RangeError, true);
});
