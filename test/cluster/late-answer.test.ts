/** A submitter whose outcomes are quicker than the broker's word that their tasks are stored. */

import { deepEqual, equal, rejects } from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { ClusterExecutor } from 'concurrent-futures/cluster';
import { type Frame, FrameReader } from './fault-matrix/frames.js';
import { failLater, square } from './fixtures/tasks.mjs';
import { ClusterScene } from './scene.js';

/** Passes everything on, but keeps back the broker's word that a batch is stored. */
class LateAnswers {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #awaited = new Set<string>();
  #isLate = true;
  #late: (() => void)[] = [];

  private constructor(brokerPort: number) {
    this.#server = createServer((client) => {
      const broker = createConnection(brokerPort, '127.0.0.1');
      this.#carry(client, broker, ({ op, subject, reply }) => {
        if (op === 'PUB' && /^cf\.[^.]+\.task\./.test(subject)) this.#awaited.add(reply);
        return false;
      });
      this.#carry(broker, client, ({ op, subject }) => this.#isLate && op === 'MSG' && this.#awaited.has(subject));
    });
  }

  static async start(brokerPort: number): Promise<LateAnswers> {
    const line = new LateAnswers(brokerPort);
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #carry(from: Socket, to: Socket, isKept: (frame: Frame) => boolean): void {
    const reader = new FrameReader();
    this.#sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      for (const frame of reader.read(chunk)) {
        if (isKept(frame)) this.#late.push(() => to.write(frame.bytes));
        else to.write(frame.bytes);
      }
    });
    from.on('error', () => {});
    from.on('close', () => to.destroy());
  }

  answer(): void {
    this.#isLate = false;
    for (const pass of this.#late.splice(0)) pass();
  }

  [Symbol.dispose](): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('outcomes before the word that their tasks are stored', { timeout: 60_000 }, () => {
  const isNotGivenAgain =
    (when: 'before' | 'during'): (() => Promise<void>) =>
    async () => {
      await using scene = await ClusterScene.start();
      using line = await LateAnswers.start(scene.server.port);
      await scene.worker();
      const first = scene.executor({ servers: line.url, name: 'daily' });
      equal(await first.submit(square, scene.file, 2), 4);
      await rejects(first.submit(failLater, scene.file, 'x'), RangeError);
      if (when === 'before') line.answer();
      const closing = first.shutdown();
      await turn();
      line.answer();
      await closing;
      const second = scene.keep(await ClusterExecutor.attach({ servers: scene.server.url, name: 'daily' }));
      deepEqual(second.attached, []);
    };

  test('are not given again, where that comes before the shutdown', isNotGivenAgain('before'));
  test('are not given again, where that comes during the shutdown', isNotGivenAgain('during'));

  test('do not hold a shutdown for ever, where that never comes', async () => {
    await using scene = await ClusterScene.start();
    using line = await LateAnswers.start(scene.server.port);
    await scene.worker();
    const executor = scene.executor({ servers: line.url });
    equal(await executor.submit(square, scene.file, 2), 4);
    await executor.shutdown();
  });
});
