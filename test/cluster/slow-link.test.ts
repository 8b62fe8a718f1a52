/** A submitter behind a line that carries little: what is on its way for long is not sent once more. */

import { equal, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ThreadPoolExecutor } from 'concurrent-futures';
import { ClusterExecutor, ClusterWorker } from 'concurrent-futures/cluster';
import { startServer } from './nats-server.js';

const pieceBytes = 16 * 1024;

/** Passes on so many bytes a second from its clients, and whatever comes back. */
class SlowLine {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  sentBytes = 0;

  constructor(port: number, bytesPerSecond: number) {
    this.#server = createServer((client) => {
      const broker = createConnection(port, '127.0.0.1');
      for (const socket of [client, broker]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => client.destroy() && broker.destroy());
      }
      broker.pipe(client);
      void this.#carry(client, broker, bytesPerSecond);
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #carry(client: Socket, broker: Socket, bytesPerSecond: number): Promise<void> {
    try {
      for await (const chunk of client) {
        for (let at = 0; at < chunk.length; at += pieceBytes) {
          const piece = chunk.subarray(at, at + pieceBytes);
          this.sentBytes += piece.length;
          broker.write(piece);
          await sleep((piece.length / bytesPerSecond) * 1000);
        }
      }
    } catch {
      // It has been closed.
    }
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

describe('a slow line', { timeout: 60_000 }, () => {
  test('carries each value once, however long that takes', async () => {
    const server = await startServer('max_payload: 1MB');
    const line = new SlowLine(Number(new URL(server.url).port), 256 * 1024);
    const queue = 'slow';
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const worker = await ClusterWorker.start({ servers: server.url, queue, executor });
    const submitter = new ClusterExecutor({ servers: await line.listen(), queue });
    const bytes = 400_000;
    const tasks = Array.from({ length: 4 }, () =>
      submitter.submit((of: Uint8Array) => of.length, new Uint8Array(bytes)),
    );
    for (const task of tasks) equal(await task, bytes);
    await submitter.shutdown();
    ok(line.sentBytes < 1.1 * bytes * tasks.length, `${line.sentBytes} bytes were sent`);
    await worker.drain();
    line.close();
    await server.stop();
  });
});
