/**
 * The submitting side's way to the broker: there when there is work, and given up when there has been none for a moment, since an open
 * connection would keep the program alive.
 *
 *   away ──open()──► opening ──connected──► open ──rest(), nothing for a moment──► leaving ──tidied up──► away ──close()──► closed
 *                                            ▲                                        │
 *                                            └───────────────send()───────────────────┘
 *     ▲                 ├──rest(), nothing for a moment; close()──► away
 *     └─────────────────┴──not within startupTimeout──► (onBroken)
 *
 * News are followed from the one after the last that was heard, so that nothing is missed while away.
 */

import type { WorkerStats } from '../pool/stats.js';
import { Audit } from './audit.js';
import type { Batch } from './batch.js';
import { Broker, type BrokerOptions } from './broker.js';
import { Cancelling } from './cancelling.js';
import { type EarlierBatch, earlierBatches } from './earlier.js';
import { Litter } from './litter.js';
import type { CancelMessage, News } from './messages.js';
import { NewsFeed, type StoredNews } from './news-feed.js';
import { sharedAbort, unlessAborted, within } from './pause.js';
import { Workers } from './presence.js';
import { reach } from './reach.js';
import type { Seal } from './seal.js';
import { Sending, type SendingEvents } from './sending.js';

export interface LinkEvents extends SendingEvents {
  onNews(batchId: string, worker: string, news: readonly News[], stored: StoredNews): void;
  /** The broker has no trace of it any more, which is the reason. */
  onLost(batch: Batch, why: string): void;
  onBroken(cause: unknown): void;
  /** Whether nothing is pending. */
  isIdle(): boolean;
  /** Those that have tasks without an outcome. */
  pendingBatches(): Iterable<Batch>;
  /** There are more or fewer workers. */
  onSlots(): void;
  /** What an earlier submitter of that name has left, before the first news of it; each task's name. */
  onEarlier(batches: readonly EarlierBatch[]): void;
}

export interface LinkSettings {
  readonly broker: BrokerOptions;
  /** Who the submitter is: its tasks and outcomes bear that name. */
  readonly client: string;
  readonly seal: Seal;
  readonly startupTimeoutMs: number;
  /** Whether to take over what an earlier submitter of that name has left. */
  readonly attaches: boolean;
}

/** How long a connection is kept that nobody needs; reaching the broker takes some milliseconds. */
const restMs = 500;
/** How long the word that something is stored is waited for, where nobody needs that any more. */
const lastWordMs = 1000;

export class Link {
  readonly #settings: LinkSettings;
  readonly #events: LinkEvents;
  readonly #workers: Workers;
  readonly #feed: NewsFeed;
  readonly #audit: Audit;
  readonly #cancelling: Cancelling;
  readonly #sending: Sending;
  #state: 'away' | 'opening' | 'open' | 'leaving' | 'closed' = 'away';
  #broker: Broker | undefined;
  #abort = sharedAbort();
  #restTimer: NodeJS.Timeout | undefined;
  /** By `performance.now()`. */
  #restingSince = 0;
  #opening: Promise<void> = Promise.resolve();
  #leaving: Promise<void> = Promise.resolve();
  /** Changes whenever it begins to leave, and where it stays. */
  #leaves = 0;
  #takesOver: boolean;
  #ids = 0;
  readonly #idPrefix = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 10)}`;
  #unsent: Batch[] = [];
  readonly #sends = new Set<Promise<void>>();
  readonly #litter: Litter;

