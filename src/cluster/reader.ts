/** Reading what a broker has stored. */

import type { Consumer, DirectMsgRequest, JetStreamClient, JetStreamManager, MsgRequest } from '@nats-io/jetstream';
import { apiErrors, BrokerError, codeOf, explained, noMessage } from './broker-errors.js';
import type { Clients } from './clients.js';
import { hedged } from './hedged.js';
import { nanos } from './make-queue.js';
import type { Names } from './names.js';
import type { StoredQueue } from './stored-queue.js';

export interface StoredMessage {
  readonly seq: number;
  readonly subject: string;
  readonly data: Uint8Array;
}

export interface Following {
  stop(): void;
}

export interface WaitingBatch {
  readonly seq: number;
  readonly subject: string;
  readonly data: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly storedAt: number;
  readonly messageId: string;
}

/** What a stream is, and what it has of some subjects. */
export interface Census {
  /** Which one it is: numbers of another one mean nothing. */
  readonly identity: string;
  /** How long it keeps a message. */
  readonly maxAgeMs: number;
  /** The number of the last message that was ever stored. */
  readonly lastSeq: number;
  /** How many messages there are, by subject. */
  readonly counts: ReadonlyMap<string, number>;
}

/** What is read at a time of what is stored. */
const storedMax = 1000;
/** How long one of several brokers is waited for before the next is asked, too. */
const hedgesMs = [250, 500];
/** How often the broker gives a sign of life while there is nothing to tell. */
const heartbeatMs = 2000;
/** How long the broker keeps up telling after nobody listens any more. */
const unheardMs = 10_000;

export interface ReaderOf {
  readonly requestMs: number;
  /** Whether several brokers may have what is read. */
  isCluster(): boolean;
  readonly queue: StoredQueue;
}

export class Reader {
  readonly #clients: Clients;
  readonly #js: JetStreamClient;
  readonly #jsm: JetStreamManager;
  readonly #names: Names;
  readonly #of: ReaderOf;

  constructor(clients: Clients, js: JetStreamClient, jsm: JetStreamManager, names: Names, of: ReaderOf) {
    this.#clients = clients;
    this.#js = js;
    this.#jsm = jsm;
    this.#names = names;
    this.#of = of;
  }

  /** The batches of one submitter that wait or are run, oldest first. They are read one by one: that can be allowed without those of others. */
  async ownWaiting(subject: string): Promise<StoredMessage[]> {
    const { tasks } = this.#names;
    const { config, state } = await this.#jsm.streams.info(tasks, { subjects_filter: subject });
    const found: StoredMessage[] = [];
    if (config.allow_direct) {
      for (const each of Object.keys(state.subjects ?? {})) {
        const message = await this.#direct(tasks, { last_by_subj: each });
        if (message !== undefined) found.push(message);
        // It may have been acknowledged just now; but a replica that is behind must not make it look so.
        else if (await this.#has(tasks, each)) throw behind(tasks);
      }
      return found.sort((one, other) => one.seq - other.seq);
    }
    try {
      for await (const message of this.waiting(subject)) found.push(message);
      return found;
    } catch (cause) {
      const why = 'its stream was made by an earlier version, and does not let a submitter read its own tasks only';
      throw new Error(`${explained(cause)}: ${why}: let its administrator run prepareQueue again`, { cause });
    }
  }

  /** Whether it has a message of that subject, as the one says that leads. */
  async #has(stream: string, subject: string): Promise<boolean> {
    const { state } = await this.#jsm.streams.info(stream, { subjects_filter: subject });
    return Object.keys(state.subjects ?? {}).length > 0;
  }

