/** Work goes where there is room for it, and the broker is asked for no more than it has to give. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { prepareQueue } from 'concurrent-futures/cluster';
import { eventually } from '../contract/gates.js';
import { holdFirst, meet, square } from './fixtures/tasks.mjs';
import { ClusterScene } from './scene.js';

const options = { timeout: 60_000 };
/** No message has more tasks. */
const batchMax = 512;

test('what waits behind a task that turns out long goes to a worker that is free', options, async () => {
  await using scene = await ClusterScene.start();
  await scene.worker({ maxWorkers: 1 });
  const executor = scene.executor();
  const submit = (n: number) => executor.submit(holdFirst, scene.file, n, scene.gate);
  // They are known to be short.
  for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 200 }, (_, n) => submit(n + 1)));
  const held = submit(0);
  const others = Array.from({ length: 4 * batchMax }, (_, n) => submit(n + 1));
  await eventually(() => scene.starts.includes('held'), 'the long task to have begun');
  await scene.worker({ maxWorkers: 1 });
  // All but those that travel with it.
  const done = () => others.filter((future) => future.done()).length;
  await eventually(() => done() > 3 * batchMax, 'the others to be done');
  assert.equal(held.done(), false);
  scene.open();
  await Promise.all([held, ...others]);
});

test('of a function that is new, not many go to one worker, however short others were', options, async () => {
  await using scene = await ClusterScene.start();
  await scene.worker({ maxWorkers: 1 });
  await scene.worker({ maxWorkers: 1 });
  const executor = scene.executor();
  for (let round = 0; round < 5; round++)
    await Promise.all(Array.from({ length: 200 }, (_, n) => executor.submit(holdFirst, scene.file, n + 1, scene.gate)));
  const met = Array.from({ length: 20 }, (_, n) => executor.submit(meet, scene.file, n, 2));
  assert.equal((await Promise.all(met)).length, 20);
});

test(
  'a submitter that is never idle goes on when a stream has had more outcomes than it has room for',
  options,
  async () => {
    await using scene = await ClusterScene.start();
    const room = { limits: { ackWaitMs: 2000, maxBytes: 24 * 1024 * 1024 } };
    await scene.worker(room);
    const executor = scene.executor({ ...room, maxInFlight: 4 });
    const large = (n: number) => 'x'.repeat(100_000) + n;
    const lengths = await executor
      .map(large, Array(600).keys())
      .toArray()
      .then((values) => values.map(({ length }) => length));
    assert.equal(lengths.length, 600);
  },
);

test('a worker whose wish for work is refused asks again in a while, not at once', options, async () => {
  await using scene = await ClusterScene.start();
  const queue = { servers: scene.server.url, limits: { ackWaitMs: 2000 } };
  await prepareQueue(queue);
  const connection = await connect({ servers: scene.server.url });
  try {
    const { consumers } = await jetstreamManager(connection);
    const { config } = await consumers.info('CF_default_TASKS', 'workers');
    await consumers.delete('CF_default_TASKS', 'workers');
    // Of several workers, one may wait.
    await consumers.add('CF_default_TASKS', { ...config, max_waiting: 1 });
    let asked = 0;
    connection.subscribe('$JS.API.CONSUMER.MSG.NEXT.>', {
      callback: () => {
        asked += 1;
      },
    });
    let seconds = 0;
    connection.subscribe('cf.default.presence', {
      callback: () => {
        seconds += 1 / 3;
      },
    });
    await connection.flush();
    for (let i = 0; i < 3; i++) await scene.worker({ maxWorkers: 1 });
    await eventually(() => seconds > 3, 'the workers to say several times who they are');
    assert.ok(asked < 30, `asked ${asked} times in ${seconds} s`);
    const executor = scene.executor();
    const values = await Promise.all(Array.from({ length: 10 }, (_, n) => executor.submit(square, scene.file, n)));
    assert.deepEqual(values[9], 81);
  } finally {
    await connection.close();
  }
});
