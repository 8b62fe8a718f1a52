import assert from 'node:assert/strict';
import { it } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { ThreadPoolExecutor } from 'concurrent-futures';
import { ClusterExecutor, ClusterWorker, prepareQueue } from 'concurrent-futures/cluster';
import { eventually } from '../contract/gates.js';
import { startServer } from './nats-server.js';

it("a queue's limits are those of whoever made it: others that come later change nothing", {
  timeout: 60_000,
}, async () => {
  const server = await startServer();
  try {
    const first = new ClusterExecutor({ servers: server.url, limits: { ackWaitMs: 2000, taskTtlMs: 60_000 } });
    const task = first.submit((n: number) => n + 1, 1);
    const connection = await connect({ servers: server.url });
    const manager = await jetstreamManager(connection);
    const limits = async () => {
      const stream = await manager.streams.info('CF_default_TASKS');
      const consumer = await manager.consumers.info('CF_default_TASKS', 'workers');
      return { ackWaitNs: consumer.config.ack_wait, taskTtlNs: stream.config.max_age };
    };
    const made = { ackWaitNs: 2e9, taskTtlNs: 60e9 };
    while ((await limits().catch(() => undefined)) === undefined);
    assert.deepEqual(await limits(), made);
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const worker = await ClusterWorker.start({ servers: server.url, executor });
    assert.equal(await task, 2);
    assert.deepEqual(await limits(), made);
    await first.shutdown();
    await worker.drain();
    await connection.close();
  } finally {
    await server.stop();
  }
});

it('what finds no room at the broker waits for it, and explain() says so', { timeout: 60_000 }, async () => {
  const server = await startServer();
  try {
    const executor = new ClusterExecutor({ servers: server.url, limits: { maxBatches: 1 } });
    const tasks = [1, 2, 3].map((n) => executor.submit((x: number) => x * x, n));
    await eventually(
      () => /2 of the batches are not stored yet: .*has no room/.test(executor.explain()),
      'it to say so',
    );
    const worker = await ClusterWorker.start({
      servers: server.url,
      executor: new ThreadPoolExecutor({ maxWorkers: 1 }),
    });
    assert.deepEqual(await Promise.all(tasks), [1, 4, 9]);
    assert.doesNotMatch(executor.explain(), /not stored yet/);
    await executor.shutdown();
    await worker.drain();
  } finally {
    await server.stop();
  }
});

it('a submitter comes back to a queue that an earlier version made', { timeout: 60_000 }, async () => {
  const server = await startServer();
  try {
    const connection = await connect({ servers: server.url });
    const manager = await jetstreamManager(connection);
    const readsDirectly = async () => (await manager.streams.info('CF_default_TASKS')).config.allow_direct;
    await prepareQueue({ servers: server.url });
    await manager.streams.update('CF_default_TASKS', { allow_direct: false });
    const options = { servers: server.url, name: 'nightly' };
    const first = new ClusterExecutor({ ...options, manageStreams: false });
    const task = first.submit((n: number) => n + 1, 1);
    while ((await manager.streams.info('CF_default_TASKS')).state.messages === 0);
    const executors = [first];
    for (const manageStreams of [false, true]) {
      const again = await ClusterExecutor.attach({ ...options, manageStreams });
      executors.push(again);
      assert.equal(again.attached.length, 1);
      // Where it may make streams, it adds what was not known then.
      assert.equal(await readsDirectly(), manageStreams);
    }
    for (const each of executors) await each.shutdown({ cancelFutures: true });
    assert.ok(task.cancelled());
    await connection.close();
  } finally {
    await server.stop();
  }
});
