/**
 * What a worker tells of one batch, stored piece by piece, each piece after the one before.
 *
 *   add ──► unsent ──a moment, or at once when it is the last──► storing ──stored──► (whoever waits for `written`)
 *              in doubt, and nothing is there ──► claimed ──the batch is──► storing      ├──another was first──► read on: what it has told is
 *                                                    └──it is not──► forgotten          │                       dropped here ──► storing
 *                                                                        ▲              └──all is gone──► in doubt
 *                                                          (tells nothing any more)
 *
 * Two workers may have the same batch for a while: one that was too slow, or cut off, and the one that was given it then. Each writes only behind
 * what it has read, so neither stores a second outcome of a task.
 *
 * Where nothing is there to be behind, either nothing was told, or all of it was, and its submitter has heard and deleted it. Submitters delete
 * the batch first, and then what was told of it. So a worker that is not sure to be the only one stores an empty piece, and looks for the batch
 * then: if that is still there, nothing had been deleted; and from now on, whatever is deleted takes the piece along, which is noticed.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { TaskLostError, TaskRefusedError } from '../errors.js';
import { encodeError } from '../protocol/errors.js';
import { notSerializable } from '../protocol/values.js';
import { bodyOf, openBody } from './bodies.js';
import type { Broker } from './broker.js';
import { WrongPlace } from './broker-errors.js';
import { copyByWire } from './codec.js';
import type { Delivery } from './delivery.js';
import type { QueueTimes } from './make-queue.js';
import { type BatchNames, type BatchNews, clusterVersion, encodeNews, type News } from './messages.js';
import { oversized } from './read-object.js';
import type { StoredMessage } from './reader.js';
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
  /** How the batch was given. */
  readonly given: Given;
  /** The names of the batch's tasks. */
  names?: readonly BatchNames[];
}

interface Given extends Pick<Delivery, 'streamSeq' | 'storedAt' | 'count'> {
  readonly times: QueueTimes;
}

export class NewsLog {
  readonly #of: NewsLogOf;
  #lastSeq = 0;
  #unsent: News[] = [];
  readonly #settled = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #storing: Promise<void> | undefined;
  /** Whether nothing that is there, as far as is known, tells anything. */
  #isBare = true;
  /** Whether something was there, or may have been, that is there no more. */
  #isUnsure = false;
  /** Since when, by `performance.now()`. */
  readonly #heldSince = performance.now();
  #state: 'open' | 'claimed' | 'forgotten' = 'open';

  constructor(of: NewsLogOf) {
    this.#of = of;
  }

  /** Reads what is stored; afterwards it is known which tasks have their outcome. */
  async read(): Promise<void> {
    const known = this.#lastSeq;
    // What was there may be gone: it is kept for a while only, and a submitter deletes what it has heard.
    this.#lastSeq = 0;
    for (let piece = await this.#pieceFrom(1); piece !== undefined; piece = await this.#pieceFrom(piece.seq + 1)) {
      if (piece.seq > known) {
        for (const item of await this.#trusted(piece.data)) {
          this.#isBare = false;
          for (const index of settledBy(item)) this.#settled.add(index);
        }
      }
      this.#lastSeq = piece.seq;
    }
    if (this.#lastSeq > 0 || known === 0) return;
    this.#isUnsure = true;
    this.#isBare = true;
    this.#state = 'open';
  }

  #pieceFrom(seq: number): Promise<StoredMessage | undefined> {
    const { broker, subject, signal } = this.#of;
    const what = 'say what it has of a batch';
    return broker.surely(what, signal, () => broker.reader.nextOf(broker.names.results, subject, seq));
  }

