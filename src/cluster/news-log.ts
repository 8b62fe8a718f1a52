/**
 * What a worker tells of one batch, stored piece by piece, each piece after the one before.
 *
 *   add ──► unsent ──a moment, or at once when it is the last──► storing ──stored──► (whoever waits for `written`)
 *                                                                   └──another was first──► read on: what it has told is dropped here ──► storing
 *
 * Two workers may have the same batch for a while: one that was too slow, or cut off, and the one that was given it then. Each writes only behind
 * what it has read, so neither stores a second outcome of a task.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { TaskRefusedError } from '../errors.js';
import { encodeError } from '../protocol/errors.js';
import { notSerializable } from '../protocol/values.js';
import { bodyOf, openBody } from './bodies.js';
import type { Broker } from './broker.js';
import { WrongPlace } from './broker-errors.js';
import { copyByWire } from './codec.js';
import { type BatchNames, type BatchNews, clusterVersion, encodeNews, type News } from './messages.js';
import { oversized } from './read-object.js';
import { Refusal } from './refusal.js';
import type { Seal } from './seal.js';
import { checkNews } from './shapes.js';

/** Outcomes of tiny tasks come many in a moment, and go together. */
const gatherMs = 4;
/** A replica that is asked may not have yet what another has stored. */
const staleMs = 50;

export interface NewsLogOf {
  readonly broker: Broker;
  readonly seal: Seal;
  readonly subject: string;
  /** Who tells it. */
  readonly worker: string;
  readonly signal: AbortSignal;
  /** The names of the batch's tasks. */
  names?: readonly BatchNames[];
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
    const { broker, subject } = this.#of;
    const known = this.#lastSeq;
    // What was there may be gone: it is kept for a while only, and a submitter deletes what it has heard.
    this.#lastSeq = 0;
    for await (const { seq, data } of broker.reader.stored(broker.names.results, subject)) {
      this.#lastSeq = seq;
      if (seq <= known) continue;
      for (const item of await this.#trusted(data)) {
        for (const index of settledBy(item)) this.#settled.add(index);
      }
    }
  }

  /** The batch could be read: these are its tasks. */
  set names(names: readonly BatchNames[]) {
    this.#of.names = names;
  }

  /** What somebody wrote there who is not trusted counts for nothing. */
  async #trusted(data: Uint8Array): Promise<readonly News[]> {
    const { broker, seal, subject } = this.#of;
    try {
      const message = await openBody<BatchNews>(broker, seal, subject, data);
      checkNews(message);
      return message.news;
    } catch (error) {
      if (error instanceof Refusal) return [];
      throw error;
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
    this.#storeSoon();
  }

  #storeSoon(): void {
    // What can't be stored stays unsent, and whoever waits for `written` is told.
    this.#timer ??= setTimeout(() => void this.#store().catch(() => {}), gatherMs);
  }

  /** Stores what there is; resolves once it is stored. */
  async written(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#unsent.length > 0 || this.#storing !== undefined) await this.#store();
  }

  #store(): Promise<void> {
    this.#timer = undefined;
    if (this.#storing === undefined) {
      const news = this.#unsent;
      this.#unsent = [];
      this.#storing = this.#storeNow(news).then(
        () => {
          this.#storing = undefined;
          if (this.#unsent.length > 0) this.#storeSoon();
        },
        (error) => {
          this.#storing = undefined;
          this.#unsent = [...news, ...this.#unsent];
          throw error;
        },
      );
    }
    return this.#storing;
  }

  async #storeNow(told: readonly News[]): Promise<void> {
    const { broker, seal, subject, worker, signal } = this.#of;
    // Some of it may have been stored before the rest could not be.
    let news = told.flatMap((item) => this.#withoutSettled(item));
    while (news.length > 0) {
      const tasks = this.#lastSeq === 0 && this.#of.names !== undefined ? { tasks: this.#of.names } : {};
      const body = encoded({ version: clusterVersion, worker, ...tasks, news });
      if (body.length > broker.messageBytesMax) {
        const parts = inParts(news, body.length, broker.messageBytesMax);
        for (const part of parts) await this.#storeNow([part]);
        return;
      }
      try {
        this.#lastSeq = await broker.store(subject, await bodyOf(broker, seal, subject, body, signal), {
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
        if (this.#lastSeq === before) await sleep(staleMs, undefined, { signal });
        news = news.flatMap((item) => this.#withoutSettled(item));
      }
    }
  }

  #withoutSettled(item: News): News[] {
    if (item[0] === 'refused') return [item];
    if (item[0] !== 'done') return this.#settled.has(item[1]) ? [] : [item];
    const [, first, values, ms] = item;
    // As they are, where all are news: outcomes of tiny tasks are many in one.
    if (!values.some((_, i) => this.#settled.has(first + i))) return [item];
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

/** What is too large together goes one by one; what is too large alone fails its task. */
function inParts(news: readonly News[], bytes: number, bytesMax: number): News[] {
  const parts = news.flatMap((item): News[] =>
    item[0] === 'done' ? item[2].map((value, i) => ['done', item[1] + i, [value], [item[3][i] ?? 0]]) : [item],
  );
  if (parts.length > 1) return parts;
  return parts.flatMap((item): News[] => {
    if (item[0] !== 'done' && item[0] !== 'failed') return [];
    const ms = item[0] === 'done' ? (item[3][0] ?? 0) : item[3];
    const { reason, message } = oversized(bytes, bytesMax);
    const error = new TaskRefusedError(`what the task gave can't be sent: ${message}`, reason);
    return [['failed', item[1], encodeError(error, copyByWire), ms]];
  });
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
