/**
 * What the broker tells of this submitter's batches: each piece once, and in the order in which they were stored, whoever tells it when
 * (follower.ts).
 *
 *   told ──heard before──► dropped
 *     └──news──► fetched, where it is an object ──► opened ──► onNews
 */

import { objectOf, openBodySurely } from './bodies.js';
import type { Broker } from './broker.js';
import { Follower } from './follower.js';
import type { BatchNews, News } from './messages.js';
import type { Census, StoredMessage } from './reader.js';
import { Refusal } from './refusal.js';
import type { Seal } from './seal.js';
import { checkNews } from './shapes.js';

/** Where a piece is. */
export interface StoredNews {
  readonly seq: number;
  /** The object in which its body is, where that is too large for a message. */
  readonly object: string | undefined;
}

export interface NewsFeedOf {
  /** Whose batches. */
  readonly client: string;
  readonly seal: Seal;
  onNews(batchId: string, worker: string, news: readonly News[], stored: StoredNews): void;
  /** A piece of so many bytes has come, and is no use at the broker once it is taken. */
  onBytes(bytes: number): void;
}

export class NewsFeed {
  readonly #of: NewsFeedOf;
  #follower: Follower | undefined;
  #lastSeq = 0;
  /** Which stream the last piece is of. */
  #stream: string | undefined;
  #fetching: Promise<void> | undefined;

  constructor(of: NewsFeedOf) {
    this.#of = of;
  }

  /** The last piece that has come. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Whether a piece has come, and is not taken yet. */
  get isFetching(): boolean {
    return this.#fetching !== undefined;
  }

  /** From the piece after the last that was heard. Rejects where the broker does not say that it will tell. */
  async follow(broker: Broker, signal: AbortSignal): Promise<void> {
    this.stop();
    const { names } = broker;
    this.#follower = new Follower({
      broker,
      stream: names.results,
      subject: names.resultsOf(this.#of.client, '*'),
      lastSeq: () => this.#lastSeq,
      onStream: (census) => this.#isOf(census),
      onMessage: (piece) => this.#heard(broker, piece, signal),
    });
    await this.#follower.start();
  }

  /** The connection is another one. */
  anew(): void {
    this.#follower?.anew();
  }

  /** Something that is there was not told: all is heard once more. */
  fromStart(): void {
    this.#lastSeq = 0;
    this.#follower?.anew();
  }

  stop(): void {
    this.#follower?.stop();
    this.#follower = undefined;
  }

  /** Of another stream than before, or one that has lost some of what was heard, everything is news. */
  #isOf({ identity, lastSeq }: Census): void {
    if (identity !== (this.#stream ?? identity) || lastSeq < this.#lastSeq) this.#lastSeq = 0;
    this.#stream = identity;
  }

  /** One behind the other, also where one has to be fetched. */
  #heard(broker: Broker, piece: StoredMessage, signal: AbortSignal): void {
    const take = (): Promise<void> | undefined => this.#take(broker, piece, signal);
    const taken = this.#fetching === undefined ? take() : this.#fetching.then(take);
    if (taken === undefined) return;
    const fetching: Promise<void> = taken.finally(() => {
      if (this.#fetching === fetching) this.#fetching = undefined;
    });
    this.#fetching = fetching;
  }

  #take(broker: Broker, { seq, subject, data }: StoredMessage, signal: AbortSignal): Promise<void> | undefined {
    // Told twice, by whoever told before the connection was lost.
    if (seq <= this.#lastSeq) return undefined;
    this.#lastSeq = seq;
    this.#of.onBytes(data.length);
    const batchId = subject.slice(subject.lastIndexOf('.') + 1);
    const stored = { seq, object: objectOf(data) };
    const tell = (message: BatchNews): void => {
      checkNews(message);
      this.#of.onNews(batchId, message.worker, message.news, stored);
    };
    const fail = (error: unknown): void => {
      // Nobody listens any more.
      if (signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      // Nobody knows who wrote it. A worker that has another key says so in this way, and nothing better will come.
      const why = `the news of it can't be trusted: ${error.message}`;
      this.#of.onNews(batchId, '', [['refused', error.reason, why]], stored);
    };
    try {
      const message = openBodySurely<BatchNews>(broker, this.#of.seal, subject, data, signal);
      if (message instanceof Promise) return message.then(tell).catch(fail);
      tell(message);
    } catch (error) {
      fail(error);
    }
    return undefined;
  }
}
