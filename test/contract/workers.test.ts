/** Workers: how many, how long, under which names, and who gets the next task. */

import { strict as assert } from 'node:assert';
import { availableParallelism } from 'node:os';
import { BrokenExecutorError, ProcessPoolExecutor, ThreadPoolExecutor, WorkerLostError } from 'concurrent-futures';
import { localPools, pooled, processes } from './executors.js';
import { exit } from './fixtures/faults.js';
import { double, hold, holdBlocking, identity, pow, whereAmI } from './fixtures/tasks.js';
import { eventually } from './gates.js';
import { contract } from './harness.js';

const five = { on: pooled, options: { maxWorkers: 5 } };
const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

contract(
  'many held tasks start exactly maxWorkers workers',
  { on: localPools, options: { maxWorkers: 4 } },
  async (scene) => {
    const { executor, stage } = scene;
    const futures = range(60).map((index) => executor.submit(hold, stage.dir, `task ${index}`, index));
    await stage.lines('started', 4);
    assert.equal(executor.stats().workers.length, 4);
    assert.equal(stage.count('started'), 4);
    stage.openAll();
    assert.deepEqual(await Promise.all(futures), range(60));
    assert.equal(executor.stats().workers.length, 4);
  },
);

contract(
  'tasks that block their workers all end as they are released',
  { on: pooled, options: { maxWorkers: 4 } },
  async (scene) => {
    const { executor, stage } = scene;
    const futures = range(10).map((index) => executor.submit(holdBlocking, stage.dir, `task ${index}`, index));
    await stage.lines('started', 4);
    for (const index of range(10)) {
      stage.open(`task ${index}`);
      assert.equal(await futures[index], index);
    }
  },
);

contract(
  'tiny tasks awaited one by one, long ones, and many at once, in any order, are all answered',
  { on: localPools, options: { maxWorkers: 2 } },
  async ({ executor, stage }) => {
    for (const round of range(4)) {
      for (const index of range(300)) assert.equal(await executor.submit(identity, index), index);
      const long = executor.submit(holdBlocking, stage.dir, `long ${round}`, round);
      const given = executor.submit(hold, stage.dir, `given up ${round}`, round);
      await stage.lines('started', 2 * round + 2);
      given.kill();
      await assert.rejects(given.result());
      stage.open(`long ${round}`);
      assert.equal(await long, round);
      for (const index of range(50)) assert.equal(await executor.submit(identity, index), index);
      const many = range(100).map((index) => executor.submit(identity, index));
      assert.deepEqual(await Promise.all(many), range(100));
    }
  },
);

contract('an idle worker is used again before another is started', five, async ({ executor }) => {
  for (const _ of range(20)) await executor.submit(whereAmI);
  // Workers of a cluster say within a tenth of a second that they are there: an outcome may be quicker.
  await eventually(() => executor.stats().workers.length > 0, 'a worker to be known');
  const { length } = executor.stats().workers;
  // One that gets no core for a tenth of a second counts as stuck, and another is started: on a busy machine, not five.
  assert.ok(length <= 3, `${length} workers`);
});

contract('six tasks, every second awaited, need at most three workers', five, async ({ executor }) => {
  for (let time = 0; time < 3; time++) {
    executor.submit(pow, 2, time);
    await executor.submit(pow, 3, time);
  }
  const { length } = executor.stats().workers;
  assert.ok(length <= 3, `${length} workers`);
});

contract('no worker is started before there is a task', { on: pooled }, async ({ executor }) => {
  assert.deepEqual(executor.stats().workers, []);
});

contract('a worker ends after maxTasksPerWorker tasks and is replaced', { on: pooled }, async ({ create }) => {
  const executor = create({ maxWorkers: 1, maxTasksPerWorker: 3 });
  const where = [];
  for (let time = 0; time < 4; time++) {
    where.push(await executor.submit(whereAmI));
    assert.ok(executor.stats().workers.length <= 1);
  }
  const [first, second, third, fourth] = where;
  assert.deepEqual([second, third], [first, first]);
  assert.notDeepEqual(fourth, first);
});

for (const [maxWorkers, maxTasksPerWorker, tasks] of [
  [1, 2, 6],
  [2, 2, 8],
  [3, 1, 6],
] as const) {
  const options = { maxWorkers, maxTasksPerWorker };
  contract(
    `${tasks} queued tasks run on ${maxWorkers} workers of ${maxTasksPerWorker} tasks each`,
    { on: pooled, options },
    async (scene) => {
      const futures = range(tasks).map((value) => scene.executor.submit(double, value));
      assert.deepEqual(await Promise.all(futures), range(tasks).map(double));
    },
  );
  contract(
    `also when shutdown follows at once: ${tasks} tasks, ${maxWorkers} workers of ${maxTasksPerWorker}`,
    { on: pooled, options },
    async (scene) => {
      const futures = range(tasks).map((value) => scene.executor.submit(double, value));
      await scene.executor.shutdown();
      assert.deepEqual(await Promise.all(futures), range(tasks).map(double));
    },
  );
}

