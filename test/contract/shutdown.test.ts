/** `shutdown`: what it waits for, what it cancels, what it stops, and that nothing is left. */

import { strict as assert } from 'node:assert';
import { type Executor, type Future, ShutdownError } from 'concurrent-futures';
import { local, localPools, pooled, workerPids } from './executors.js';
import { divmod, ZeroDivisionError } from './fixtures/errors.js';
import { add, double, hold, holdForever, holdThenExit, mark, pow, spin, whereAmI } from './fixtures/tasks.js';
import { contract } from './harness.js';
import { childPids, isAlive, liveThreads } from './leaks.js';
import { checkCancelled, knownToRun } from './probes.js';

const three = { on: pooled, options: { maxWorkers: 3 } };
const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

contract('after shutdown, submit and map throw ShutdownError', async ({ executor }) => {
  await executor.shutdown();
  const isIt = (error: unknown): boolean => error instanceof ShutdownError && error.code === 'SHUTDOWN';
  assert.throws(() => executor.submit(pow, 2, 5), isIt);
  assert.throws(() => executor.with({ name: 'late' }).submit(pow, 2, 5), isIt);
  assert.throws(() => executor.map(double, [1]), isIt);
});

contract('submit throws ShutdownError as soon as shutdown was called', async ({ executor, stage }) => {
  const future = executor.submit(hold, stage.dir, 'task', 1);
  const down = executor.shutdown();
  assert.throws(() => executor.submit(pow, 2, 5), ShutdownError);
  stage.openAll();
  await down;
  assert.equal(await future, 1);
});

contract('shutdown waits for everything submitted before it', async ({ executor }) => {
  const futures = range(50).map((index) => executor.submit(add, index, 1));
  const { unfinished } = await executor.shutdown();
  assert.deepEqual(unfinished, []);
  assert.ok(futures.every((future) => future.done()));
  assert.deepEqual(
    await Promise.all(futures),
    range(50).map((index) => index + 1),
  );
});

contract('shutdown that does not wait returns at once, and the tasks end', async ({ executor, stage }) => {
  const futures = range(8).map((index) => executor.submit(hold, stage.dir, `task ${index}`, index));
  await stage.lines('started', 1);
  const { unfinished } = await executor.shutdown({ wait: false });
  assert.deepEqual(new Set(unfinished), new Set(futures), 'they are what is not finished yet');
  assert.ok(futures.every((future) => !future.done()));
  stage.openAll();
  assert.deepEqual(await Promise.all(futures), range(8));
});

contract(
  'shutdown that cancels leaves what has started and cancels the rest',
  { on: local },
  async ({ executor, stage }) => {
    const futures = range(50).map((index) => executor.submit(hold, stage.dir, `task ${index}`, index));
    await stage.lines('started', 1);
    const down = executor.shutdown({ cancelFutures: true });
    stage.openAll();
    await down;
    const cancelled = futures.filter((future) => future.cancelled());
    const finished = futures.filter((future) => !future.cancelled());
    assert.equal(finished.length, stage.count('started'), 'exactly what has started is finished');
    assert.ok(finished.length >= 1 && finished.length <= 5 && cancelled.length >= 45);
    for (const future of finished) assert.equal(await future.exception(), undefined);
    for (const future of cancelled) await checkCancelled(future);
  },
);

contract('a later shutdown can cancel what an earlier one waits for', { options: { maxWorkers: 1 } }, async (scene) => {
  const { executor, stage } = scene;
  const futures = ['a', 'b'].map((label) => executor.submit(hold, stage.dir, label, label));
  await knownToRun(futures[0] as Future<string>);
  const first = executor.shutdown();
  const second = executor.shutdown({ cancelFutures: true });
  assert.equal(futures[1]?.cancelled(), true);
  stage.openAll();
  await Promise.all([first, second]);
  assert.equal(await futures[0], 'a');
});

contract('shutdown is safe to call again, before and after it is done', async ({ executor, stage }) => {
  const future = executor.submit(hold, stage.dir, 'task', 1);
  const both = [executor.shutdown(), executor.shutdown()];
  stage.openAll();
  await Promise.all(both);
  await executor.shutdown();
  await executor[Symbol.asyncDispose]();
  assert.equal(await future, 1);
});

contract('an executor that was never used shuts down', async ({ executor }) => {
  assert.deepEqual((await executor.shutdown()).unfinished, []);
  assert.deepEqual(executor.stats().workers, []);
});

contract('a task cancelled right after submit does not hang the shutdown', async ({ executor }) => {
  const future = executor.submit(pow, 2, 2);
  assert.equal(future.cancel(), true);
  await executor.shutdown({ wait: true });
  await checkCancelled(future);
});

