/**
 * The connection to the broker, for both sides: publishing until it is stored, asking for work, and what to say when that can't be.
 *
 *   connecting ──► open ⇄ (reconnecting, for ever) ──close──► closed
 */

import type { JetStreamManager } from '@nats-io/jetstream';
import type { ConnectionOptions, MsgHdrs, NatsConnection, Subscription } from '@nats-io/transport-node';
import { Along } from './along.js';
import { Attempts } from './attempts.js';
import { apiErrors, codeOf, isNobody, isPassing, unusable, WrongPlace } from './broker-errors.js';
import { type Clients, loadClients } from './clients.js';
import { Credentials } from './credentials.js';
import { type Delivery, PulledDelivery } from './delivery.js';
import { Losses, LostConnection } from './losses.js';
import { type BrokerLimits, defaultLimits, nanos, type QueueTimes } from './make-queue.js';
import { type Names, workersConsumer } from './names.js';
import { Objects } from './objects.js';
import { pause } from './pause.js';
import { Reader } from './reader.js';
import { Requests, type Stored } from './requests.js';
import { Silence } from './silence.js';
import { StoredQueue } from './stored-queue.js';

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

/** How long one attempt to reach the broker may take before it is made again: one that is killed answers never. */
const requestMs = 2000;
/** What a slow connection carries, a quarter of a megabit a second; where it is slower, or much is on its way, answers are waited for longer each time. */
const slowBytesPerMs = 32;
const longerMax = 4;
/** How long an answer to nothing but a sign of life is waited for. */
const flushMs = 1000;
const requestExpired = 408;
/** A connection whose other end vanished says nothing: it is given up when two pings were not answered, within half a minute. */
const pings = { pingInterval: 10_000, maxPingOut: 2 };

export class Broker {
  readonly names: Names;
  readonly connection: NatsConnection;
  readonly credentials: Credentials;
  readonly silence: Silence;
  readonly objects: Objects;
  readonly reader: Reader;
  readonly queue: StoredQueue;
  /** What is to go with the next message that is stored. */
  readonly along = new Along();
  readonly #losses: Losses;
  readonly #options: BrokerOptions;
  readonly #clients: Clients;
  readonly #requests: Requests;
  readonly #jsm: JetStreamManager;
  /** Of what is to be the first of its subject: nearly each piece that a worker stores is. */
  readonly #ofFirst: MsgHdrs;

