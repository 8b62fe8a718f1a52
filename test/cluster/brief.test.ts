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

/** How many were sent without asking, and when one is that is to be answered. */
class Batches {
  unasked = 0;
  #onAsked = (): void => {};

  /** Once one is sent that is to be answered. */
  readonly isAsked = new Promise<void>((resolve) => {
    this.#onAsked = resolve;
  });

  /** @param loses whether what is sent without asking is lost */
  rule(loses: boolean): Rule {
    return (direction, frame) => {
      if (!isBatch(direction, frame)) return frame.bytes;
      if (frame.reply === '') {
        this.unasked += 1;
        return loses ? dropped : frame.bytes;
      }
      // The first ones are, too: nothing is known of their function.
      if (this.unasked > 2) this.#onAsked();
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

/** A submitter whose batches are counted. */
async function counted(scene: ClusterScene, { loses = false } = {}) {
  const batches = new Batches();
  const line = await Line.start(scene.server.port, batches.rule(loses));
  const executor = scene.executor({ servers: line.url });
  return { batches, executor, [Symbol.dispose]: () => line[Symbol.dispose]() };
}

describe('lone short tasks', { timeout: 60_000 }, () => {
  test('have their outcome though nobody asked whether they were stored, and leave nothing at the broker', async () => {
    await using scene = await ClusterScene.start();
    await scene.worker();
    using submitter = await counted(scene);
    const { batches, executor } = submitter;
    let calls = 0;
    while (batches.unasked < 20) equal(await executor.submit(square, scene.file, ++calls), calls ** 2);
    await executor.shutdown();
    equal(scene.starts.length, calls);
    deepEqual(await storedAt(scene), [0, 0]);
  });

  test('are sent again where the first message of it was lost, and start once', async () => {
    await using scene = await ClusterScene.start();
    await scene.worker();
    using submitter = await counted(scene, { loses: true });
    const { batches, executor } = submitter;
    let calls = 0;
    while (batches.unasked < 3) equal(await executor.submit(square, scene.file, ++calls), calls ** 2);
    await executor.shutdown();
    deepEqual(
      scene.starts,
      Array.from({ length: calls }, (_, i) => String(i + 1)),
    );
    // An outcome that was heard before the word that its task is stored stays, where that was sent twice: another may have it, too.
    equal((await storedAt(scene))[0], 0);
  });

  test('start once where one takes longer than others did, and leave nothing at the broker', async () => {
    await using scene = await ClusterScene.start();
    await scene.worker();
    using submitter = await counted(scene);
    const { batches, executor } = submitter;
    while (batches.unasked < 3) equal(await executor.submit(holdFirst, scene.file, 1, scene.gate), 1);
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
    using submitter = await counted(scene);
    const { batches, executor } = submitter;
    let calls = 0;
    while (batches.unasked < 3) equal(await executor.submit(square, scene.file, ++calls), calls ** 2);
    worker.process.kill('SIGKILL');
    await executor.shutdown();
    deepEqual(await storedAt(scene), [0, 0]);
    equal(scene.starts.length, calls);
  });
});

test('what comes while a submitter tidies up goes at once, over the connection that it has', {
  timeout: 60_000,
}, async () => {
  await using scene = await ClusterScene.start();
  let connections = 0;
  let tidies = (): void => {};
  const isTidying = new Promise<void>((resolve) => {
    tidies = resolve;
  });
  const deletions = new Set<string>();
  using line = await Line.start(scene.server.port, (direction, { op, subject, reply, bytes }) => {
    if (op === 'CONNECT') connections += 1;
    if (direction === 'to broker' && subject.includes('.MSG.DELETE.')) {
      deletions.add(reply);
      tidies();
    }
    // Whether anything is gone is told to nobody, until the line is released.
    return direction === 'to client' && deletions.has(subject) ? undefined : bytes;
  });
  await scene.worker();
  const executor = scene.executor({ servers: line.url });
  equal(await executor.submit(square, scene.file, 2), 4);
  await isTidying;
  equal(await executor.submit(square, scene.file, 3), 9);
  equal(connections, 1);
  line.release();
  await executor.shutdown();
  deepEqual(await storedAt(scene), [0, 0]);
});
