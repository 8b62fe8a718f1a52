/** What the broker had stored is gone: it was lost, deleted, or has expired. Nobody waits for it for ever, and what comes later works. */

import { equal, match, rejects } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type Future, TaskLostError, ThreadPoolExecutor } from 'concurrent-futures';
import { ClusterWorker, prepareQueue } from 'concurrent-futures/cluster';
import { eventually } from '../contract/gates.js';
import { holdFor, square } from './fixtures/tasks.mjs';
import { Heard } from './heard.js';
import { Line } from './line.js';
import { ClusterScene } from './scene.js';

/** An administrator, who has a connection for as long as it takes. */
async function administer<T>({ server }: ClusterScene, act: (manager: JetStreamManager) => Promise<T>): Promise<T> {
  const connection: NatsConnection = await connect({ servers: server.url });
  try {
    return await act(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

async function deleteStreams(scene: ClusterScene, ...kinds: string[]): Promise<void> {
  await administer(scene, async ({ streams }) => {
    for (const kind of kinds) await streams.delete(`CF_default_${kind}`);
  });
}

/** So many batches wait, or are with a worker. */
async function stored(scene: ClusterScene, count: number): Promise<void> {
  await administer(scene, async ({ streams }) => {
    while ((await streams.info('CF_default_TASKS').catch(() => undefined))?.state.messages !== count) await delay(10);
  });
}

function isLost(why: RegExp) {
  return (error: unknown): boolean => error instanceof TaskLostError && why.test(error.message);
}

async function running(future: Future<unknown>): Promise<void> {
  await eventually(() => future.running(), `${future} to be known to run`);
}

const everything = ['TASKS', 'RESULTS', 'CODE'];

describe('a broker that has nothing any more', { timeout: 120_000, concurrency: true }, () => {
  for (const workers of ['is with a worker', 'waits for one'] as const)
    test(`comes back empty: what ${workers} fails with that, and what comes later works`, async () => {
      await using scene = await ClusterScene.start();
      if (workers === 'is with a worker') await scene.worker();
      const executor = scene.executor();
      const before = executor.submit(holdFor, scene.file, 'held', scene.gate);
      if (workers === 'is with a worker') await running(before);
      else await stored(scene, 1);
      await scene.server.kill();
      scene.server.wipe();
      await scene.server.start();
      await rejects(before, isLost(/task "holdFor" is lost: .*lost what it had stored.* It may have run/));
      scene.open();
      const later = executor.submit(square, scene.file, 3);
      if (workers !== 'is with a worker') {
        await stored(scene, 1);
        await scene.worker();
      }
      equal(await later, 9);
    });

  test('comes back with what it had a while ago: what came later fails with that, and the rest works', async () => {
    await using scene = await ClusterScene.start();
    const worker = await scene.worker();
    const [first, second] = [scene.executor(), scene.executor()];
    const before = first.submit(holdFor, scene.file, 'before', scene.gate);
    await running(before);
    await scene.server.kill('SIGTERM');
    scene.server.save();
    await scene.server.start();
    const heard = Array.from({ length: 20 }, (_, n) => first.submit(square, scene.file, n));
    await Promise.all(heard);
    const lost = first.submit(holdFor, scene.file, 'lost', scene.gate);
    await running(lost);
    worker.kill('SIGKILL');
    await scene.server.kill();
    scene.server.restore();
    await scene.server.start();
    // These have the numbers of what was heard.
    const later = Array.from({ length: 20 }, (_, n) => second.submit(square, scene.file, n));
    await stored(scene, 21);
    await rejects(lost, isLost(/lost what it had stored/));
    scene.open();
    await scene.worker();
    match(await before, /^before by /);
    equal(await first.submit(square, scene.file, 3), 9);
    await first.shutdown();
    equal((await Promise.all(later)).length, 20);
  });

  test('has had its streams deleted: what it had fails with that, and what comes later works', async () => {
    await using scene = await ClusterScene.start();
    const worker = await scene.worker();
    const executor = scene.executor();
    const before = executor.submit(holdFor, scene.file, 'held', scene.gate);
    await running(before);
    await deleteStreams(scene, ...everything);
    await worker.line('queue-lost: the queue is another one');
    await rejects(before, isLost(/streams were deleted/));
    scene.open();
    equal(await executor.submit(square, scene.file, 3), 9);
  });

  test('has lost a task that may be tried again: it is', async () => {
    await using scene = await ClusterScene.start();
    const executor = scene.executor();
    const before = executor.with({ retries: 1 }).submit(square, scene.file, 3);
    await stored(scene, 1);
    await deleteStreams(scene, ...everything);
    await scene.worker();
    equal(await before, 9);
  });

  test('has had its tasks purged: they fail with that', async () => {
    await using scene = await ClusterScene.start();
    const executor = scene.executor();
    const before = executor.submit(square, scene.file, 3);
    await stored(scene, 1);
    await administer(scene, ({ streams }) => streams.purge('CF_default_TASKS'));
    await rejects(before, isLost(/deleted or emptied/));
  });

  test('has lost its outcomes only: those that come later are heard', async () => {
    await using scene = await ClusterScene.start();
    await scene.worker();
    const executor = scene.executor();
    equal(await executor.submit(square, scene.file, 2), 4);
    const held = executor.submit(holdFor, scene.file, 'held', scene.gate);
    await running(held);
    await deleteStreams(scene, 'RESULTS');
    scene.open();
    await held;
    equal(await executor.submit(square, scene.file, 3), 9);
  });

  test('has lost a function only: it is stored once more', async () => {
    await using scene = await ClusterScene.start();
    const first = await scene.worker();
    const executor = scene.executor();
    const plus = (n: number) => n + 1;
    equal(await executor.submit(plus, 1), 2);
    first.kill('SIGTERM');
    await first.ended;
    await administer(scene, ({ streams }) => streams.purge('CF_default_CODE'));
    await scene.worker();
    equal(await executor.submit(plus, 2), 3);
  });

  test('has lost its large values only: those that come later are stored', async () => {
    await using scene = await ClusterScene.start();
    await scene.worker();
    const executor = scene.executor();
    const large = Buffer.alloc(2 * 1024 * 1024, 7);
    const echo = (value: Uint8Array) => Buffer.concat([value, value]);
    equal((await executor.submit(echo, large)).length, 2 * large.length);
    await administer(scene, ({ streams }) => streams.delete('OBJ_CF_default_BLOBS'));
    equal((await executor.submit(echo, large)).length, 2 * large.length);
    await administer(scene, ({ streams }) => streams.delete('OBJ_CF_default_BLOBS'));
    equal((await executor.submit((size: number) => Buffer.alloc(size), large.length)).length, large.length);
  });

  test('has lost a large outcome that was not heard yet: its task fails with that', async () => {
    await using scene = await ClusterScene.start();
    using line = await Line.start(scene.server.port, (direction, { subject, bytes }) =>
      direction === 'to client' && subject.startsWith('cf.default.res.') ? undefined : bytes,
    );
    await scene.worker();
    const executor = scene.executor({ servers: line.url });
    const heldLarge = async (gate: string, size: number) => {
      const { existsSync } = await import('node:fs');
      while (!existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 5));
      return Buffer.alloc(size);
    };
    const large = executor.submit(heldLarge, scene.gate, 2 * 1024 * 1024);
    await stored(scene, 1);
    scene.open();
    await stored(scene, 0);
    await administer(scene, ({ streams }) => streams.delete('OBJ_CF_default_BLOBS'));
    line.release();
    await rejects(large, /the object that the message names is not there any more/);
    equal(await executor.submit(square, scene.file, 3), 9);
  });

  test('may have given the number of a task that is cancelled to another, which runs', async () => {
    await using scene = await ClusterScene.start();
    const executor = scene.executor();
    const [one, other] = [executor.submit(square, scene.file, 2), scene.executor().submit(square, scene.file, 5)];
    await stored(scene, 2);
    await deleteStreams(scene, ...everything);
    const later = [3, 4].map((n) => executor.submit(square, scene.file, n));
    await stored(scene, 2);
    one.cancel();
    other.cancel();
    await scene.worker();
    equal((await Promise.all(later)).join(), '9,16');
  });

  test('may have given the number of an outcome that was heard to another, which is heard', async () => {
    await using scene = await ClusterScene.start();
    const worker = await scene.worker();
    const first = scene.executor();
    const held = first.submit(holdFor, scene.file, 'held', scene.gate);
    const heard = Array.from({ length: 20 }, (_, n) => first.submit(square, scene.file, n));
    await Promise.all(heard);
    await running(held);
    worker.kill('SIGKILL');
    await deleteStreams(scene, ...everything);
    const second = scene.executor();
    const later = Array.from({ length: 20 }, (_, n) => second.submit(square, scene.file, n));
    await stored(scene, 20);
    // It deletes what it does not need any more.
    await first.shutdown({ cancelFutures: true, timeout: 0 });
    await scene.worker();
    equal((await Promise.all(later)).length, 20);
  });

  test('has had its streams deleted: a worker that may not make them says so, and works once they are there', async () => {
    await using scene = await ClusterScene.start();
    const servers = scene.server.url;
    await prepareQueue({ servers });
    const heard = new Heard();
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const worker = await ClusterWorker.start({
      servers,
      executor: pool,
      manageStreams: false,
      allowUnsigned: true,
      onLog: heard.onLog,
    });
    const executor = scene.executor({ manageStreams: false });
    equal(await executor.submit(square, scene.file, 2), 4);
    await deleteStreams(scene, ...everything);
    match((await heard.said('queue-gone')).message, /the queue is not there: .* may not be made here/);
    await prepareQueue({ servers });
    equal(await executor.submit(square, scene.file, 3), 9);
    await worker.drain();
  });

  test('has no store for large values, and nobody there may make it: their tasks fail, and others do not', async () => {
    await using scene = await ClusterScene.start();
    const servers = scene.server.url;
    await prepareQueue({ servers });
    const executor = scene.executor({ manageStreams: false });
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const worker = await ClusterWorker.start({ servers, executor: pool, manageStreams: false, allowUnsigned: true });
    await administer(scene, ({ streams }) => streams.delete('OBJ_CF_default_BLOBS'));
    const large = executor.submit(() => 'x'.repeat(2_000_000));
    await rejects(large, isLost(/it has run, and what it gave can't be stored: .*the queue has no object store/));
    await rejects(
      Promise.resolve(executor.submit((text) => text, 'x'.repeat(2_000_000))),
      /the queue has no object store/,
    );
    equal(await executor.submit(square, scene.file, 3), 9);
    await worker.drain();
  });
});

describe('a task that the broker keeps for a moment only', { timeout: 120_000, concurrency: true }, () => {
  const limits = { ackWaitMs: 2000, taskTtlMs: 3000 };

  test('fails with that where no worker takes it', async () => {
    await using scene = await ClusterScene.start();
    const waiting = scene.executor({ limits }).submit(square, scene.file, 3);
    await rejects(waiting, isLost(/task "square" is lost: the broker keeps tasks for 3 s \(limits.taskTtlMs\)/));
  });

  test('has its outcome where one has taken it, however long it runs', async () => {
    await using scene = await ClusterScene.start();
    await scene.worker({ limits });
    const executor = scene.executor({ limits });
    const held = executor.submit(holdFor, scene.file, 'held', scene.gate);
    const waiting = executor.submit(holdFor, scene.file, 'waits', scene.gate);
    await Promise.all([running(held), running(waiting)]);
    // Long enough for another that expires to be found.
    const other = scene.executor({ limits, queue: 'nobody' }).submit(square, scene.file, 3);
    await rejects(other, TaskLostError);
    scene.open();
    equal((await Promise.all([held, waiting])).length, 2);
  });
});

describe('a task that is cancelled while the broker is away', { timeout: 60_000, concurrency: true }, () => {
  test('never starts, where there was no connection yet', async () => {
    await using scene = await ClusterScene.start();
    await scene.server.kill();
    const executor = scene.executor();
    const [unwanted, wanted] = [executor.submit(square, scene.file, 2), executor.submit(square, scene.file, 3)];
    await new Promise((resolve) => setImmediate(resolve));
    equal(unwanted.cancel(), true);
    await scene.server.start();
    await scene.worker();
    equal(await wanted, 9);
    await executor.shutdown();
    equal(scene.starts.join(), '3');
  });

  test('never starts, where the connection was lost', async () => {
    await using scene = await ClusterScene.start();
    await scene.worker();
    const executor = scene.executor();
    equal(await executor.submit(square, scene.file, 1), 1);
    const held = executor.submit(holdFor, scene.file, 'held', scene.gate);
    await running(held);
    await scene.server.kill();
    // Its connection is lost, too, as soon as this is told.
    await eventually(() => !/: connected/.test(executor.explain()), 'the connection to be known to be lost');
    const [unwanted, wanted] = [executor.submit(square, scene.file, 2), executor.submit(square, scene.file, 3)];
    await new Promise((resolve) => setImmediate(resolve));
    equal(unwanted.cancel(), true);
    await scene.server.start();
    equal(await wanted, 9);
    scene.open();
    await held;
    await executor.shutdown();
    equal(scene.starts.join(), '1,held,3');
  });

  test('does not keep a shutdown waiting for a broker that never comes', async () => {
    await using scene = await ClusterScene.start();
    await scene.server.kill();
    const executor = scene.executor({ startupTimeout: 600_000 });
    const future = executor.submit(square, scene.file, 2);
    await new Promise((resolve) => setImmediate(resolve));
    equal(future.cancel(), true);
    await executor.shutdown();
  });
});