for (const task of [spin, holdForever]) {
  contract(`a shutdown timeout stops ${task.name} and lists it as unfinished`, { on: pooled }, async (scene) => {
    const { executor, stage } = scene;
    const good = executor.submit(pow, 2, 2);
    await good;
    const stuck = executor.submit(task, stage.dir, 'task');
    await stage.line('task started');
    const { unfinished } = await executor.shutdown({ timeout: 50 });
    assert.equal(unfinished.length, 1);
    assert.equal(unfinished[0], stuck);
    assert.equal(stuck.cancelled(), true);
    assert.equal(good.resultSync(), 4);
  });
}

contract(
  'a shutdown timeout covers what was still queued',
  { on: pooled, options: { maxWorkers: 1 } },
  async (scene) => {
    const { executor, stage } = scene;
    const futures = [executor.submit(spin, stage.dir, 'task'), executor.submit(mark, stage.dir, 'queued')];
    await stage.line('task started');
    const { unfinished } = await executor.shutdown({ timeout: 50 });
    assert.deepEqual(new Set(unfinished), new Set(futures));
    assert.ok(futures.every((future) => future.done()));
    assert.deepEqual(stage.log(), ['task started']);
  },
);

contract('a shutdown timeout that is not reached changes nothing', async ({ executor }) => {
  const futures = range(10).map((index) => executor.submit(add, index, 1));
  assert.deepEqual((await executor.shutdown({ timeout: 20_000 })).unfinished, []);
  assert.deepEqual(
    await Promise.all(futures),
    range(10).map((index) => index + 1),
  );
});

contract('shutdownTimeout bounds the disposal of an executor', { on: pooled }, async ({ stage, create }) => {
  const executor = create({ maxWorkers: 1, shutdownTimeout: 50 });
  const stuck = executor.submit(spin, stage.dir, 'task');
  await stage.line('task started');
  await executor[Symbol.asyncDispose]();
  assert.equal(stuck.cancelled(), true);
});

contract('shutdown refuses a timeout that it does not understand', async ({ executor }) => {
  for (const [timeout, error] of [
    ['soon', TypeError],
    [Number.NaN, RangeError],
  ] as const) {
    await assert.rejects(async () => executor.shutdown({ timeout: timeout as number }), error);
  }
  assert.equal(await executor.submit(pow, 2, 2), 4, 'and the executor is usable afterwards');
});

contract('at the end of its block an executor in "await using" is shut down', async ({ create }) => {
  let kept: Executor;
  {
    await using executor = create();
    kept = executor;
    const values = await executor
      .map(
        Math.abs,
        range(10).map((index) => index - 5),
      )
      .toArray();
    assert.deepEqual(values, [5, 4, 3, 2, 1, 0, 1, 2, 3, 4]);
  }
  assert.throws(() => kept.submit(pow, 2, 2), ShutdownError);
  assert.deepEqual(kept.stats().workers, []);
});

contract(
  'when shutdown has returned, every worker has ended',
  { ...three, on: localPools },
  async ({ kind, executor, stage }) => {
    const futures = range(3).map((index) => executor.submit(hold, stage.dir, `task ${index}`));
    await stage.lines('started', 3);
    assert.equal(executor.stats().workers.length, 3);
    const pids = workerPids(kind, executor);
    const threads = liveThreads();
    stage.openAll();
    await Promise.all(futures);
    await executor.shutdown();
    assert.deepEqual(pids.filter(isAlive), []);
    assert.equal(liveThreads(), kind.name === 'thread' ? threads - 3 : threads);
    assert.deepEqual(childPids(), []);
  },
);

contract('idle workers end with the shutdown', { on: localPools }, async ({ executor }) => {
  const { pid } = await executor.submit(whereAmI);
  const started = liveThreads();
  await executor.shutdown();
  assert.ok(pid === process.pid ? liveThreads() === started - 1 : !isAlive(pid));
});

for (const maxWorkers of [2, 4]) {
  contract(
    `with ${maxWorkers} workers of one task each, stopping at the first error and shutting down ends all`,
    { on: pooled, options: { maxWorkers, maxTasksPerWorker: 1 } },
    async ({ executor }) => {
      const futures = [executor.submit(divmod, 1, 1), executor.submit(divmod, 1, 0), executor.submit(divmod, 3, 1)];
      let sum = 0;
      await assert.rejects(async () => {
        for (const future of futures) sum += (await future)[0] ?? 0;
      }, ZeroDivisionError);
      await executor.shutdown({ wait: false });
      assert.equal(sum, 1);
      assert.deepEqual(await futures[2], [3, 0]);
    },
  );
}

contract('a worker lost while shutdown waits fails its task alone', { on: pooled }, async ({ executor, stage }) => {
  const lost = executor.submit(holdThenExit, stage.dir, 'lost', 5);
  const failed = assert.rejects(lost.result(), { code: 'WORKER_LOST', exitCode: 5 });
  const others = range(10).map((index) => executor.submit(add, index, 1));
  await stage.line('lost started');
  const down = executor.shutdown();
  stage.open('lost');
  await down;
  await failed;
  assert.deepEqual(
    await Promise.all(others),
    range(10).map((index) => index + 1),
  );
});
