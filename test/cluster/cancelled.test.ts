/** Tasks that are cancelled together: every worker hears each message about it, so that few are sent. */

import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { watchCluster } from 'concurrent-futures/cluster';
import { eventually } from '../contract/gates.js';
import { holdFor, nap } from './fixtures/tasks.mjs';
import { ClusterScene } from './scene.js';

const many = 1000;

test('tasks that are cancelled together are told together, none of them starts, and none stays', {
  timeout: 60_000,
}, async () => {
  await using scene = await ClusterScene.start();
  await scene.worker({ maxWorkers: 1 });
  const { url } = scene.server;
  const executor = scene.executor();
  // It is known by now to be worth a message of its own.
  equal(await executor.submit(nap, scene.file, 1), 1);
  const held = executor.submit(holdFor, scene.file, 'held', scene.gate);
  await eventually(() => held.running(), 'the first task to be known to run');
  const unwanted = Array.from({ length: many }, (_, n) => executor.submit(nap, scene.file, n));
  await eventually(
    () => /queue: empty/.test(executor.explain()) && !/not stored yet/.test(executor.explain()),
    'all of them to be with the broker',
  );
  const connection = await connect({ servers: url });
  let messages = 0;
  connection.subscribe('cf.default.cancel', {
    callback: () => {
      messages += 1;
    },
  });
  await connection.flush();
  for (const future of unwanted) equal(future.cancel(), true);
  const watch = await watchCluster({ servers: url });
  while (((await watch.backlog())?.waiting ?? many) > 0);
  scene.open();
  await held;
  equal(await executor.submit(nap, scene.file, 7), 7);
  equal(scene.starts.join(), '1,held,7');
  ok(messages > 0 && messages < many / 100, `${messages} messages for ${many} tasks`);
  await watch.close();
  await connection.close();
  await executor.shutdown();
});