  /** Makes sure, where that is in doubt, that the batch was not done by another; `false` where it was, and its submitter has forgotten it. */
  async isWanted(): Promise<boolean> {
    while (this.#isInDoubt) await this.#claim();
    return this.#state !== 'forgotten';
  }

  /** Whether another may have had the batch, and all that it told may be gone. */
  get #isInDoubt(): boolean {
    if (!this.#isBare || this.#state !== 'open') return false;
    const { broker, given } = this.#of;
    const heldMs = performance.now() - this.#heldSince;
    // By two clocks: that of the broker may be another one.
    const isOld = Math.max(heldMs, Date.now() - given.storedAt) > given.times.ackWaitMs / 2;
    return given.count > 1 || isOld || this.#isUnsure || broker.lostAt > this.#heldSince;
  }

  async #claim(): Promise<void> {
    const { broker, given, signal } = this.#of;
    if (this.#lastSeq === 0 && !(await this.#append([], this.#encoded([])))) return;
    const { storedAt, streamSeq, times } = given;
    // Whether it has expired can't be told.
    const mayBeExpired = times.taskTtlMs === undefined || Date.now() - storedAt > times.taskTtlMs / 2;
    const { tasks } = broker.names;
    const what = 'say whether it has a batch still';
    const isThere =
      mayBeExpired ||
      (await broker.surely(what, signal, () => broker.reader.messageAt(tasks, streamSeq))) !== undefined;
    this.#state = isThere ? 'claimed' : 'forgotten';
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

  /** @param isLast whether `written` is called now */
  add(item: News, isLast = false): void {
    if (this.#state === 'forgotten') return;
    const last = this.#unsent.at(-1);
    if (item[0] === 'done' && last?.[0] === 'done' && last[1] + last[2].length === item[1]) {
      (last[2] as unknown[]).push(...item[2]);
      (last[3] as number[]).push(...item[3]);
    } else this.#unsent.push(item);
    if (!isLast) this.#storeSoon();
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
    const { messageBytesMax } = this.#of.broker;
    for (;;) {
      if (this.#isInDoubt) await this.isWanted();
      if (this.#state === 'forgotten') return;
      // Some of it may have been stored before the rest could not be, or by another.
      const news = this.#settled.size === 0 ? told : told.flatMap((item) => this.#withoutSettled(item));
      if (news.length === 0) return;
      const body = this.#encoded(news);
      if (body.length > messageBytesMax) {
        const { reason, message } = oversized(body.length, messageBytesMax);
        const error = new TaskRefusedError(`what the task gave can't be sent: ${message}`, reason);
        for (const part of inParts(news, error)) await this.#storeNow([part]);
        return;
      }
      try {
        if (await this.#append(news, body)) return;
      } catch (error) {
        if (!(error instanceof Unstorable) || this.#of.signal.aborted) throw error;
        const why = `the task is lost: it has run, and what it gave can't be stored: ${error.message}`;
        for (const part of inParts(news, new TaskLostError(why))) await this.#storeNow([part]);
        return;
      }
    }
  }

  #encoded(news: readonly News[]): Buffer {
    const { worker, names } = this.#of;
    const tasks = this.#isBare && names !== undefined && news.length > 0 ? { tasks: names } : {};
    return encoded({ version: clusterVersion, worker, ...tasks, news });
  }

  /** Stores a piece; `false` where it was not, or that is not known: another was first, and has been read, or the broker did not say. */
  async #append(news: readonly News[], body: Buffer): Promise<boolean> {
    const { broker, subject, signal } = this.#of;
    const lastSeq = this.#lastSeq;
    // A second attempt would not notice that the first was stored, heard and deleted.
    const once = lastSeq === 0 && news.length > 0;
    try {
      const sealed = this.#sealed(body);
      const { seq } = await broker.store(subject, sealed instanceof Promise ? await sealed : sealed, {
        lastSeq,
        once,
        signal,
      });
      this.#lastSeq = seq;
    } catch (error) {
      if (!(error instanceof WrongPlace)) {
        if (!once || error instanceof Unstorable) throw error;
        this.#isUnsure = true;
        return false;
      }
      await this.read();
      // A replica that is asked may not have it yet.
      if (this.#lastSeq === lastSeq) await sleep(staleMs, undefined, { signal });
      return false;
    }
    if (news.length > 0) this.#isBare = false;
    for (const item of news) for (const index of settledBy(item)) this.#settled.add(index);
    return true;
  }

  #sealed(body: Buffer): Buffer | Promise<Buffer> {
    const { broker, seal, subject, signal } = this.#of;
    const unstorable = (cause: unknown): never => {
      throw new Unstorable((cause as Error).message, { cause });
    };
    try {
      const sealed = bodyOf(broker, seal, subject, body, signal);
      return sealed instanceof Promise ? sealed.catch(unstorable) : sealed;
    } catch (cause) {
      return unstorable(cause);
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

/** It is too large for a message, and there is nowhere to store it. */
class Unstorable extends Error {}

/** What can't be stored together goes one by one; what can't be stored alone fails its task. */
function inParts(news: readonly News[], error: Error): News[] {
  const parts = news.flatMap((item): News[] =>
    item[0] === 'done' ? item[2].map((value, i) => ['done', item[1] + i, [value], [item[3][i] ?? 0]]) : [item],
  );
  if (parts.length > 1) return parts;
  return parts.flatMap((item): News[] => {
    if (item[0] !== 'done' && item[0] !== 'failed') return [];
    const ms = item[0] === 'done' ? (item[3][0] ?? 0) : item[3];
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
