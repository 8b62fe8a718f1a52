/** Lone short tasks are sent without asking whether they were stored: their outcome tells. What becomes of them where it does not come. */

import { deepEqual, equal, rejects } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { CancelledError } from 'concurrent-futures';
import type { Frame } from './fault-matrix/frames.js';
import { holdFirst, square } from './fixtures/tasks.mjs';
import type { Direction } from './line.js';
import { Line, type Rule } from './line.js';
import { ClusterScene } from './scene.js';

const dropped = Buffer.alloc(0);

const isBatch = (direction: Direction, { op, subject }: Frame): boolean =>
  direction === 'to broker' && op === 'PUB' && /^cf\.[^.]+\.task\./.test(subject);

/** Those that were sent without asking, and those that were sent to be answered. */
class Batches {
  unasked = 0;
  asked = 0;
  #onAsked = (): void => {};

  /** Once one is sent that is to be answered. */
  readonly isAsked = new Promise<void>((resolve) => {
    this.#onAsked = resolve;
  });

  /** @param loses whether what is sent without asking is lost */
  rule(loses: () => boolean): Rule {
    return (direction, frame) => {
      if (!isBatch(direction, frame)) return frame.bytes;
      if (frame.reply === '') {
        this.unasked += 1;
        return loses() ? dropped : frame.bytes;
      }
      // The first of all is: nothing is known of its function.
      if (this.unasked > 0) {
        this.asked += 1;
        this.#onAsked();
      }
      return frame.bytes;
    };
  }
}

/** How many messages the broker has, of tasks and of outcomes. */
async function storedAt({ server }: ClusterScene): Promise<number[]> {
  const connection = await connect({ servers: server.url });
  const { streams } = await jetstreamManager(connection);
  const infos = await Promise.all(['CF_default_TASKS', 'CF_default_RESULTS'].map((name) => streams.info(name)));
  await connection.close();
  return infos.map(({ state }) => state.messages);
}

describe('lone short tasks', { timeout: 60_000 }, () => {
  test('have their outcome though nobody asked whether they were stored, and leave nothing at the broker', async () => {
    await using scene = await ClusterScene.start();
    const batches = new Batches();
    using line = await Line.start(
      scene.server.port,
      batches.rule(() => false),
    );
    await scene.worker();
    const executor = scene.executor({ servers: line.url });
    for (let n = 0; n < 50; n++) equal(await executor.submit(square, scene.file, n), n * n);
    await executor.shutdown();
    equal(batches.unasked > 0, true);
    equal(scene.starts.length, 50);
    deepEqual(await storedAt(scene), [0, 0]);
  });

  test('are sent again where the first message of it was lost, and start once', async () => {
    await using scene = await ClusterScene.start();
    const batches = new Batches();
    using line = await Line.start(
      scene.server.port,
      batches.rule(() => true),
    );
    await scene.worker();
    const executor = scene.executor({ servers: line.url });
    for (let n = 0; n < 5; n++) equal(await executor.submit(square, scene.file, n), n * n);
    await executor.shutdown();
    equal(batches.unasked > 0, true);
    equal(batches.asked, batches.unasked);
    deepEqual(scene.starts, ['0', '1', '2', '3', '4']);
    deepEqual(await storedAt(scene), [0, 0]);
  });

  test('start once where one takes longer than others did, and leave nothing at the broker', async () => {
    await using scene = await ClusterScene.start();
    const batches = new Batches();
    using line = await Line.start(
      scene.server.port,
      batches.rule(() => false),
    );
    await scene.worker();
    const executor = scene.executor({ servers: line.url });
    for (let n = 1; n < 5; n++) equal(await executor.submit(holdFirst, scene.file, n, scene.gate), n);
    const long = executor.submit(holdFirst, scene.file, 0, scene.gate);
    await batches.isAsked;
    scene.open();
    equal(await long, 0);
    await executor.shutdown();
    deepEqual(scene.starts, ['held']);
    deepEqual(await storedAt(scene), [0, 0]);
  });

  test('can be killed, and leave nothing at the broker', async () => {
    await using scene = await ClusterScene.start();
    await scene.worker();
    const executor = scene.executor();
    for (let n = 1; n < 5; n++) equal(await executor.submit(holdFirst, scene.file, n, scene.gate), n);
    const long = executor.submit(holdFirst, scene.file, 0, scene.gate);
    while (scene.starts.length === 0) await new Promise((resolve) => setImmediate(resolve));
    long.kill();
    await rejects(long, CancelledError);
    equal(await executor.submit(holdFirst, scene.file, 5, scene.gate), 5);
    await executor.shutdown();
    equal((await storedAt(scene))[0], 0);
  });

  test('are taken from the broker where their worker was lost before it could acknowledge them', async () => {
    await using scene = await ClusterScene.start();
    using line = await Line.start(scene.server.port, (direction, frame) =>
      direction === 'to broker' && frame.subject.startsWith('$JS.ACK') ? dropped : frame.bytes,
    );
    const worker = await scene.worker({ servers: line.url });
    const executor = scene.executor();
    for (let n = 0; n < 5; n++) equal(await executor.submit(square, scene.file, n), n * n);
    worker.process.kill('SIGKILL');
    await executor.shutdown();
    deepEqual(await storedAt(scene), [0, 0]);
    equal(scene.starts.length, 5);
  });
});
