/** What is left at the broker while nothing is done: a worker's requests for work, and no more than that. */

import { equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { ClusterScene } from './scene.js';

/** Longer than a request waits at the broker, and than a worker then waits for the word that it waits no more. */
const idleMs = 8000;
const lookMs = 50;

const same = (x: number): number => x;

async function managing<T>({ server }: ClusterScene, run: (jsm: JetStreamManager) => Promise<T>): Promise<T> {
  const connection = await connect({ servers: server.url });
  try {
    return await run(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

describe('while nothing is done', { timeout: 60_000, concurrency: true }, () => {
  test('a worker asks for work all the time, also after many requests of it waited side by side', async () => {
    await using scene = await ClusterScene.start();
    await scene.worker();
    const executor = scene.executor();
    // Of which each takes less than a message needs: the worker asks for more before it has what it asked for.
    for (let burst = 0; burst < 3; burst++) {
      const values = await Promise.all(Array.from({ length: 10_000 }, (_, n) => executor.submit(same, n)));
      equal(values.length, 10_000);
    }
    const longest = await managing(scene, async ({ consumers }) => {
      let most = 0;
      let silent = 0;
      for (const until = performance.now() + idleMs; performance.now() < until; await sleep(lookMs)) {
        const { num_waiting: requests } = await consumers.info('CF_default_TASKS', 'workers');
        silent = requests === 0 ? silent + 1 : 0;
        most = Math.max(most, silent);
      }
      return most;
    });
    ok(longest * lookMs < 500, `the broker knew of no request for ${longest * lookMs} ms`);
  });

  test('submitters that have gone are told nothing any more: the broker forgets how, within seconds', async () => {
    await using scene = await ClusterScene.start();
    await scene.worker();
    for (let n = 0; n < 3; n++) {
      const executor = scene.executor();
      equal(await executor.submit(same, n), n);
      await executor.shutdown();
    }
    await managing(scene, async ({ streams }) => {
      while ((await streams.info('CF_default_RESULTS')).state.consumer_count > 0) await sleep(lookMs);
    });
  });
});
