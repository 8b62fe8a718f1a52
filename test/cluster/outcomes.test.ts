/** What a worker tells of a task reaches its submitter, whatever became of what it told before. */

import { equal, ok } from 'node:assert/strict';
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

  test('tasks that their worker has acknowledged are not deleted again one by one, and nothing stays at the broker', async () => {
    await using guarded = await Guarded.start(server);
    const [tasks, results] = [`CF_${guarded.queue}_TASKS`, `CF_${guarded.queue}_RESULTS`];
    const deleted = { [tasks]: 0, [results]: 0 };
    for (const stream of [tasks, results])
      guarded.stranger.subscribe(`$JS.API.STREAM.MSG.DELETE.${stream}`, {
        callback: () => {
          deleted[stream] = (deleted[stream] ?? 0) + 1;
        },
      });
    await guarded.stranger.flush();
    const executor = guarded.submitter();
    // Each goes in a message of its own.
    const nap = (n: number): Promise<number> => new Promise((resolve) => setTimeout(resolve, 30, n));
    const numbers = await executor.map(nap, [1, 2, 3, 4, 5, 6, 7, 8]).toArray();
    equal(numbers.join(), '1,2,3,4,5,6,7,8');
    await executor.shutdown();
    await guarded.stranger.flush();
    equal(deleted[tasks], 0);
    ok((deleted[results] ?? 0) > 0);
    const { streams } = await jetstreamManager(guarded.stranger);
    for (const stream of [tasks, results]) equal((await streams.info(stream)).state.messages, 0);
    await guarded.worksOn();
  });
});