  private constructor(
    options: BrokerOptions,
    clients: Clients,
    connection: NatsConnection,
    jsm: JetStreamManager,
    credentials: Credentials,
  ) {
    this.names = options.names;
    this.connection = connection;
    this.credentials = credentials;
    this.silence = new Silence(connection);
    this.#losses = new Losses(connection);
    this.objects = new Objects(clients, connection, this.#losses, options, () => this.#answers());
    this.#options = options;
    this.#clients = clients;
    this.#requests = new Requests(clients, connection, this.newInbox());
    this.#jsm = jsm;
    this.#ofFirst = this.#headers(undefined, 0);
    this.queue = new StoredQueue({ jsm, clients, ...options });
    this.reader = new Reader(clients, clients.jetstream(connection, { timeout: requestMs }), jsm, options.names, {
      requestMs,
      isCluster: () => this.isCluster,
      queue: this.queue,
    });
  }

  /** Connects and makes what the queue needs; throws an error that says what is missing. */
  static async open(options: BrokerOptions): Promise<Broker> {
    const clients = await loadClients();
    const servers = [options.servers].flat() as string[];
    const credentials = new Credentials(options.connection);
    let connection: NatsConnection | undefined;
    try {
      connection = await clients.connect({
        timeout: requestMs,
        reconnectTimeWait: 250,
        // A stack for each request, in case it fails, is a twentieth of all that a small task costs; what fails is explained below.
        noAsyncTraces: true,
        ...pings,
        ...options.connection,
        ...credentials.options,
        servers,
        name: options.clientName,
        maxReconnectAttempts: -1,
      });
      credentials.check();
      const jsm = await clients.jetstreamManager(connection, { timeout: requestMs });
      const broker = new Broker(options, clients, connection, jsm, credentials);
      await broker.queue.make();
      return broker;
    } catch (cause) {
      await connection?.close();
      throw unusable(options, cause, { trouble: credentials.trouble, isIn: connection !== undefined });
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

  /**
   * Stores a message, and tries until it is: the same `id` is stored once.
   *
   * @param body or what makes it, for each attempt anew, once there is a connection: a signature is good for a while
   * @param lastSeq the message of that subject after which it is to come; 0 for the first one. Throws {@link WrongPlace} where another was first.
   * @param once whether it is not to be tried again
   */
  async store(
    subject: string,
    body: Uint8Array | (() => Uint8Array | Promise<Uint8Array>),
    options: { id?: string; lastSeq?: number; once?: boolean; signal: AbortSignal },
  ): Promise<Stored> {
    const { id, lastSeq, once = false, signal } = options;
    const headers = id === undefined && lastSeq === 0 ? this.#ofFirst : this.#headers(id, lastSeq);
    for (const attempts = new Attempts(signal); ; ) {
      if (this.#losses.isAway) await this.#losses.back(signal);
      const bytes = typeof body === 'function' ? await body() : body;
      try {
        // On a slow connection it comes late, and later if the same is sent once more meanwhile.
        const timeout = (requestMs + bytes.length / slowBytesPerMs) * 2 ** Math.min(attempts.made, longerMax);
        const ack = await this.#losses.ask(() => {
          this.along.sendAwaited();
          return this.#requests.store(subject, bytes, headers, timeout);
        });
        // A cluster says 0 of one whose id it has heard before, and that is not stored, and may never be.
        if (ack.seq > 0) {
          this.silence.answered();
          this.queue.reached(this.names.streamOf(subject), ack.seq);
          return ack;
        }
        this.silence.unanswered();
        await attempts.again();
      } catch (error) {
        if (codeOf(error) === apiErrors.wrongSequence) throw new WrongPlace();
        if (codeOf(error) !== apiErrors.streamFull && !(error instanceof LostConnection)) this.silence.unanswered();
        if (once) throw error;
        await attempts.next(error, isNobody(error) && (await this.#hasStreamOf(subject, attempts.made)));
      }
    }
  }

  /** Sends what is to be stored under that `id`, and does not ask whether it was: something else is to tell. */
  send(subject: string, body: Uint8Array, id: string): void {
    if (this.connection.isClosed()) return;
    this.connection.publish(subject, body, { headers: this.#headers(id) });
  }

  #headers(id: string | undefined, lastSeq?: number): MsgHdrs {
    const headers = this.#clients.headers();
    if (id !== undefined) headers.append('Nats-Msg-Id', id);
    if (lastSeq !== undefined) headers.append('Nats-Expected-Last-Subject-Sequence', String(lastSeq));
    return headers;
  }

  /** Nobody answers for a stream that is not there, and for one that has no leader at the moment. */
  async #hasStreamOf(subject: string, attempts: number): Promise<boolean> {
    const error = await this.#jsm.streams.info(this.names.streamOf(subject)).catch((thrown: unknown) => thrown);
    if (attempts > 0 && codeOf(error) === apiErrors.noStream) return this.queue.mend();
    return !(error instanceof Error) || (codeOf(error) !== apiErrors.noStream && !isNobody(error));
  }

  /** Has the one that leads a stream give a sign of life; a broker that was cut off from that one answers too, but names none. */
  async hearLeader(stream: string): Promise<void> {
    if (!this.isCluster) return;
    try {
      const { cluster } = await this.#losses.ask(() => this.#jsm.streams.info(stream));
      if (cluster?.leader === undefined) this.silence.unanswered();
      else this.silence.answered();
    } catch (error) {
      if (!(error instanceof LostConnection)) this.silence.unanswered();
    }
  }

  /** Whether there is no connection at the moment. */
  get isAway(): boolean {
    return this.#losses.isAway;
  }

  /** Whether others store what it stores. */
  get isCluster(): boolean {
    return this.connection.info?.cluster !== undefined;
  }

  /** When its connection was lost last, by `performance.now()`. */
  get lostAt(): number {
    return this.#losses.lostAt;
  }

  /**
   * Asks until there is an answer: one that is lost may be asked in vain, and each time another one of a cluster is asked.
   *
   * @param what the broker is to do
   */
  async surely<T>(what: string, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    for (const attempts = new Attempts(signal, what); ; ) {
      try {
        return await this.#losses.ask(ask);
      } catch (error) {
        if (!(error instanceof LostConnection)) this.silence.unanswered();
        await attempts.next(error);
      }
    }
  }

  /** Whether it was there; `undefined` where the broker does not answer, or can't at the moment. */
  async delete(stream: string, seq: number): Promise<boolean | undefined> {
    // Not a purge by subject: with that, the server of Debian 12 forgets whatever else waits in the stream.
    return this.#jsm.streams
      .deleteMessage(stream, seq, false)
      .catch((error) => (typeof codeOf(error) === 'number' && !isPassing(error) ? false : undefined));
  }

  async times(): Promise<QueueTimes> {
    const { tasks } = this.names;
    const found = this.queue.asking(tasks);
    const [consumer, stream] = await Promise.all([
      this.#jsm.consumers.info(tasks, workersConsumer),
      this.#jsm.streams.info(tasks).catch(() => undefined),
    ]);
    if (stream !== undefined) found(stream);
    const { ack_wait: ackWait = defaultLimits.ackWaitMs * nanos } = consumer.config;
    return {
      ackWaitMs: ackWait / nanos,
      taskTtlMs: stream === undefined ? undefined : (stream.config.max_age || Number.POSITIVE_INFINITY) / nanos,
    };
  }

  newInbox(): string {
    return this.#clients.createInbox(this.#options.connection.inboxPrefix);
  }

  /**
   * Batches that come to an inbox, and requests that are over there: they have expired, or are refused. Then nobody is there to answer, or the broker
   * has as many as it takes.
   */
  receiveWork(
    subject: string,
    on: {
      work(delivery: Delivery): void;
      over(subject: string): void;
      refused(subject: string, isThere: boolean): void;
    },
  ): Subscription {
    return this.connection.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) return;
        // What has a subject of ours is a batch; what has the inbox's is a word of the broker about a request.
        if (message.subject.startsWith('cf.')) on.work(new PulledDelivery(message, this.queue, this.names.tasks));
        else if (message.headers?.code === requestExpired) on.over(message.subject);
        else if (message.headers?.code !== 100) on.refused(message.subject, message.headers?.code !== 503);
      },
    });
  }

