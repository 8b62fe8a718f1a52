/**
 * The connection to the broker, for both sides: streams, publishing until it is stored, reading, and what to say when that can't be.
 *
 *   connecting ──► open ⇄ (reconnecting, for ever) ──close──► closed
 */

import type { JetStreamClient, JetStreamManager, MsgRequest, StreamConfig } from '@nats-io/jetstream';
import type { ObjectStore } from '@nats-io/obj';
import type { ConnectionOptions, NatsConnection, Subscription } from '@nats-io/transport-node';
import { readBlob } from './blobs.js';
import { Delivery } from './delivery.js';
import { type Names, workersConsumer } from './names.js';

/** What the broker keeps, and for how long; used when the queue's streams are made. Times in milliseconds. */
export interface BrokerLimits {
  /** How long a task may wait for a worker. */
  readonly taskTtlMs: number;
  /** How long an outcome is kept for a submitter that is away. */
  readonly resultTtlMs: number;
  readonly replicas: number;
  /** How many batches, and bytes of them, may wait. */
  readonly maxBatches: number;
  readonly maxBytes: number;
  /** How long a worker may be silent before what it holds is given to another. */
  readonly ackWaitMs: number;
}

export const defaultLimits: BrokerLimits = {
  taskTtlMs: 7 * 24 * 3600_000,
  resultTtlMs: 3600_000,
  replicas: 1,
  maxBatches: 100_000,
  maxBytes: 1024 ** 3,
  ackWaitMs: 10_000,
};

export interface BrokerOptions {
  readonly servers: string | readonly string[];
  readonly connection: Partial<ConnectionOptions>;
  readonly names: Names;
  readonly limits: BrokerLimits;
  /** The largest message that is sent or taken, whole. */
  readonly messageBytesMax: number;
  /** Whether to make the streams, or to take for granted that an administrator has. */
  readonly managesStreams: boolean;
  /** How this side is called in the broker's own lists. */
  readonly clientName: string;
}

const nanos = 1_000_000;
const duplicateWindowMs = 120_000;
/** How long one attempt to reach the broker may take before it is made again. */
const requestMs = 5000;
/** How long leaving waits for what was said to be on its way. */
const flushMs = 1000;
/** More unacknowledged batches than all workers together ever hold: the default would quietly limit the cluster. */
const maxAckPending = 100_000;
/** Parts in which the broker says no, and what it means. */
const apiErrors = { streamFull: 10077, wrongSequence: 10071, streamExists: 10058, noMessage: 10037 } as const;

type Clients = typeof import('@nats-io/jetstream') &
  typeof import('@nats-io/transport-node') &
  typeof import('@nats-io/obj');

export class Broker {
  readonly names: Names;
  readonly connection: NatsConnection;
  readonly #options: BrokerOptions;
  readonly #clients: Clients;
  readonly #js: JetStreamClient;
  readonly #jsm: JetStreamManager;
  #blobs: Promise<ObjectStore> | undefined;

  private constructor(options: BrokerOptions, clients: Clients, connection: NatsConnection, jsm: JetStreamManager) {
    this.names = options.names;
    this.connection = connection;
    this.#options = options;
    this.#clients = clients;
    this.#js = clients.jetstream(connection, { timeout: requestMs });
    this.#jsm = jsm;
  }

  /** Connects and makes what the queue needs; throws an error that says what is missing. */
  static async open(options: BrokerOptions): Promise<Broker> {
    const clients = await loadClients();
    const servers = [options.servers].flat() as string[];
    let connection: NatsConnection | undefined;
    try {
      connection = await clients.connect({
        timeout: requestMs,
        reconnectTimeWait: 250,
        ...options.connection,
        servers,
        name: options.clientName,
        maxReconnectAttempts: -1,
      });
      const jsm = await clients.jetstreamManager(connection, { timeout: requestMs });
      const broker = new Broker(options, clients, connection, jsm);
      if (options.managesStreams) await broker.#makeStreams();
      return broker;
    } catch (cause) {
      await connection?.close();
      throw new Error(`can't use the broker at ${servers.join(', ')}: ${explained(cause)}`, { cause });
    }
  }

