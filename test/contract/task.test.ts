/** What a task sees of itself, in whichever worker. */

import { strict as assert } from 'node:assert';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { isWorker } from 'concurrent-futures';
import { inline, local, localPools, pooled, processes, threads } from './executors.js';
import {
  aboutMe,
  aboutMeLater,
  amIInAWorker,
  contextOf,
  lookAfterwards,
  lookOnceOpen,
  reportSteps,
} from './fixtures/aware.js';
import { hold, whereAmI } from './fixtures/tasks.js';
import { contract } from './harness.js';

contract('a task keeps knowing itself after an await', async ({ executor }) => {
  const about = await executor.with({ name: 'later' }).submit(aboutMeLater);
  assert.equal(about?.name, 'later');
});

contract('tasks that run at the same time each know their own name', { options: { maxWorkers: 2 } }, async (scene) => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const abouts = await Promise.all(names.map((name) => scene.executor.with({ name }).submit(aboutMeLater)));
  assert.deepEqual(
    abouts.map((about) => about?.name),
    names,
  );
});

contract('what a task leaves behind runs outside of any task', async ({ executor, stage }) => {
  assert.equal(await executor.submit(lookAfterwards, stage.dir), true);
  await stage.line('outside');
});

contract(
  'what a task leaves behind is not the task that runs by then',
  { options: { maxWorkers: 1 } },
  async ({ executor, stage }) => {
    await executor.submit(lookOnceOpen, stage.dir, 'look');
    const held = executor.with({ name: 'held' }).submit(hold, stage.dir, 'held', 1);
    await stage.line('held started');
    stage.open('look');
    await stage.lines('looked', 1);
    stage.open('held');
    assert.equal(await held, 1);
    assert.ok(stage.log().includes('in no task looked'), stage.log().join());
  },
);

contract("a task's name is its function's by default", async ({ executor }) => {
  const future = executor.submit(aboutMe);
  assert.equal(future.name, 'aboutMe');
  assert.equal((await future)?.name, 'aboutMe');
});

contract('a task reads what the storages of the option context held at its submit', async ({ executor }) => {
  const [user, trace] = [new AsyncLocalStorage<string>(), new AsyncLocalStorage<{ id: number }>()];
  const traced = executor.with({ context: { user, trace } });
  const futures = ['ada', 'bob'].map((name, id) =>
    user.run(name, () =>
      trace.run({ id }, () => [traced.submit(contextOf, 'user'), traced.submit(contextOf, 'trace')]),
    ),
  );
  assert.deepEqual(await Promise.all(futures.flat()), ['ada', { id: 0 }, 'bob', { id: 1 }]);
  assert.equal(await traced.submit(contextOf, 'user'), undefined);
  assert.equal(await executor.submit(contextOf, 'user'), undefined);
});

contract('callbacks run in the async context in which they were added', async ({ executor }) => {
  const user = new AsyncLocalStorage<string>();
  const future = executor.submit(aboutMeLater);
  const seen: unknown[] = [];
  for (const name of ['ada', 'bob']) user.run(name, () => future.addDoneCallback(() => seen.push(user.getStore())));
  await future;
  assert.deepEqual(seen, ['ada', 'bob']);
});

contract('a storage that holds what can not be copied is refused by submit, by name', async ({ executor }) => {
  const user = new AsyncLocalStorage<unknown>();
  const traced = executor.with({ context: { user } });
  user.run(
    () => {},
    () => assert.throws(() => traced.submit(contextOf, 'user'), /context\.user/),
  );
});

contract('isWorker is true inside a worker', { on: pooled }, async ({ executor }) => {
  assert.equal(await executor.submit(amIInAWorker), true);
});

contract('isWorker is false for the inline executor, which runs here', { on: inline }, async ({ executor }) => {
  assert.equal(await executor.submit(amIInAWorker), false);
});

test('isWorker is false in the program itself', () => {
  assert.equal(isWorker, false);
});

contract('a thread pool runs tasks in threads of this process', { on: threads }, async ({ executor }) => {
  const { pid, threadId } = await executor.submit(whereAmI);
  assert.equal(pid, process.pid);
  assert.notEqual(threadId, 0);
});

contract('a process pool runs tasks in processes of their own', { on: processes }, async ({ executor }) => {
  const { pid } = await executor.submit(whereAmI);
  assert.notEqual(pid, process.pid);
});

contract('the inline executor runs tasks in this very thread', { on: inline }, async ({ executor }) => {
  assert.deepEqual(await executor.submit(whereAmI), whereAmI());
});

contract('reporting progress is possible from any task', async ({ executor }) => {
  assert.equal(await executor.submit(reportSteps, 10), 10);
});

contract("a task's reports are there before its outcome, all of them", async ({ executor }) => {
  for (let round = 0; round < 20; round++) {
    const told: unknown[] = [];
    const toldAtEnd: number[] = [];
    const future = executor.with({ onReport: (progress) => told.push(progress) }).submit(reportSteps, 50);
    future.addDoneCallback(() => toldAtEnd.push(told.length));
    await future;
    assert.deepEqual(toldAtEnd, [50]);
  }
});

contract(
  'stats tell what the executor is doing',
  { on: local, options: { maxWorkers: 1 } },
  async ({ executor, stage }) => {
    const idle = executor.stats();
    assert.deepEqual([idle.queued, idle.running, idle.completed, idle.failed, idle.cancelled], [0, 0, 0, 0, 0]);
    const futures = ['a', 'b', 'c'].map((label) => executor.submit(hold, stage.dir, label));
    await stage.line('a started');
    assert.equal(futures[2]?.cancel(), true);
    const busy = executor.stats();
    const [worker] = busy.workers;
    assert.equal(worker?.task, 'hold');
    assert.ok(Number(worker?.taskMs) >= 0, `it runs for ${worker?.taskMs} ms`);
    assert.deepEqual([busy.queued, busy.running, busy.cancelled], [1, 1, 1]);
    stage.openAll();
    await Promise.all(futures.slice(0, 2));
    assert.deepEqual(
      futures.map((future) => future.stats?.worker),
      [worker?.name, worker?.name, undefined],
    );
    const after = executor.stats();
    assert.deepEqual([after.queued, after.running, after.completed, after.cancelled], [0, 0, 2, 1]);
    assert.equal(busy.running, 1, 'a snapshot does not change');
  },
);

contract(
  'stats name each worker and where it is',
  { on: localPools, options: { maxWorkers: 1 } },
  async ({ kind, executor }) => {
    const where = await executor.submit(whereAmI);
    const [worker, ...others] = executor.stats().workers;
    assert.equal(others.length, 0);
    assert.equal(worker?.completed, 1);
    assert.equal(worker?.systemId, kind.name === 'process' ? where.pid : where.threadId);
  },
);

contract('stats are plain data', async ({ executor }) => {
  await executor.submit(whereAmI);
  const stats = executor.stats();
  assert.deepEqual(structuredClone(stats), stats);
});
