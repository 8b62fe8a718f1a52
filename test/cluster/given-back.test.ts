/** Batches that a worker has asked for ahead, and gives back since what it runs has turned out long. */

import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { holdUnlessNegative } from './fixtures/tasks.mjs';
import { ClusterScene } from './scene.js';

/** Whoever waits for that has waited in vain: longer than the test may take. */
const limits = { ackWaitMs: 120_000, maxBytes: 64 * 1024 * 1024 };
const count = 40;

test('what waits behind a long task is not taken for what has cost a worker, where none may be lost', {
  timeout: 60_000,
}, async () => {
  await using scene = await ClusterScene.start();
  const options = { limits, maxWorkers: 1, maxDeliveries: 1 };
  await scene.worker(options);
  await scene.worker(options);
  const executor = scene.executor({ limits });
  const task = (n: number) => executor.submit(holdUnlessNegative, scene.file, n, scene.gate);
  while (executor.stats().workers.length < 2) await task(-1);
  for (let n = 0; n < 50; n++) equal(await task(-1), -1);
  const tasks = Array.from({ length: count }, (_, n) => task(n));
  while (scene.starts.length === 0) await sleep(5);
  // Far longer than it takes to find out.
  await sleep(300);
  scene.open();
  const failures = (await Promise.allSettled(tasks)).filter(({ status }) => status === 'rejected');
  deepEqual(failures, []);
});

test('a worker that runs a long task asks for no others, whatever it has asked for before', {
  timeout: 60_000,
}, async () => {
  await using scene = await ClusterScene.start();
  const connection = await connect({ servers: scene.server.url });
  try {
    const { consumers } = await jetstreamManager(connection);
    const requests = async (): Promise<number> => (await consumers.info('CF_default_TASKS', 'workers')).num_waiting;
    await scene.worker({ maxWorkers: 1 });
    const executor = scene.executor();
    const task = (n: number) => executor.submit(holdUnlessNegative, scene.file, n, scene.gate);
    for (let n = 0; n < 50; n++) equal(await task(-1), -1);
    const long = task(0);
    while (scene.starts.length === 0) await sleep(5);
    // By themselves they are over after five seconds.
    const until = performance.now() + 2500;
    while ((await requests()) > 0 && performance.now() < until) await sleep(20);
    equal(await requests(), 0);
    scene.open();
    equal(await long, 0);
    while ((await requests()) === 0) await sleep(20);
  } finally {
    await connection.close();
  }
});