  constructor(settings: LinkSettings, events: LinkEvents) {
    this.#settings = settings;
    this.#events = events;
    this.#takesOver = settings.attaches;
    const { client, seal } = settings;
    this.#litter = new Litter(client);
    this.#feed = new NewsFeed({
      client,
      seal,
      onNews: (...told) => events.onNews(...told),
      onBytes: (bytes) => this.#litter.grow(bytes),
    });
    this.#workers = new Workers(seal, settings.broker.names.presence);
    this.#sending = new Sending({ client, seal, litter: this.#litter }, events);
    this.#cancelling = new Cancelling({ client, seal, broker: () => this.#broker });
    this.#audit = new Audit({
      client,
      batches: () => events.pendingBatches(),
      isAlive: (worker) => this.#workers.alive.some(({ name }) => name === worker),
      feed: this.#feed,
      onLost: (...lost) => events.onLost(...lost),
    });
  }

  get slots(): number {
    return this.#workers.slots;
  }

  newId(): string {
    this.#ids += 1;
    return `${this.#idPrefix}-${this.#ids.toString(36)}`;
  }

  workers(): WorkerStats[] {
    return this.#state === 'closed' ? [] : this.#workers.stats();
  }

  explain(): string[] {
    const { names, servers } = this.#settings.broker;
    const isOpen = this.#broker?.connection.isClosed() === false;
    const isLost = isOpen && this.#broker?.isAway === true;
    const how = isLost ? 'the connection is lost, and tried again' : isOpen ? 'connected' : this.#state;
    return [
      `  broker ${[servers].flat().join(', ')}, queue ${names.queue}: ${how}`,
      ...(isOpen && !isLost ? this.#workers.explain() : []),
    ];
  }

  // ── The connection ──

  open(): void {
    if (this.#state !== 'away') return;
    this.#state = 'opening';
    this.#abort = sharedAbort();
    this.#opening = this.#connect();
  }

  /** Nothing is pending, perhaps. */
  rest(): void {
    this.#restingSince = performance.now();
    // The connection holds the process as long as it is there; so does not this timer. One for many rests, which are as many as lone calls.
    this.#restTimer ??= setTimeout(() => this.#leaveIfRested(), restMs);
  }

  #leaveIfRested(): void {
    this.#restTimer = undefined;
    if (!this.#events.isIdle()) return;
    const leftMs = this.#restingSince + restMs - performance.now();
    if (leftMs <= 0) this.#leave();
    else this.#restTimer = setTimeout(() => this.#leaveIfRested(), leftMs);
  }

  /** Resolves once it is open, or can't be opened. */
  async opened(): Promise<void> {
    this.open();
    await this.#opening;
  }

  /** Nothing is pending. */
  async close(): Promise<void> {
    clearTimeout(this.#restTimer);
    this.#restTimer = undefined;
    this.#leave();
    await this.#opening;
    this.#leave();
    await this.#leaving;
    this.#state = 'closed';
  }

  async #connect(): Promise<void> {
    const { broker: options, startupTimeoutMs } = this.#settings;
    const { signal } = this.#abort;
    try {
      await reach(options, startupTimeoutMs, () => this.#openOnce(options, signal), signal);
    } catch (failure) {
      this.#state = 'away';
      if (!signal.aborted) this.#events.onBroken(failure);
      else this.#openIfWanted();
    }
  }

  /** Work may have come while it was given up. */
  #openIfWanted(): void {
    this.#unsent = this.#unsent.filter(({ isDone }) => !isDone);
    if (this.#unsent.length > 0) this.open();
  }

  async #openOnce(options: BrokerOptions, signal: AbortSignal): Promise<void> {
    try {
      const broker = await brokerUnlessAborted(options, signal);
      this.#broker = broker;
      const { names } = options;
      await broker.queue.look(names.tasks);
      await this.#takeOver(broker);
      // Before the news are asked for: the connection may be lost, and be back, while the answer is waited for.
      void this.#watchConnection(broker);
      broker.listen(names.presence, (data) => this.#heardOf(data));
      await this.#feed.follow(broker, signal);
      signal.throwIfAborted();
      this.#litter.isOf(broker);
      broker.tell(names.ask, Buffer.alloc(0));
      this.#state = 'open';
      this.#audit.start(broker);
      void broker.connection.closed().then((why) => this.#lost(broker, why));
    } catch (error) {
      this.#feed.stop();
      await this.#broker?.close();
      this.#broker = undefined;
      throw error;
    }
    for (const batch of this.#unsent.splice(0)) this.#sendNow(batch);
    // What it was opened for may have been cancelled meanwhile.
    this.rest();
  }

  /** What an earlier submitter has left, told once: what is told twice would have two futures. */
  async #takeOver(broker: Broker): Promise<void> {
    if (!this.#takesOver) return;
    const earlier = await earlierBatches(broker, this.#settings);
    this.#takesOver = false;
    this.#events.onEarlier(earlier);
  }

  /** A broker that comes back has forgotten whom it was telling. */
  async #watchConnection(broker: Broker): Promise<void> {
    for await (const { type } of broker.connection.status()) {
      if (type !== 'reconnect' || this.#broker !== broker) continue;
      this.#cancelling.tell();
      this.#feed.anew();
      this.#audit.lookSoon();
      broker.tell(broker.names.ask, Buffer.alloc(0));
    }
  }

  /** The client tries again for ever, unless it is told that it may not. */
  #lost(broker: Broker, why: unknown): void {
    if (!(why instanceof Error) || this.#broker !== broker) return;
    this.#abort.abort(why);
    const { trouble } = broker.credentials;
    const said = trouble === undefined ? why.message : `${why.message}: ${trouble}`;
    this.#events.onBroken(new Error(`the broker does not let it in any more: ${said}`, { cause: why }));
  }

  #leave(): void {
    if (this.#state === 'opening') this.#abort.abort(new Error('nothing waits for the broker any more'));
    if (this.#state !== 'open') return;
    this.#state = 'leaving';
    this.#leaving = this.#leaveNow(this.#broker as Broker);
  }

  /** It was about to leave, and has the connection still. */
  #stay(): void {
    const broker = this.#broker;
    if (broker === undefined || broker.connection.isClosed() || this.#abort.signal.aborted) return;
    this.#state = 'open';
    this.#leaves += 1;
    this.#audit.start(broker);
  }

  async #leaveNow(broker: Broker): Promise<void> {
    const turn = ++this.#leaves;
    const goesOn = (): boolean => this.#leaves === turn;
    this.#audit.stop();
    // All that was sent has its outcome, and is litter as soon as it is known where it is.
    await within(lastWordMs, Promise.all(this.#sends));
    if (!broker.connection.isClosed()) await this.#litter.clear(broker, goesOn);
    // Something has come meanwhile.
    if (!goesOn()) return;
    this.#abort.abort(new Error('the executor was shut down'));
    this.#feed.stop();
    await broker.close();
    this.#broker = undefined;
    this.#state = 'away';
    this.#openIfWanted();
  }

  // ── Sending ──

  send(batch: Batch): void {
    this.open();
    if (this.#state === 'leaving') this.#stay();
    if (this.#state === 'open') this.#sendNow(batch);
    else this.#unsent.push(batch);
  }

  #sendNow(batch: Batch): void {
    const sent = this.#sending.send(this.#broker as Broker, batch, this.#abort.signal).finally(() => {
      this.#sends.delete(sent);
    });
    this.#sends.add(sent);
  }

  cancel(batch: Batch, index: number, how: CancelMessage['how'], reason: string): void {
    this.#cancelling.cancel(batch, index, how, reason);
  }

  /** No worker has found its functions at the broker. */
  forgetCode(batch: Batch): void {
    this.#sending.forgetCode(batch);
  }

  /** Each of its tasks has its outcome: what the broker still has of it goes. */
  forget(batch: Batch): void {
    this.#sending.discard(batch);
    if (this.#broker !== undefined) this.#litter.relieve(this.#broker, this.#abort.signal);
  }

  // ── Hearing of workers ──

  #heardOf(data: Uint8Array): void {
    try {
      if (!this.#workers.take(data).isNews) return;
    } catch {
      // Somebody else's, or of another version: it is not counted.
      return;
    }
    this.#events.onSlots();
  }
}

/** Not waited for any more once that is aborted: a broker that is not there is found out after seconds. */
async function brokerUnlessAborted(options: BrokerOptions, signal: AbortSignal): Promise<Broker> {
  const opening = Broker.open(options);
  try {
    return await unlessAborted(opening, signal);
  } catch (error) {
    void opening.then((broker) => broker.close()).catch(() => {});
    throw error;
  }
}
