/** Executors inside workers, tasks that submit, and one function in a worker of its own. */

import { strict as assert } from 'node:assert';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { BootstrapError, Future, inProcess, inThread, ProcessPoolExecutor, WorkerLostError } from 'concurrent-futures';
import { inline, pooled, threads } from './executors.js';
import { divmod, ZeroDivisionError } from './fixtures/errors.js';
import { exit } from './fixtures/faults.js';
import { nestedWorkers, powInAnotherPool, powInAPoolLeftOpen, shared, sumInside } from './fixtures/nested.js';
import { hold, pow, spin, whereAmI } from './fixtures/tasks.js';
import { Stage } from './gates.js';
import { contract } from './harness.js';
import { Baseline } from './leaks.js';
import { checkCancelled, checkSucceeded } from './probes.js';

const timeout = 30_000;

for (const inner of ['thread', 'process'] as const) {
  contract(`a task can use a ${inner} pool of its own`, async ({ executor }) => {
    assert.equal(await executor.submit(powInAnotherPool, inner, 2, 8), 256);
  });

  contract(`a ${inner} pool that a task left open ends with the worker`, { on: pooled }, async ({ executor }) => {
    assert.equal(await executor.submit(powInAPoolLeftOpen, inner, 2, 8), 256);
    assert.equal(await executor.submit(pow, 2, 3), 8);
  });
}

contract(
  'every worker of a pool can use a pool of its own at once',
  { on: pooled, options: { maxWorkers: 3 } },
  async (scene) => {
    const futures = [1, 2, 3].map((base) => scene.executor.submit(powInAnotherPool, 'thread', base, 2));
    assert.deepEqual(await Promise.all(futures), [1, 4, 9]);
  },
);

contract(
  'a chain of tasks goes on while process pools come and go',
  { on: threads, options: { maxWorkers: 1 } },
  async ({ executor }) => {
    let links = 0;
    let stop = false;
    const ended = new Promise<void>((resolve) => {
      const next = (): void => {
        links += 1;
        if (stop) resolve();
        else executor.submit(pow, links, 2).addDoneCallback(next);
      };
      next();
    });
    for (let time = 0; time < 5; time++) {
      await using processes = new ProcessPoolExecutor({ maxWorkers: 1, execArgv: [] });
      assert.equal(await processes.submit(pow, 2, time), 2 ** time);
    }
    stop = true;
    await ended;
    assert.ok(links > 5);
  },
);

contract(
  'an executor in a task has its share of the processors',
  { on: pooled, options: { maxWorkers: 4 } },
  async (scene) => {
    const counts = await scene.executor.submit(nestedWorkers, 2);
    const share = Math.max(1, Math.floor(availableParallelism() / 4));
    assert.deepEqual(counts, [share, 1]);
  },
);

contract(
  'executors in tasks of executors without end are refused',
  { on: threads, options: { maxWorkers: 1 } },
  async (scene) => {
    const error = await scene.executor.submit(nestedWorkers, 100).exception();
    assert.ok(error instanceof BootstrapError, String(error));
    assert.match(error.message, /nested 8 deep/);
  },
);

contract('a task of the inline executor may wait for tasks of the same', { on: inline }, async ({ executor }) => {
  shared.executor = executor;
  try {
    assert.equal(await executor.submit(sumInside, 20), 210);
    assert.equal(await executor.submit(pow, 2, 3), 8);
  } finally {
    shared.executor = undefined;
  }
});

for (const [name, start] of [
  ['inThread', inThread],
  ['inProcess', inProcess],
] as const) {
  test(`${name} runs one function in a worker of its own, which ends with it`, { timeout }, async () => {
    const baseline = new Baseline();
    const future = start(pow, 2, 8);
    assert.ok(future instanceof Future);
    assert.equal(await future, 256);
    await checkSucceeded(future, 256);
    await baseline.assertNothingLeft([]);
  });

  test(`${name} does not run the function here`, { timeout }, async () => {
    const here = whereAmI();
    assert.notDeepEqual(await start(whereAmI), here);
  });

  test(`${name} gives the error of its function`, { timeout }, async () => {
    const baseline = new Baseline();
    await assert.rejects(start(divmod, 1, 0).result(), ZeroDivisionError);
    await assert.rejects(start(exit, 3).result(), (error) => error instanceof WorkerLostError && error.exitCode === 3);
    await baseline.assertNothingLeft([]);
  });

  test(`${name} can be killed, and two of them run at the same time`, { timeout }, async () => {
    const baseline = new Baseline();
    const stage = new Stage();
    const stuck = start(spin, stage.dir, 'stuck');
    const held = start(hold, stage.dir, 'held', 42);
    await stage.lines('started', 2);
    assert.equal(stuck.kill(), true);
    await checkCancelled(stuck);
    stage.openAll();
    assert.equal(await held, 42);
    stage.remove();
    await baseline.assertNothingLeft([]);
  });
}
