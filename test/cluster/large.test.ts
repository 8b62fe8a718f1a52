/** Values of hundreds of kilobytes, many at once: each task goes for itself, whatever is with it. */

import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { ThreadPoolExecutor } from 'concurrent-futures';
import { ClusterExecutor, ClusterWorker } from 'concurrent-futures/cluster';
import { refusal } from './guarded.js';
import { startServer, type TestServer } from './nats-server.js';

const limit = { timeout: 90_000 };
const lengthOf = (bytes: Uint8Array): number => bytes.length;

describe('large values', limit, () => {
  let server: TestServer;
  let queues = 0;
  const closers: (() => Promise<void>)[] = [];
  before(async () => {
    server = await startServer('max_payload: 1MB');
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
  after(() => server.stop());

  async function site(options: { maxMessageBytes?: number } = {}) {
    queues += 1;
    const queue = `large-${queues}`;
    const common = { servers: server.url, queue, ...options };
    const worker = await ClusterWorker.start({ ...common, executor: new ThreadPoolExecutor({ maxWorkers: 1 }) });
    const executor = new ClusterExecutor(common);
    // Tasks are known to be tiny, and go many in a message.
    const tiny = Array.from({ length: 200 }, (_, n) => executor.submit(lengthOf, new Uint8Array(n)));
    deepEqual(
      await Promise.all(tiny),
      tiny.map((_, n) => n),
    );
    closers.push(async () => {
      await executor.shutdown();
      await worker.drain();
    });
    return { queue, executor };
  }

  /** How many messages each stream of a queue has: of a large value one for each part, and one more. */
  async function stored(queue: string): Promise<Record<string, number>> {
    const connection = await connect({ servers: server.url });
    const found: Record<string, number> = {};
    for await (const { config, state } of (await jetstreamManager(connection)).streams.list()) {
      const [, kind] = /_([A-Z]+)$/.exec(config.name) ?? [];
      if (config.name.includes(`CF_${queue}_`) && kind !== undefined) found[kind] = state.messages;
    }
    await connection.close();
    return found;
  }

  test('go in messages of their own where they are too large together', async () => {
    const { queue, executor } = await site();
    const sizes = Array.from({ length: 40 }, (_, n) => 200_000 + 5_000 * n);
    const tasks = sizes.map((size) => executor.submit(lengthOf, new Uint8Array(size)));
    deepEqual(await Promise.all(tasks), sizes);
    // None was an object.
    equal((await stored(queue))['BLOBS'], undefined);
  });

  test('are gone from the broker once their outcomes have been heard, and the executor has nothing else to do', async () => {
    const { queue, executor } = await site();
    const table = new Uint8Array(1_000_000);
    const twice = (bytes: Uint8Array): Uint8Array => Buffer.concat([bytes, bytes]);
    // Not the same object, though the same value under the same function.
    const both = [executor.submit(twice, new Uint8Array(2_000_000)), executor.submit(twice, new Uint8Array(2_000_000))];
    for (const task of both) equal((await task).length, 4_000_000);
    ok(Number((await stored(queue))['BLOBS']) > 0);
    // The function has a large value of its own, and is kept: others may submit it.
    equal(await executor.submit(() => table.length), 1_000_000);
    const results = executor.map(
      twice,
      Array.from({ length: 20 }, () => new Uint8Array(600_000)),
    );
    for await (const each of results) equal(each.length, 1_200_000);
    await executor.shutdown();
    const { BLOBS, RESULTS, TASKS } = await stored(queue);
    // A megabyte in parts of 128 KiB, and what says how many there are.
    deepEqual({ BLOBS, RESULTS, TASKS }, { BLOBS: 9, RESULTS: 0, TASKS: 0 });
  });

  test('of which the executor heard while the broker was away are deleted when it is back', async () => {
    const { queue, executor } = await site();
    const same = (bytes: Uint8Array): Uint8Array => bytes;
    const tasks = Array.from({ length: 5 }, () => executor.submit(same, new Uint8Array(700_000)));
    await Promise.all(tasks);
    await server.kill();
    await server.start();
    equal((await executor.submit(same, new Uint8Array(700_000))).length, 700_000);
    await executor.shutdown();
    equal((await stored(queue))['BLOBS'], 0);
  });

  test('fail alone where they are too large alone', async () => {
    const { executor } = await site({ maxMessageBytes: 1_000_000 });
    const sizes = Array.from({ length: 50 }, (_, n) => (n === 25 ? 1_000_001 : 200_000 + 4_000 * n));
    const tasks = sizes.map((size) => executor.submit(lengthOf, new Uint8Array(size)));
    for (const [i, size] of sizes.entries()) {
      const task = tasks[i] as PromiseLike<number>;
      if (size > 1_000_000) await refusal(task, 'OVERSIZED');
      else equal(await task, size);
    }
  });
});
