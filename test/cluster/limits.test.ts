import assert from 'node:assert/strict';
import { it } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { ThreadPoolExecutor } from 'concurrent-futures';
import { ClusterExecutor, ClusterWorker } from 'concurrent-futures/cluster';
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