  /** The largest body that goes into a message; what is larger goes to the object store. */
  get inlineBytesMax(): number {
    const { max_payload: maxPayload = 1024 * 1024 } = this.connection.info ?? {};
    return Math.min(512 * 1024, Math.floor(maxPayload / 2));
  }

  /** The largest body that is sent or taken at all. */
  get messageBytesMax(): number {
    return this.#options.messageBytesMax;
  }

  async #makeStreams(): Promise<void> {
    const { names } = this;
    const { taskTtlMs, resultTtlMs, replicas, maxBatches, maxBytes, ackWaitMs } = this.#options.limits;
    const { RetentionPolicy, StorageType, DiscardPolicy, AckPolicy } = this.#clients;
    const common = { storage: StorageType.File, num_replicas: replicas, discard: DiscardPolicy.New } as const;
    await Promise.all([
      this.#makeStream({
        ...common,
        name: names.tasks,
        subjects: [names.allTasks],
        retention: RetentionPolicy.Workqueue,
        max_msgs: maxBatches,
        max_bytes: maxBytes,
        max_age: taskTtlMs * nanos,
        // A batch that is there can't be put there once more.
        max_msgs_per_subject: 1,
        discard_new_per_subject: true,
        duplicate_window: Math.min(duplicateWindowMs, taskTtlMs) * nanos,
      }),
      this.#makeStream({
        ...common,
        name: names.results,
        subjects: [names.allResults],
        retention: RetentionPolicy.Limits,
        max_bytes: maxBytes,
        max_age: resultTtlMs * nanos,
        duplicate_window: Math.min(duplicateWindowMs, resultTtlMs) * nanos,
        allow_direct: true,
      }),
      this.#makeStream({
        ...common,
        name: names.code,
        subjects: [names.allCode],
        retention: RetentionPolicy.Limits,
        // The latest is kept: stored once more, its age begins anew.
        discard: DiscardPolicy.Old,
        max_msgs_per_subject: 1,
        max_bytes: maxBytes,
        max_age: 2 * taskTtlMs * nanos,
        allow_direct: true,
      }),
    ]);
    await this.#jsm.consumers.add(names.tasks, {
      durable_name: workersConsumer,
      ack_policy: AckPolicy.Explicit,
      ack_wait: ackWaitMs * nanos,
      // Who has had how many is counted by the workers, which can say why they give up.
      max_deliver: -1,
      max_ack_pending: maxAckPending,
    });
  }

  /** A stream that is there already stays as it is: whoever made it has decided. */
  async #makeStream(config: Partial<StreamConfig> & { name: string }): Promise<void> {
    try {
      await this.#jsm.streams.add(config);
    } catch (error) {
      if (codeOf(error) !== apiErrors.streamExists) throw error;
    }
  }

  /**
   * Stores a message, and tries until it is: the same `id` is stored once. Gives its sequence number.
   *
   * @param body or what makes it, for each attempt anew: a signature is good for a while
   * @param lastSeq the message of that subject after which it is to come; 0 for the first one. Throws {@link WrongPlace} where another was first.
   */
  async store(
    subject: string,
    body: Uint8Array | (() => Promise<Uint8Array>),
    options: { id?: string; lastSeq?: number; signal: AbortSignal },
  ): Promise<number> {
    const { id, lastSeq, signal } = options;
    const expect = lastSeq === undefined ? {} : { expect: { lastSubjectSequence: lastSeq } };
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      const bytes = typeof body === 'function' ? await body() : body;
      try {
        const ack = await this.#js.publish(subject, bytes, {
          ...(id === undefined ? {} : { msgID: id }),
          ...expect,
          timeout: requestMs,
        });
        return ack.seq;
      } catch (error) {
        if (codeOf(error) === apiErrors.wrongSequence) throw new WrongPlace();
        if (!isPassing(error)) throw new Error(`the broker did not store it: ${explained(error)}`, { cause: error });
        await pause(Math.min(1000, 20 * 2 ** attempt) * (0.5 + Math.random()), signal);
      }
    }
  }

  /** The news of a batch that are stored so far, in order. */
  async *stored(
    stream: string,
    subject: string,
  ): AsyncGenerator<{ seq: number; data: Uint8Array; subject: string }, void> {
    for (let seq = 1; ; ) {
      const message = await this.#jsm.direct.getMessage(stream, { next_by_subj: subject, seq }).catch(noMessage);
      if (message === null || message === undefined) return;
      yield message;
      seq = message.seq + 1;
    }
  }

  /** The same of a work queue, which can't be read directly. */
  async *waiting(subject: string): AsyncGenerator<{ seq: number; data: Uint8Array; subject: string }, void> {
    for (let seq = 1; ; ) {
      const query = { next_by_subj: subject, seq } as unknown as MsgRequest;
      const message = await this.#jsm.streams.getMessage(this.names.tasks, query).catch(noMessage);
      if (message === null || message === undefined) return;
      yield message;
      seq = message.seq + 1;
    }
  }

  /** Whether it was there. */
  async delete(stream: string, seq: number): Promise<boolean> {
    // Not a purge by subject: with that, the server of Debian 12 forgets whatever else waits in the stream.
    return this.#jsm.streams.deleteMessage(stream, seq, false).catch(() => false);
  }

  /** How long a worker may be silent before what it holds is given to another, in milliseconds. */
  async ackWaitMs(): Promise<number> {
    const { config } = await this.#jsm.consumers.info(this.names.tasks, workersConsumer);
    return (config.ack_wait ?? defaultLimits.ackWaitMs * nanos) / nanos;
  }

  newInbox(): string {
    return this.#clients.createInbox(this.#options.connection.inboxPrefix);
  }

  /** Batches that come to an inbox, and requests that have expired there. */
  receiveWork(subject: string, on: { work(delivery: Delivery): void; over(subject: string): void }): void {
    this.connection.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) return;
        // What has a subject of ours is a batch; what has the inbox's is a word of the broker about a request.
        if (message.subject.startsWith('cf.')) on.work(new Delivery(message));
        else if (message.headers?.code !== 100) on.over(message.subject);
      },
    });
  }

  askForWork(reply: string, count: number, expiresMs: number): void {
    if (this.connection.isClosed()) return;
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.names.tasks}.${workersConsumer}`;
    this.connection.publish(subject, JSON.stringify({ batch: count, expires: expiresMs * nanos }), { reply });
  }

  /** Every message of some subjects, in order, from `seq` on; what comes while the connection is away comes afterwards. */
  async follow(
    stream: string,
    subject: string,
    seq: number,
    onMessage: (message: { seq: number; subject: string; data: Uint8Array }) => void,
  ) {
    const start = seq <= 1 ? {} : { deliver_policy: this.#clients.DeliverPolicy.StartSequence, opt_start_seq: seq };
    const consumer = await this.#js.consumers.get(stream, { filter_subjects: subject, ...start });
    return consumer.consume({ callback: onMessage, max_messages: 1000 });
  }

  /** Makes the number of waiting tasks, and of those on their way, known. */
  async backlog(): Promise<{ waiting: number; held: number; pulls: number }> {
    const { num_pending, num_ack_pending, num_waiting } = await this.#jsm.consumers.info(
      this.names.tasks,
      workersConsumer,
    );
    return { waiting: num_pending, held: num_ack_pending, pulls: num_waiting };
  }

  /**
   * Removes what was acknowledged and came back with a server that had been killed (seen with the one of Debian 12): it is never delivered again,
   * and would take up room for ever.
   */
  async removeOrphans(): Promise<void> {
    const { ack_floor: floor } = await this.#jsm.consumers.info(this.names.tasks, workersConsumer);
    // Not the one at the floor itself: that server also forgets that it has given out the message to which it purges, which then nobody gets again.
    if (floor.stream_seq > 1) await this.#jsm.streams.purge(this.names.tasks, { seq: floor.stream_seq });
  }

  tell(subject: string, body: Uint8Array): void {
    if (!this.connection.isClosed()) this.connection.publish(subject, body);
  }

  listen(subject: string, onMessage: (data: Uint8Array) => void): Subscription {
    return this.connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) onMessage(message.data);
      },
    });
  }

  async putBlob(name: string, bytes: Uint8Array): Promise<void> {
    const store = await this.#blobStore();
    await store.putBlob({ name }, bytes);
  }

  /** Throws a refusal for an object that is not there, or is larger than that. */
  async getBlob(name: string, bytesMax: number): Promise<Uint8Array> {
    return readBlob(await this.#blobStore(), name, bytesMax);
  }

  async deleteBlob(name: string): Promise<void> {
    await (await this.#blobStore()).delete(name).catch(() => {});
  }

  /** Otherwise it is made when it is needed first. */
  async makeBlobStore(): Promise<void> {
    await this.#blobStore();
  }

  #blobStore(): Promise<ObjectStore> {
    const { managesStreams, limits } = this.#options;
    const stores = new this.#clients.Objm(this.connection);
    this.#blobs ??= managesStreams
      ? stores.create(this.names.blobs, { replicas: limits.replicas, ttl: limits.taskTtlMs * nanos })
      : stores.open(this.names.blobs);
    this.#blobs.catch(() => {
      this.#blobs = undefined;
    });
    return this.#blobs;
  }

  /** Once what was said is on its way. */
  async close(): Promise<void> {
    if (this.connection.isClosed()) return;
    // While the broker is away, nothing can be sent any more.
    const limit = new AbortController();
    const flushed = this.connection.flush().catch(() => {});
    await Promise.race([flushed, pause(flushMs, limit.signal).catch(() => {})]);
    limit.abort();
    await this.connection.close();
  }
}

/** Another message of that subject was stored first. */
export class WrongPlace extends Error {}

/** A server that was full, or away, may not be in a moment. */
function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  if (code === apiErrors.streamFull) return true;
  if (typeof code === 'number' && code >= 10_000) return code === 10_008 || code === 10_074 || code === 10_077;
  const name = nameOf(error);
  return !/permission|authoriz|closed|draining|NoResponders/i.test(name) || /timeout/i.test(name);
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

function nameOf(error: unknown): string {
  const { name, message } = error as Error;
  const { cause } = error as { cause?: Error };
  return `${name} ${message} ${cause === undefined ? '' : nameOf(cause)}`;
}

function noMessage(error: unknown): undefined {
  const { code, message } = error as { code?: unknown; message: string };
  if (code === apiErrors.noMessage || /no message found|message not found|404/i.test(message)) return undefined;
  throw error;
}

/** The client's own words, and what to do where these do not say. */
function explained(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  const name = nameOf(error);
  if (/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|CONNECTION_REFUSED/i.test(name))
    return `nothing answers there (${said}): is nats-server running?`;
  if (/jetstream.*not enabled|no responders|503/i.test(name))
    return `${said}: start nats-server with JetStream (-js), and make the streams or let this side make them`;
  if (/authorization|authentication/i.test(name)) return `${said}: check the credentials (option connection)`;
  return said;
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      signal?.removeEventListener('abort', aborted);
      resolve();
    }
    function aborted(): void {
      clearTimeout(timer);
      reject(signal?.reason);
    }
    signal?.addEventListener('abort', aborted, { once: true });
  });
}

async function loadClients(): Promise<Clients> {
  try {
    const [transport, jetstream, obj] = await Promise.all([
      import('@nats-io/transport-node'),
      import('@nats-io/jetstream'),
      import('@nats-io/obj'),
    ]);
    return { ...transport, ...jetstream, ...obj };
  } catch (cause) {
    throw new Error(
      'the cluster needs the client of its broker, which is not installed with this package: npm install @nats-io/transport-node @nats-io/jetstream @nats-io/obj',
      { cause },
    );
  }
}
