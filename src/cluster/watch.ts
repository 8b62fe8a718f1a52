/** Looks at a cluster from outside: which workers there are, and what waits for them. Changes nothing, and makes no streams. */

import { Broker } from './broker.js';
import { type ClusterOptions, clusterSettings } from './cluster-options.js';
import type { Presence } from './messages.js';
import { Workers } from './presence.js';
import type { Seal } from './seal.js';

export interface WatchedWorker extends Presence {
  /** When it was heard last, in milliseconds since the epoch: its counts are those of that moment. */
  readonly heardAt: number;
}

/** Batches of tasks, each of one task or of many. */
export interface ClusterBacklog {
  /** With no worker yet. */
  readonly waiting: number;
  /** With a worker, and not done. */
  readonly held: number;
}

/** The broker's ways of saying that the queue's stream, or its consumer, is not there. */
const notThere: readonly unknown[] = [10_059, 10_014];

export class ClusterWatch {
  readonly #broker: Broker;
  readonly #workers: Workers;
  readonly #heardAt = new Map<string, number>();
  #isConnected = true;
  #unreadable: string | undefined;

  /** @internal */
  constructor(broker: Broker, seal: Seal) {
    this.#broker = broker;
    this.#workers = new Workers(seal, broker.names.presence);
    broker.listen(broker.names.presence, (data) => this.#heard(data));
    this.#ask();
    void this.#watchConnection();
  }

  /** While the broker is away it is looked for, for ever. */
  get isConnected(): boolean {
    return this.#isConnected && !this.#broker.connection.isClosed();
  }

  /** Why the broker does not let it in, where that is known. */
  get trouble(): string | undefined {
    return this.isConnected ? undefined : this.#broker.credentials.trouble;
  }

  /** The workers that were heard within the last seconds, by name. */
  get workers(): WatchedWorker[] {
    const alive = this.#workers.alive.map((each) => ({ ...each, heardAt: this.#heardAt.get(each.name) ?? 0 }));
    const names = new Set(alive.map(({ name }) => name));
    for (const name of this.#heardAt.keys()) if (!names.has(name)) this.#heardAt.delete(name);
    return alive.sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** Why what some worker says is not heeded: it has another key, say. */
  get unreadable(): string | undefined {
    return this.#unreadable;
  }

  /** `undefined` where nobody has made the queue yet. Rejects where the broker does not answer within 5,000 ms, or may not be asked. */
  async backlog(): Promise<ClusterBacklog | undefined> {
    try {
      const { waiting, held } = await this.#broker.backlog();
      return { waiting, held };
    } catch (error) {
      if (notThere.includes((error as { code?: unknown }).code)) return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#broker.close();
  }

  #ask(): void {
    this.#broker.tell(this.#broker.names.ask, Buffer.alloc(0));
  }

  #heard(data: Uint8Array): void {
    try {
      const { presence } = this.#workers.take(data);
      this.#heardAt.set(presence.name, Date.now());
    } catch (error) {
      this.#unreadable = (error as Error).message;
    }
  }

  async #watchConnection(): Promise<void> {
    for await (const { type } of this.#broker.connection.status()) {
      if (type === 'disconnect') this.#isConnected = false;
      if (type !== 'reconnect') continue;
      this.#isConnected = true;
      this.#ask();
    }
  }
}

/**
 * Connects to the broker, and hears from then on what the workers of the queue say, once a second each. Needs the same key as they.
 * Throws an error that says what is missing where the broker can't be used.
 */
export async function watchCluster(options: ClusterOptions): Promise<ClusterWatch> {
  const { broker, seal } = clusterSettings('watchCluster', { manageStreams: false, ...options });
  return new ClusterWatch(await Broker.open(broker), seal);
}