  askForWork(reply: string, count: number, expiresMs: number): void {
    if (this.connection.isClosed()) return;
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.names.tasks}.${workersConsumer}`;
    this.connection.publish(subject, JSON.stringify({ batch: count, expires: expiresMs * nanos }), { reply });
  }

  /** Makes the number of waiting tasks, and of those on their way, known. */
  async backlog(): Promise<{ waiting: number; held: number; pulls: number }> {
    const { num_pending, num_ack_pending, num_waiting } = await this.#jsm.consumers.info(
      this.names.tasks,
      workersConsumer,
    );
    return { waiting: num_pending, held: num_ack_pending, pulls: num_waiting };
  }

  /** Everything up to there has been acknowledged, as far as the broker knows. */
  async ackFloor(): Promise<number> {
    const { ack_floor: floor } = await this.#jsm.consumers.info(this.names.tasks, workersConsumer);
    return floor.stream_seq;
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

  /** Once what was said is on its way. */
  async close(): Promise<void> {
    if (this.connection.isClosed()) return;
    this.along.send();
    await this.#answers();
    await this.connection.close();
  }

  /** Whether it has had all that was said, and says so within a moment; while it is away, nothing can be sent. */
  async #answers(): Promise<boolean> {
    const limit = new AbortController();
    const flushed = this.connection.flush().then(
      () => true,
      () => false,
    );
    const over = pause(flushMs, limit.signal).then(
      () => false,
      () => false,
    );
    const answers = await Promise.race([flushed, over]);
    limit.abort();
    return answers;
  }
}
