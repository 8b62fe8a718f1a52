/**
 * What the broker tells of this submitter's batches: each piece once, and in the order in which they were stored.
 *
 *   away ──follow()──► following ──the connection was lost, and is back──► followed anew, from the piece after the last that was heard
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumerMessages } from '@nats-io/jetstream';
import { openBodySurely } from './bodies.js';
import type { Broker } from './broker.js';
import type { BatchNews, News } from './messages.js';
import { Refusal } from './refusal.js';
import type { Seal } from './seal.js';
import { checkNews } from './shapes.js';

export interface NewsFeedOf {
  /** Whose batches. */
  readonly client: string;
  readonly seal: Seal;
  onNews(batchId: string, worker: string, news: readonly News[], seq: number): void;
}

interface StoredNews {
  readonly seq: number;
  readonly subject: string;
  readonly data: Uint8Array;
}

const retryMs = 100;

export class NewsFeed {
  readonly #of: NewsFeedOf;
  #following: ConsumerMessages | undefined;
  #turns = 0;
  #lastSeq = 0;
  #fetching: Promise<void> | undefined;

  constructor(of: NewsFeedOf) {
    this.#of = of;
  }

  /** From the piece after the last that was heard. */
  async follow(broker: Broker, signal: AbortSignal): Promise<void> {
    const { names } = broker;
    this.stop();
    this.#turns += 1;
    const turn = this.#turns;
    const subject = names.resultsOf(this.#of.client, '*');
    const following = await broker.follow(names.results, subject, this.#lastSeq + 1, (piece) =>
      this.#heard(broker, piece, signal),
    );
    // Where the connection was lost meanwhile, it is followed anew already.
    if (turn === this.#turns && !signal.aborted) this.#following = following;
    else following.stop();
  }

  /** Until the broker has said that it will tell: otherwise no outcome would ever be heard. */
  async followAgain(broker: Broker, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !broker.connection.isClosed()) {
      try {
        return await this.follow(broker, signal);
      } catch {
        await sleep(retryMs);
      }
    }
  }

  stop(): void {
    this.#following?.stop();
    this.#following = undefined;
  }

  /** One behind the other, also where one has to be fetched. */
  #heard(broker: Broker, piece: StoredNews, signal: AbortSignal): void {
    const take = (): Promise<void> | undefined => this.#take(broker, piece, signal);
    const taken = this.#fetching === undefined ? take() : this.#fetching.then(take);
    if (taken === undefined) return;
    const fetching: Promise<void> = taken.finally(() => {
      if (this.#fetching === fetching) this.#fetching = undefined;
    });
    this.#fetching = fetching;
  }

  #take(broker: Broker, { seq, subject, data }: StoredNews, signal: AbortSignal): Promise<void> | undefined {
    // Told twice, by whoever told before the connection was lost.
    if (seq <= this.#lastSeq) return undefined;
    this.#lastSeq = seq;
    const batchId = subject.slice(subject.lastIndexOf('.') + 1);
    const tell = (message: BatchNews): void => {
      checkNews(message);
      this.#of.onNews(batchId, message.worker, message.news, seq);
    };
    const fail = (error: unknown): void => {
      // Nobody listens any more.
      if (signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      // Nobody knows who wrote it. A worker that has another key says so in this way, and nothing better will come.
      const why = `the news of it can't be trusted: ${error.message}`;
      this.#of.onNews(batchId, '', [['refused', error.reason, why]], seq);
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
