/**
 * What a worker tells of one batch, stored piece by piece, each piece after the one before.
 *
 *   add ──► unsent ──a moment, or at once when it is the last──► storing ──stored──► (whoever waits for `written`)
 *                                                                   └──another was first──► read on: what it has told is dropped here ──► storing
 *
 * Two workers may have the same batch for a while: one that was too slow, or cut off, and the one that was given it then. Each writes only behind
 * what it has read, so neither stores a second outcome of a task.
 */

import { encodeError } from '../protocol/errors.js';
import { notSerializable } from '../protocol/values.js';
import { bodyOf, openBody } from './bodies.js';
import { type Broker, WrongPlace } from './broker.js';
import { copyByWire } from './codec.js';
import { type BatchNews, clusterVersion, encodeNews, type News } from './messages.js';
import type { Seal } from './seal.js';

/** Outcomes of tiny tasks come many in a moment, and go together. */
const gatherMs = 4;

export interface NewsLogOf {
  readonly broker: Broker;
  readonly seal: Seal;
  readonly subject: string;
  /** Who tells it. */
  readonly worker: string;
  readonly signal: AbortSignal;
  /** A task has an outcome that somebody else has stored. */
  onElsewhere(index: number): void;
}

export class NewsLog {
  readonly #of: NewsLogOf;
  #lastSeq = 0;
  #unsent: News[] = [];
  readonly #settled = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #storing: Promise<void> | undefined;

  constructor(of: NewsLogOf) {
    this.#of = of;
  }

  /** Reads what is stored; afterwards it is known which tasks have their outcome. */
  async read(): Promise<void> {
    const { broker, seal, subject } = this.#of;
    for await (const { seq, data } of broker.stored(broker.names.results, subject)) {
      if (seq <= this.#lastSeq) continue;
      this.#lastSeq = seq;
      for (const item of (await openBody<BatchNews>(broker, seal, subject, data)).news) {
        for (const index of settledBy(item)) {
          if (this.#settled.has(index)) continue;
          this.#settled.add(index);
          this.#of.onElsewhere(index);
        }
      }
    }
  }

  isSettled(index: number): boolean {
    return this.#settled.has(index);
  }

  add(item: News): void {
    const last = this.#unsent.at(-1);
    if (item[0] === 'done' && last?.[0] === 'done' && last[1] + last[2].length === item[1]) {
      (last[2] as unknown[]).push(...item[2]);
      (last[3] as number[]).push(...item[3]);
    } else this.#unsent.push(item);
    this.#timer ??= setTimeout(() => void this.#store(), gatherMs);
  }

  /** Stores what there is; resolves once it is stored. */
  async written(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#unsent.length > 0 || this.#storing !== undefined) await this.#store();
  }

  #store(): Promise<void> {
    this.#timer = undefined;
    this.#storing ??= this.#storeNow().finally(() => {
      this.#storing = undefined;
      if (this.#unsent.length > 0) this.#timer ??= setTimeout(() => void this.#store(), gatherMs);
    });
    return this.#storing;
  }

  async #storeNow(): Promise<void> {
    const { broker, seal, subject, worker, signal } = this.#of;
    let news = this.#unsent;
    this.#unsent = [];
    while (news.length > 0) {
      const body = encoded({ version: clusterVersion, worker, news });
      try {
        this.#lastSeq = await broker.store(subject, await bodyOf(broker, seal, subject, body), {
          lastSeq: this.#lastSeq,
          signal,
        });
        for (const item of news) for (const index of settledBy(item)) this.#settled.add(index);
        return;
      } catch (error) {
        if (!(error instanceof WrongPlace)) throw error;
        const before = this.#lastSeq;
        await this.read();
        // Stored, and the answer was lost: it is our own that we have read.
        if (this.#lastSeq === before) continue;
        news = news.flatMap((item) => this.#withoutSettled(item));
      }
    }
  }

  #withoutSettled(item: News): News[] {
    if (item[0] === 'refused') return [item];
    if (item[0] !== 'done') return this.#settled.has(item[1]) ? [] : [item];
    const [, first, values, ms] = item;
    return values.flatMap((value, i): News[] =>
      this.#settled.has(first + i) ? [] : [['done', first + i, [value], [ms[i] ?? 0]]],
    );
  }
}

/** The tasks that have their outcome with this. */
function settledBy(item: News): number[] {
  switch (item[0]) {
    case 'done':
      return item[2].map((_, i) => item[1] + i);
    case 'failed':
    case 'cancelled':
      return [item[1]];
    default:
      return [];
  }
}

/** A value that a thread can give its own process, and bytes can't hold, fails its task. */
function encoded(news: BatchNews): Buffer {
  try {
    return encodeNews(news);
  } catch {
    return encodeNews({ ...news, news: news.news.flatMap(portable) });
  }
}

function portable(item: News): News[] {
  if (item[0] !== 'done') return [item];
  const [, first, values, ms] = item;
  return values.map((value, i): News => {
    try {
      copyByWire(value);
      return ['done', first + i, [value], [ms[i] ?? 0]];
    } catch (cause) {
      return [
        'failed',
        first + i,
        encodeError(notSerializable(value, 'result', cause, copyByWire), copyByWire),
        ms[i] ?? 0,
      ];
    }
  });
}
