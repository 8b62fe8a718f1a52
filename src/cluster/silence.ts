/**
 * Whether the broker decides anything. One that was cut off from the others of its cluster keeps its connections and answers pings, but stores
 * nothing and gives out nothing: another one is looked for.
 *
 *   heard ──not answered──► silent ──for a while──► asked for a sign of life ──that came, and nothing else──► connected anew
 *     ▲                        └──answered──┐              └──none came──► (the client's pings find that out)
 *     └─────────────────────────────────────┘
 *
 * Where much is on its way over a slow connection, answers come late, too; but then they come before that sign.
 */

import type { NatsConnection } from '@nats-io/transport-node';

/** Longer than brokers mostly need to find out that one is lost, and who is the next to decide. */
const patienceMs = 8000;

export class Silence {
  readonly #connection: NatsConnection;
  #since: number | undefined;
  /** The server that has been left, until the connection is back. */
  #left: string | undefined;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
    void this.#watch();
  }

  answered(): void {
    this.#since = undefined;
  }

  /** Something was asked, and there is no answer, or the one that it can't be decided. */
  unanswered(): void {
    this.#since ??= performance.now();
    if (performance.now() - this.#since < patienceMs) return;
    // A broker that is alone has no others.
    if (this.#connection.info?.cluster !== undefined) void this.#lookElsewhere().catch(() => {});
  }

  async #lookElsewhere(): Promise<void> {
    const since = this.#since;
    await this.#connection.flush();
    // Answered, or on the way to another already.
    if (this.#since === undefined || this.#since !== since) return;
    this.#since = undefined;
    this.#left = this.#connection.getServer();
    await this.#connection.reconnect();
  }

  /** The client begins anew with the first of its servers, which is the one that it has just left where that was its first. */
  async #watch(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type !== 'reconnect') continue;
      const isSame = this.#left === this.#connection.getServer();
      this.#left = undefined;
      if (isSame) await this.#connection.reconnect();
    }
  }
}
