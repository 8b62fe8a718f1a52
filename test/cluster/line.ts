/** Between a client and its broker: what each says may be kept back for a while, or be told otherwise. */

import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { type Frame, FrameReader } from './fault-matrix/frames.js';

export type Direction = 'to broker' | 'to client';
/** What is passed on; nothing where it is kept until {@link Line.release}. */
export type Rule = (direction: Direction, frame: Frame) => Buffer | undefined;

export class Line implements Disposable {
  readonly #server: Server;
  readonly #rule: Rule;
  readonly #sockets = new Set<Socket>();
  #kept: (() => void)[] | undefined = [];

  private constructor(brokerPort: number, rule: Rule) {
    this.#rule = rule;
    this.#server = createServer({ noDelay: true }, (client) => {
      const broker = createConnection({ port: brokerPort, host: '127.0.0.1', noDelay: true });
      this.#carry('to broker', client, broker);
      this.#carry('to client', broker, client);
    });
  }

  static async start(brokerPort: number, rule: Rule): Promise<Line> {
    const line = new Line(brokerPort, rule);
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #carry(direction: Direction, from: Socket, to: Socket): void {
    const reader = new FrameReader();
    this.#sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      for (const frame of reader.read(chunk)) {
        const passed = this.#rule(direction, frame);
        if (passed !== undefined) to.write(passed);
        else if (this.#kept === undefined) to.write(frame.bytes);
        else this.#kept.push(() => to.write(frame.bytes));
      }
    });
    from.on('error', () => {});
    from.on('close', () => to.destroy());
  }

  /** Passes on what was kept back, and from now on keeps nothing. */
  release(): void {
    const kept = this.#kept ?? [];
    this.#kept = undefined;
    for (const pass of kept) pass();
  }

  [Symbol.dispose](): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
