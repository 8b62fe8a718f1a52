/** Whoever dies, at whichever step: every task has exactly one outcome, and in bounded time. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { BrokenExecutorError, type Future, InlineExecutor, TimeoutError, WorkerLostError } from 'concurrent-futures';
import { ClusterExecutor, ClusterWorker } from 'concurrent-futures/cluster';
import { eventually } from '../contract/gates.js';
import { failLater, holdFor, killWorker, square } from './fixtures/tasks.mjs';
import { ClusterScene } from './scene.js';

const options = { timeout: 60_000 };

async function knownToRun(future: Future<unknown>): Promise<void> {
  await eventually(() => future.running(), `${future} to be known to run`);
}

/** Known to run, and past the loading of its module: it has said so itself. */
async function knownToHold(scene: ClusterScene, future: Future<unknown>): Promise<void> {
  await knownToRun(future);
  await eventually(() => scene.starts.includes('held'), `${future} to have begun`);
}

test('what a killed worker ran is run by another, and has one outcome', options, async () => {
  await using scene = await ClusterScene.start();
  const first = await scene.worker();
  const executor = scene.executor();
  const held = executor.submit(holdFor, scene.file, 'held', scene.gate);
  await knownToHold(scene, held);
  const second = await scene.worker();
  first.kill('SIGKILL');
  scene.open();
  assert.equal(await held, `held by ${second.process.pid}`);
  assert.deepEqual(scene.starts, ['held', 'held']);
});

/** Another worker does the task of one that is stopped, and its submitter goes; then the stopped one goes on. Gives whom a later submitter finds. */
async function leftByStopped(when: 'running' | 'given'): Promise<string[]> {
  await using scene = await ClusterScene.start();
  const stopped = await scene.worker({ maxWorkers: 1 });
  const name = 'heard-and-gone';
  const executor = scene.executor({ name });
  // What it has asked for next is given to it though it is stopped.
  if (when === 'given') {
    await executor.submit(square, scene.file, 2);
    stopped.kill('SIGSTOP');
  }
  const held = executor.submit(holdFor, scene.file, 'held', scene.gate);
  if (when === 'running') {
    await knownToHold(scene, held);
    stopped.kill('SIGSTOP');
  }
  const other = await scene.worker();
  scene.open();
  assert.equal(await held, `held by ${other.process.pid}`);
  await executor.shutdown();
  stopped.kill('SIGCONT');
  // It ends once it is done with all that it holds.
  stopped.kill('SIGTERM');
  await stopped.ended;
  const later = await ClusterExecutor.attach({ servers: scene.server.url, limits: { ackWaitMs: 2000 }, name });
  return scene.keep(later).attached.map(String);
}

test(
  'a worker that was stopped in a task tells of no second outcome, though the first was heard and deleted',
  options,
  async () => {
    assert.deepEqual(await leftByStopped('running'), []);
  },
);

test('a worker that was stopped as it was given a task tells of no second outcome either', options, async () => {
  assert.deepEqual(await leftByStopped('given'), []);
});

test('a task that takes its worker along fails after so many workers, and costs no other task', options, async () => {
  await using scene = await ClusterScene.start();
  for (let i = 0; i < 3; i++) void scene.worker({ maxDeliveries: 2, maxWorkers: 1 }).catch(() => {});
  const executor = scene.executor();
  const poison = executor.submit(killWorker, scene.file);
  await assert.rejects(poison, WorkerLostError);
  assert.deepEqual(scene.starts, ['poison', 'poison']);
  await scene.worker();
  assert.equal(await executor.submit(square, scene.file, 3), 9);
});

test('what waits here for a task that is killed is sent', options, async () => {
  await using scene = await ClusterScene.start();
  await scene.worker();
  const executor = scene.executor({ maxInFlight: 1 });
  const held = executor.submit(holdFor, scene.file, 'held', scene.gate);
  await knownToRun(held);
  const waiting = executor.submit(square, scene.file, 3);
  // Seen to be one too many.
  await eventually(() => /queue: 1 tasks/.test(executor.explain()), 'it to wait');
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(held.kill());
  assert.equal(await waiting, 9);
});

test('a broker that is killed and comes back loses nothing', options, async () => {
  await using scene = await ClusterScene.start();
  await scene.worker();
  const executor = scene.executor();
  const held = [1, 2].map((n) => executor.submit(holdFor, scene.file, `held ${n}`, scene.gate));
  for (const future of held) await knownToRun(future);
  const before = Array.from({ length: 200 }, (_, n) => executor.submit(square, scene.file, n));
  await scene.server.kill();
  const meanwhile = Array.from({ length: 200 }, (_, n) => executor.submit(square, scene.file, 200 + n));
  scene.open();
  await scene.server.start();
  const values = await Promise.all([...before, ...meanwhile]);
  assert.deepEqual(
    values,
    values.map((_, n) => n * n),
  );
  assert.equal((await Promise.all(held)).length, 2);
});

test('a broker that is away at the first submit is waited for', options, async () => {
  await using scene = await ClusterScene.start();
  await scene.server.kill();
  const executor = scene.executor();
  const future = executor.submit(square, scene.file, 4);
  await scene.server.start();
  await scene.worker();
  assert.equal(await future, 16);
});