contract(
  'tasks queued behind a worker of one task run after a shutdown that does not wait',
  { on: pooled, options: { maxWorkers: 1, maxTasksPerWorker: 1 } },
  async ({ executor, stage }) => {
    const futures = [
      executor.submit(hold, stage.dir, 'first', 0),
      executor.submit(identity, 1),
      executor.submit(identity, 2),
    ];
    await stage.line('first started');
    await executor.shutdown({ wait: false });
    stage.openAll();
    assert.deepEqual(await Promise.all(futures), [0, 1, 2]);
  },
);

contract('workers are named by the prefix and a number', { on: localPools }, async ({ create, stage }) => {
  const executor = create({ maxWorkers: 3, namePrefix: 'SpecialPool' });
  const futures = range(3).map((index) => executor.submit(hold, stage.dir, `task ${index}`));
  await stage.lines('started', 3);
  const names = executor.stats().workers.map((worker) => worker.name);
  for (const name of names) assert.match(name, /^SpecialPool_\d+$/);
  assert.equal(new Set(names).size, 3, 'each has a name of its own');
  stage.openAll();
  await Promise.all(futures);
  const error = await executor.submit(exit, 3).exception();
  assert.ok(error instanceof WorkerLostError);
  assert.match(error.workerName, /^SpecialPool_\d+$/);
});

contract(
  "a worker's name starts with its executor's class and number by default",
  { on: localPools },
  async (scene) => {
    const names = [];
    for (const executor of [scene.executor, scene.create()]) {
      await executor.submit(pow, 2, 2);
      names.push(executor.stats().workers[0]?.name ?? '');
    }
    for (const name of names) assert.match(name, new RegExp(`^${scene.kind.className}-\\d+_\\d+$`));
    assert.notEqual(names[0], names[1]);
  },
);

contract(
  'by default there are as many workers as the machine runs at once',
  { on: pooled },
  async ({ kind, stage }) => {
    const Pool = kind.name === 'thread' ? ThreadPoolExecutor : ProcessPoolExecutor;
    await using executor = new Pool({ execArgv: [] });
    const most = availableParallelism();
    const futures = range(most * 2).map((index) => executor.submit(hold, stage.dir, `task ${index}`));
    await stage.lines('started', 1);
    const { length } = executor.stats().workers;
    stage.openAll();
    await Promise.all(futures);
    // A container's quota may allow less.
    assert.ok(length >= 1 && length <= most, `${length} workers`);
  },
);

contract('minWorkers are started at once and stay', { on: localPools }, async ({ create }) => {
  const executor = create({ maxWorkers: 3, minWorkers: 2, idleTimeout: 20 });
  await eventually(
    () => executor.stats().workers.filter(({ state }) => state === 'idle').length === 2,
    '2 idle workers',
  );
  const pids = (): unknown[] => executor.stats().workers.map(({ id }) => id);
  const before = pids();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(pids(), before);
});

contract('a worker that was idle for idleTimeout ends', { on: localPools }, async ({ create, stage }) => {
  const executor = create({ maxWorkers: 3, idleTimeout: 20 });
  const futures = range(3).map((index) => executor.submit(hold, stage.dir, `task ${index}`));
  await stage.lines('started', 3);
  stage.openAll();
  await Promise.all(futures);
  await eventually(() => executor.stats().workers.length === 0, 'the idle workers to end');
  assert.equal(await executor.submit(pow, 2, 2), 4, 'and another starts when there is a task');
});

contract('a held task never keeps others waiting while a worker is idle', { on: pooled }, async ({ create, stage }) => {
  const executor = create({ maxWorkers: 2 });
  // Tiny tasks first, so that the executor has come to hand over many at once.
  await Promise.all(range(2_000).map((value) => executor.submit(double, value)));
  const held = executor.submit(hold, stage.dir, 'held', 'held');
  const quick = range(200).map((value) => executor.submit(double, value));
  assert.deepEqual(await Promise.all(quick), range(200).map(double));
  assert.equal(held.done(), false);
  stage.openAll();
  assert.equal(await held, 'held');
});

contract(
  'a blocking task never keeps others waiting while a worker is idle',
  { on: pooled },
  async ({ create, stage }) => {
    const executor = create({ maxWorkers: 2 });
    await Promise.all(range(2_000).map((value) => executor.submit(double, value)));
    const all = range(300).map((index) => {
      if (index === 150) return executor.submit(holdBlocking, stage.dir, 'held', -1);
      return executor.submit(double, index);
    });
    await Promise.all(all.filter((_, index) => index !== 150));
    assert.equal(all[150]?.done(), false);
    stage.openAll();
    assert.equal(await all[150], -1);
  },
);

contract('workers that cannot start break the executor, and nothing hangs', { on: processes }, async ({ create }) => {
  const executor = create({ maxWorkers: 2, execPath: '/nonexistent/node' });
  const futures = range(5).map((value) => executor.submit(double, value));
  const errors = await Promise.all(futures.map((future) => future.exception()));
  assert.ok(errors.every((error) => error instanceof BrokenExecutorError));
  assert.throws(() => executor.submit(double, 1), BrokenExecutorError);
});

contract(
  'a program that blocks while its worker starts does not take it for one that can not start',
  { on: pooled, options: { maxWorkers: 1, startupTimeout: 3_000 } },
  async ({ executor }) => {
    const future = executor.submit(double, 21);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_200);
    assert.equal(await future, 42);
  },
);
