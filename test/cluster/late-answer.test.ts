/** A submitter whose outcomes are quicker than the broker's word that their tasks are stored. */

import { deepEqual, equal, rejects } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ClusterExecutor } from 'concurrent-futures/cluster';
import { failLater, square } from './fixtures/tasks.mjs';
import { Line, type Rule } from './line.js';
import { ClusterScene } from './scene.js';

/** Keeps back the broker's word that a batch is stored. */
function lateAnswers(): Rule {
  const awaited = new Set<string>();
  return (_, { op, subject, reply, bytes }) => {
    if (op === 'PUB' && /^cf\.[^.]+\.task\./.test(subject)) awaited.add(reply);
    return op === 'MSG' && awaited.has(subject) ? undefined : bytes;
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('outcomes before the word that their tasks are stored', { timeout: 60_000 }, () => {
  const isNotGivenAgain =
    (when: 'before' | 'during'): (() => Promise<void>) =>
    async () => {
      await using scene = await ClusterScene.start();
      using line = await Line.start(scene.server.port, lateAnswers());
      await scene.worker();
      const first = scene.executor({ servers: line.url, name: 'daily' });
      equal(await first.submit(square, scene.file, 2), 4);
      await rejects(first.submit(failLater, scene.file, 'x'), RangeError);
      if (when === 'before') line.release();
      const closing = first.shutdown();
      await turn();
      line.release();
      await closing;
      const second = scene.keep(await ClusterExecutor.attach({ servers: scene.server.url, name: 'daily' }));
      deepEqual(second.attached, []);
    };

  test('are not given again, where that comes before the shutdown', isNotGivenAgain('before'));
  test('are not given again, where that comes during the shutdown', isNotGivenAgain('during'));

  test('do not hold a shutdown for ever, where that never comes', async () => {
    await using scene = await ClusterScene.start();
    using line = await Line.start(scene.server.port, lateAnswers());
    await scene.worker();
    const executor = scene.executor({ servers: line.url });
    equal(await executor.submit(square, scene.file, 2), 4);
    await executor.shutdown();
  });
});
