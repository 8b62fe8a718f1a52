/**
 * Values that are too large for a message, in the broker's object store, under names that anybody who reads the message has.
 *
 *   put ──the connection is lost amid its parts──► put again          get ──lost──► (breaks off: whoever wants it asks again)
 */

import type { ObjectStore } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { Attempts } from './attempts.js';
import { apiErrors, codeOf } from './broker-errors.js';
import type { Clients } from './clients.js';
import type { Losses } from './losses.js';
import { type BrokerLimits, nanos } from './make-queue.js';
import type { Names } from './names.js';
import { notThere, readObject } from './read-object.js';
import { Refusal } from './refusal.js';

export interface ObjectsOf {
  readonly names: Names;
  readonly limits: BrokerLimits;
  readonly managesStreams: boolean;
}

/** How long one attempt to reach the broker may take. */
const requestMs = 2000;
/** How often a store is made anew, or looked for, for one object. */
const remadeMax = 3;
const away = 'the broker did not answer while an object was read';

/** The client has no code for this. */
function named(error: Error): never {
  if (!/object store not found/i.test(error.message)) throw error;
  const message =
    'the queue has no object store, in which large values are, and it may not be made here (prepareQueue)';
  throw Object.assign(new Error(message, { cause: error }), { code: apiErrors.noStream });
}

export class Objects {
  readonly #clients: Clients;
  readonly #connection: NatsConnection;
  readonly #losses: Losses;
  readonly #of: ObjectsOf;
  /** Whether the broker answers within a moment. */
  readonly #answers: () => Promise<boolean>;
  #store: Promise<ObjectStore> | undefined;

  constructor(
    clients: Clients,
    connection: NatsConnection,
    losses: Losses,
    of: ObjectsOf,
    answers: () => Promise<boolean>,
  ) {
    this.#clients = clients;
    this.#connection = connection;
    this.#losses = losses;
    this.#of = of;
    this.#answers = answers;
  }

  /** Makes, or finds, the store; otherwise that is done when it is needed first. */
  async open(): Promise<ObjectStore> {
    const { names, limits, managesStreams } = this.#of;
    const stores = new this.#clients.Objm(this.#connection);
    this.#store ??= managesStreams
      ? stores.create(names.blobs, { replicas: limits.replicas, ttl: limits.taskTtlMs * nanos })
      : stores.open(names.blobs).catch(named);
    this.#store.catch(() => {
      this.#store = undefined;
    });
    return this.#store;
  }

  /** Stores an object, and tries until it is stored: a connection that is lost amid its parts is no reason to fail a task. */
  async put(name: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    for (const attempts = new Attempts(signal); ; ) {
      try {
        const store = await this.open();
        await this.#losses.ask(() => store.putBlob({ name }, bytes));
        return;
      } catch (error) {
        if (this.#forgetIfGone(error) && attempts.made < remadeMax) await attempts.again();
        else await attempts.next(error);
      }
    }
  }

  /**
   * Throws a refusal for an object that is not there, or is larger than that; another error where the connection is lost meanwhile, since the client
   * would wait a minute for what was lost of it.
   */
  async get(name: string, bytesMax: number): Promise<Uint8Array> {
    try {
      return await this.#losses.ask(async () => readObject(await this.open(), name, bytesMax, this.#losses.signal));
    } catch (error) {
      // A broker that says nothing at all is no proof that the object is damaged.
      if (error instanceof Refusal && !(await this.#answers())) throw new Error(away, { cause: error });
      if (this.#forgetIfGone(error)) throw notThere();
      throw error;
    }
  }

  /** Gives whether there is no store any more; then the next one that needs it makes it anew, or finds that another has. */
  #forgetIfGone(error: unknown): boolean {
    const isGone = codeOf(error) === apiErrors.noStream;
    if (isGone) this.#store = undefined;
    return isGone;
  }

  /**
   * The sequence numbers of all that the broker has of an object, to be deleted one by one: purged by subject, as the client does it, the server of
   * Debian 12 would skip pieces of other objects that are being read.
   */
  async pieces(name: string): Promise<number[]> {
    const store = await this.open();
    const info = await store.info(name);
    if (info === null) return [];
    const seqs = [info.revision];
    if (info.chunks === 0) return seqs;
    const { blobs, blobStream } = this.#of.names;
    const filter = `$O.${blobs}.C.${info.nuid}`;
    const js = this.#clients.jetstream(this.#connection, { timeout: requestMs });
    const parts = await js.consumers.getPushConsumer(blobStream, { filter_subjects: filter, headers_only: true });
    const messages = await parts.consume();
    // Parts of which none is there any more are not told of.
    const limit = setTimeout(() => messages.stop(), requestMs);
    for await (const { seq, info: of } of messages) {
      seqs.push(seq);
      if (of.pending === 0) break;
    }
    clearTimeout(limit);
    return seqs;
  }
}
