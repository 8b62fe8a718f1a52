/** What a worker tells of a task reaches its submitter, whatever became of what it told before. */

import { equal } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { Stage } from '../contract/gates.js';
import { Guarded } from './guarded.js';
import { startServer, type TestServer } from './nats-server.js';

describe('outcomes', { timeout: 60_000 }, () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());

  test('a task has its outcome though what was told of its start is gone from the broker', async () => {
    await using guarded = await Guarded.start(server);
    const stage = new Stage();
    const manager = await jetstreamManager(guarded.stranger);
    const started = new Promise<void>((resolve) => {
      guarded.stranger.subscribe(guarded.subject('res', '>'), { callback: () => resolve(), max: 1 });
    });
    await guarded.stranger.flush();
    const task = guarded.submitter().submit(async (dir: string) => {
      const { existsSync } = await import('node:fs');
      while (!existsSync(`${dir}/go.open`)) await new Promise((resolve) => setTimeout(resolve, 5));
      return 'done';
    }, stage.dir);
    await started;
    const results = `CF_${guarded.queue}_RESULTS`;
    // It was heard as it was sent.
    while ((await manager.streams.info(results)).state.messages === 0);
    equal(await manager.streams.deleteMessage(results, 1, false), true);
    stage.open('go');
    equal(await task, 'done');
    stage.remove();
    await guarded.worksOn();
  });

  test('a worker is done with a task whose submitter has gone and has taken along what it had heard', async () => {
    await using guarded = await Guarded.start(server);
    const executor = guarded.submitter();
    const told = new Promise<void>((resolve) => {
      guarded.stranger.subscribe(guarded.subject('res', '>'), { callback: () => resolve(), max: 1 });
    });
    await guarded.stranger.flush();
    const task = executor.submit(() => new Promise(() => {}));
    await told;
    task.cancel();
    await executor.shutdown({ cancelFutures: true, timeout: 0 });
    await guarded.worksOn();
    await guarded.worker.drain();
    equal(guarded.worker.status().held, 0);
  });
});