test('a worker waits for a broker that is not there yet, and says so where it never comes', options, async () => {
  await using scene = await ClusterScene.start();
  await scene.server.kill();
  const servers = scene.server.url;
  const pool = new InlineExecutor();
  await assert.rejects(ClusterWorker.start({ servers, executor: pool, startupTimeout: 300 }), (error: Error) => {
    assert.ok(error instanceof TimeoutError);
    assert.match(error.message, /nothing answers there .* is nats-server running\?.*startupTimeout/);
    return true;
  });
  const starting = ClusterWorker.start({ servers, executor: pool });
  await scene.server.start();
  const worker = await starting;
  assert.equal(await scene.executor().submit(square, scene.file, 4), 16);
  await worker.drain();
});

test('a broker that never comes breaks the executor, which says so', options, async () => {
  await using scene = await ClusterScene.start();
  await scene.server.kill();
  const executor = scene.executor({ startupTimeout: 300 });
  const future = executor.submit(square, scene.file, 4);
  await assert.rejects(future, (error: Error) => {
    assert.ok(error instanceof BrokenExecutorError);
    assert.match(error.message, /nothing answers there .* is nats-server running\?.*startupTimeout/);
    return true;
  });
  assert.throws(() => executor.submit(square, scene.file, 4), BrokenExecutorError);
});

test('a submitter that was killed gets its outcomes by its name', options, async () => {
  await using scene = await ClusterScene.start();
  await scene.worker();
  const submitter = scene.submitter('nightly');
  await submitter.line('sent');
  submitter.kill('SIGKILL');
  await submitter.ended;
  const executor = scene.keep(await ClusterExecutor.attach({ servers: scene.server.url, name: 'nightly' }));
  const byName = new Map(executor.attached.map((future) => [future.name, future] as const));
  assert.deepEqual([...byName.keys()].sort(), ['failing', 'held', 'square 1', 'square 2', 'square 3']);
  assert.equal(await byName.get('square 3'), 9);
  await assert.rejects(byName.get('failing') as Future<unknown>, RangeError);
  assert.equal(byName.get('held')?.done(), false);
  scene.open();
  assert.match((await byName.get('held')) as string, /^held by /);
  assert.equal(scene.starts.length, 5);
  assert.equal(await executor.submit(square, scene.file, 5), 25, 'and it is an executor like any other');
});

test('outcomes that were taken are not given again', options, async () => {
  await using scene = await ClusterScene.start();
  await scene.worker();
  const first = scene.executor({ name: 'daily' });
  assert.equal(await first.submit(square, scene.file, 2), 4);
  await assert.rejects(first.submit(failLater, scene.file, 'x'), RangeError);
  await first.shutdown();
  const second = scene.keep(await ClusterExecutor.attach({ servers: scene.server.url, name: 'daily' }));
  assert.deepEqual(second.attached, []);
});

test('a worker that leaves finishes what it runs, and loses none of what it holds', options, async () => {
  await using scene = await ClusterScene.start();
  const leaving = await scene.worker({ maxWorkers: 1 });
  const executor = scene.executor();
  const held = executor.submit(holdFor, scene.file, 'held', scene.gate);
  await knownToRun(held);
  const others = Array.from({ length: 50 }, (_, n) => executor.submit(square, scene.file, n));
  leaving.kill('SIGTERM');
  await leaving.line('draining');
  await scene.worker();
  scene.open();
  assert.equal(await held, `held by ${leaving.process.pid}`);
  await Promise.all(others);
  assert.deepEqual(await leaving.ended, { code: 0, signal: null });
  assert.equal(scene.starts.length, 51, 'none was started twice');
});

test('a worker that was cut off stores no second outcome', options, async () => {
  await using scene = await ClusterScene.start();
  const slow = await scene.worker();
  const executor = scene.executor();
  const held = executor.submit(holdFor, scene.file, 'held', scene.gate);
  await knownToHold(scene, held);
  slow.kill('SIGSTOP');
  const other = await scene.worker();
  await eventually(() => scene.starts.length === 2, 'the task to be given to another worker', 20_000);
  slow.kill('SIGCONT');
  scene.open();
  const outcome = await held;
  // Either may be first; what the submitter has is what is stored.
  assert.ok([slow, other].some((worker) => outcome === `held by ${worker.process.pid}`));
  assert.equal(await executor.submit(square, scene.file, 6), 36);
});

test('a worker that comes late gets its share', options, async () => {
  await using scene = await ClusterScene.start();
  const first = await scene.worker({ maxWorkers: 1 });
  const executor = scene.executor();
  const held = Array.from({ length: 2 }, (_, n) => executor.submit(holdFor, scene.file, `held ${n}`, scene.gate));
  await eventually(() => scene.starts.length === 1, 'the first to start');
  const late = await scene.worker({ maxWorkers: 1 });
  await eventually(() => scene.starts.length === 2, 'the second to start elsewhere');
  scene.open();
  const by = (await Promise.all(held)).map((text) => Number(text.split(' by ')[1]));
  assert.deepEqual(by.sort(), [first.process.pid as number, late.process.pid as number].sort());
});