  /**
   * What is stored of some subjects so far, in order: by consumers, which can be allowed for these subjects alone. What is gone by the time that it
   * would be told is not told, and not waited for; what is lost on its way is told again.
   */
  async *storedSoFar(stream: string, subject: string): AsyncGenerator<StoredMessage, void> {
    for (let seq = 0; ; ) {
      const consumer = await this.#consumer(stream, subject, seq + 1);
      const { num_pending: pending } = await consumer.info(true);
      if (pending === 0) return;
      const wanted = { max_messages: Math.min(pending, storedMax), expires: this.#of.requestMs };
      let told = 0;
      try {
        for await (const message of await consumer.fetch(wanted)) {
          told += 1;
          if (message.info.deliverySequence !== told) break;
          seq = message.seq;
          yield message;
        }
      } catch (error) {
        // A broker that was killed has forgotten whom it was telling.
        if (codeOf(error) !== apiErrors.noConsumer) throw error;
      }
    }
  }

  /** Throws where something is stored of some subjects of which nothing was told: by one that has not got it yet. */
  async checkToldAll(stream: string, subject: string, told: ReadonlySet<string>): Promise<void> {
    const { state } = await this.#jsm.streams.info(stream, { subjects_filter: subject });
    if (Object.keys(state.subjects ?? {}).some((each) => !told.has(each))) throw behind(stream);
  }

  /** As the one says that leads the stream; throws where nobody does. */
  async census(stream: string, subject?: string): Promise<Census> {
    const found = this.#of.queue.asking(stream);
    const info = await this.#jsm.streams.info(stream, subject === undefined ? {} : { subjects_filter: subject });
    const { config, state, cluster } = info;
    if (this.#of.isCluster() && cluster?.leader === undefined) throw undecided(stream);
    return {
      identity: found(info),
      maxAgeMs: config.max_age === 0 ? Number.POSITIVE_INFINITY : config.max_age / nanos,
      lastSeq: state.last_seq,
      counts: new Map(Object.entries(state.subjects ?? {})),
    };
  }

  /** What tells what is stored of some subjects from `seq` on; the broker forgets it by itself. */
  #consumer(stream: string, subject: string, seq: number): Promise<Consumer> {
    const from = seq <= 1 ? {} : { deliver_policy: this.#clients.DeliverPolicy.StartSequence, opt_start_seq: seq };
    return this.#js.consumers.get(stream, { filter_subjects: subject, inactive_threshold: unheardMs, ...from });
  }

  /** The message of that number, where it is still there. */
  async messageAt(stream: string, seq: number): Promise<StoredMessage | undefined> {
    return (await this.#jsm.streams.getMessage(stream, { seq }).catch(noMessage)) ?? undefined;
  }

  /** The first message of some subjects from `seq` on. */
  async nextOf(stream: string, subject: string, seq: number): Promise<StoredMessage | undefined> {
    return this.#direct(stream, { next_by_subj: subject, seq });
  }

  async lastOf(stream: string, subject: string): Promise<StoredMessage | undefined> {
    return this.#direct(stream, { last_by_subj: subject });
  }

  /** Asks one of those that have the stream, by chance. One that was cut off never answers: another one is asked while it is waited for. */
  async #direct(stream: string, query: DirectMsgRequest): Promise<StoredMessage | undefined> {
    const ask = () => this.#jsm.direct.getMessage(stream, query).catch(noMessage);
    return (await (this.#of.isCluster() ? hedged(ask, hedgesMs) : ask())) ?? undefined;
  }

  /** What is stored of some subjects so far, in order. */
  async *stored(stream: string, subject: string): AsyncGenerator<StoredMessage, void> {
    for (let seq = 1; ; ) {
      const message = await this.nextOf(stream, subject, seq);
      if (message === undefined) return;
      yield message;
      seq = message.seq + 1;
    }
  }

  /** The batches of a work queue up to there, which can't be read directly. */
  async *waiting(subject: string, lastSeq = Number.POSITIVE_INFINITY): AsyncGenerator<WaitingBatch, void> {
    for (let seq = 1; ; ) {
      const query = { next_by_subj: subject, seq } as unknown as MsgRequest;
      const message = await this.#jsm.streams.getMessage(this.#names.tasks, query).catch(noMessage);
      if (message === null || message === undefined || message.seq > lastSeq) return;
      const messageId = message.header?.get('Nats-Msg-Id') ?? '';
      yield {
        seq: message.seq,
        subject: message.subject,
        data: message.data,
        storedAt: message.time.getTime(),
        messageId,
      };
      seq = message.seq + 1;
    }
  }

  /** Every message of some subjects, in order, from `seq` on, as long as the one broker lives that tells them: see follower.ts. */
  async follow(
    stream: string,
    subject: string,
    seq: number,
    on: { message(message: StoredMessage): void; alive(): void },
  ): Promise<Following> {
    const consumer = await this.#consumer(stream, subject, seq);
    const callback = on.message;
    const messages = await consumer.consume({ callback, max_messages: 1000, idle_heartbeat: heartbeatMs });
    void (async () => {
      for await (const { type } of messages.status()) if (type === 'heartbeat') on.alive();
    })();
    return messages;
  }
}

function undecided(stream: string): BrokerError {
  return new BrokerError(`nobody leads stream ${stream} at the moment`, true, undefined);
}

/** It will have that in a moment. */
function behind(stream: string): BrokerError {
  return new BrokerError(`a broker has not got yet what others have of stream ${stream}`, true, undefined);
}
