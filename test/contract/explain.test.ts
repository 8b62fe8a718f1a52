/** `explain()` and `stuckAfter`: what the executor says that it does. */

import { strict as assert } from 'node:assert';
import { local, pooled, processes, threads } from './executors.js';
import { leaveBlocking, stopMyself } from './fixtures/faults.js';
import { hold, pow } from './fixtures/tasks.js';
import { eventually } from './gates.js';
import { contract } from './harness.js';

contract('an idle executor says so', { on: local, options: { maxWorkers: 1 } }, async ({ executor }) => {
  await executor.submit(pow, 2, 3);
  assert.match(
    executor.explain(),
    /: running, 1 of at most \d+ workers?\n {2}\S+_0( \(\d+\))?: idle for \d+.*\n {2}queue: empty$/,
  );
});

contract(
  'it says what runs, for how long, and what waits for it',
  { on: local, options: { maxWorkers: 1 } },
  async (scene) => {
    const { executor, stage } = scene;
    const first = executor.with({ name: 'first', timeout: 20_000 }).submit(hold, stage.dir, 'held', 1);
    await stage.line('held started');
    const second = executor.with({ name: 'second' }).submit(pow, 2, 3);
    await eventually(
      () => /queue: 1 task, "second" next; it waits for a worker to be free/.test(executor.explain()),
      'the queue',
    );
    assert.match(executor.explain(), /runs task "first" for \d+(\.\d)? m?s, timeout 20\.0 s/);
    stage.openAll();
    assert.deepEqual(await Promise.all([first, second]), [1, 8]);
  },
);

contract('it says when a worker is blocked', { on: threads, options: { maxWorkers: 1 } }, async ({ executor }) => {
  const word = new Int32Array(new SharedArrayBuffer(4));
  await executor.submit(leaveBlocking, word);
  await eventually(() => Atomics.load(word, 0) === 1, 'the worker to be blocked');
  const stuck = executor.submit(pow, 2, 3);
  await eventually(() => /holds 1 task/.test(executor.explain()), 'the task to be handed over');
  stuck.cancel();
  await executor.shutdown({ timeout: 0 });
});

contract(
  'work that is stuck for stuckAfter is told once, with the explanation',
  { on: pooled, options: { maxWorkers: 1, stuckAfter: 50 } },
  async ({ executor, stage, takeWarnings }) => {
    const held = executor.with({ name: 'held' }).submit(hold, stage.dir, 'held', 1);
    const [warning] = await takeWarnings(1);
    assert.equal((warning as { code?: string } | undefined)?.code, 'CF_STUCK');
    assert.match(String((warning as { detail?: string } | undefined)?.detail), /"held"/);
    stage.openAll();
    assert.equal(await held, 1);
  },
);

contract(
  'work that was stuck before it started, and then runs for long, is told once',
  { on: processes },
  async ({ create, stage, takeWarnings }) => {
    const executor = create({ maxWorkers: 1, stuckAfter: 50, initializer: stopMyself, initargs: [stage.dir] });
    const long = executor.submit(runFor, 6 * 50);
    const [warning] = await takeWarnings(1);
    assert.equal(warning?.code, 'CF_STUCK');
    const pidLine = /^pid (\d+)$/m;
    await eventually(() => pidLine.test(stage.log().join('\n')), 'the process to say who it is');
    const [, pid] = pidLine.exec(stage.log().join('\n')) ?? [];
    // It says so before it stops: what comes too early would be lost.
    await eventually(() => {
      process.kill(Number(pid), 'SIGCONT');
      return long.done();
    }, 'the task to be done');
    assert.equal(await long, 300);
  },
);

async function runFor(ms: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return ms;
}
