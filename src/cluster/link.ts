/**
 * The submitting side's way to the broker: there when there is work, and given up when there has been none for a moment, since an open
 * connection would keep the program alive.
 *
 *   away ──open()──► opening ──connected──► open ──rest(), nothing for a moment──► away
 *                       └──not within startupTimeout──► (onBroken)         any ──close()──► closed
 *
 * News are followed from the one after the last that was heard, so that nothing is missed while away.
 */

import type { WorkerStats } from '../pool/stats.js';
import type { Task } from '../pool/task.js';
import type { Batch } from './batch.js';
import { bodyOf, objectOf } from './bodies.js';
import { Broker, type BrokerOptions } from './broker.js';
import { type Code, codeOf } from './code.js';
import { encode } from './codec.js';
import { type EarlierBatch, earlierBatches } from './earlier.js';
import { Litter } from './litter.js';
import { encodedTasks, TooLarge } from './make-batch.js';
import type { CancelMessage, News } from './messages.js';
import { NewsFeed, type StoredNews } from './news-feed.js';
import { sharedAbort, within } from './pause.js';
import { Workers } from './presence.js';
import { reach } from './reach.js';
import type { Seal } from './seal.js';

export interface LinkEvents {
  onNews(batchId: string, worker: string, news: readonly News[], stored: StoredNews): void;
  /** The batch can't be sent, and is in nobody's hands. */
  onUnsendable(batch: Batch, error: unknown): void;
  /** Its tasks are too large to go in one message, and may not be in about so many. */
  onTooLarge(batch: Batch, messages: number): void;
  onBroken(cause: unknown): void;
  /** Whether nothing is pending. */
  isIdle(): boolean;
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
/** A function is stored anew before the broker forgets it. */
const codeFreshMs = 3600_000;

type Cancellation = Pick<CancelMessage, 'how' | 'reason'> & { readonly index: number };

export class Link {
  readonly #settings: LinkSettings;
  readonly #events: LinkEvents;
  readonly #workers: Workers;
  readonly #feed: NewsFeed;
  #state: 'away' | 'opening' | 'open' | 'closed' = 'away';
  #broker: Broker | undefined;
  #abort = sharedAbort();
  #restTimer: NodeJS.Timeout | undefined;
  #opening: Promise<void> = Promise.resolve();
  #takesOver: boolean;
  #ids = 0;
  readonly #idPrefix = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 10)}`;
  #unsent: Batch[] = [];
  readonly #sends = new Set<Promise<void>>();
  readonly #storedCode = new Map<string, { readonly at: number; readonly stored: Promise<unknown> }>();
  readonly #cancellations = new Map<Batch, Cancellation[]>();
  readonly #litter = new Litter();

  constructor(settings: LinkSettings, events: LinkEvents) {
    this.#settings = settings;
    this.#events = events;
    this.#takesOver = settings.attaches;
    const { client, seal } = settings;
    this.#feed = new NewsFeed({
      client,
      seal,
      onNews: (...told) => events.onNews(...told),
      onBytes: (bytes) => this.#litter.grow(bytes),
    });
    this.#workers = new Workers(settings.seal, settings.broker.names.presence);
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
    const isConnected = this.#broker?.connection.isClosed() === false;
    return [
      `  broker ${[servers].flat().join(', ')}, queue ${names.queue}: ${isConnected ? 'connected' : this.#state}`,
      ...(isConnected ? this.#workers.explain() : []),
    ];
  }

  // ── The connection ──

  open(): void {
    clearTimeout(this.#restTimer);
    if (this.#state !== 'away') return;
    this.#state = 'opening';
    this.#abort = sharedAbort();
    this.#opening = this.#connect();
  }

  /** Nothing is pending, perhaps. */
  rest(): void {
    clearTimeout(this.#restTimer);
    // The connection holds the process as long as it is there; so does not this timer.
    this.#restTimer = setTimeout(() => {
      if (this.#events.isIdle()) void this.#leave('away');
    }, restMs);
  }

  /** Resolves once it is open, or can't be opened. */
  async opened(): Promise<void> {
    this.open();
    await this.#opening;
  }

  async close(): Promise<void> {
    clearTimeout(this.#restTimer);
    await this.#opening;
    await this.#leave('closed');
  }

  async #connect(): Promise<void> {
    const { broker: options, startupTimeoutMs } = this.#settings;
    try {
      await reach(options, startupTimeoutMs, () => this.#openOnce(options));
    } catch (failure) {
      this.#state = 'away';
      this.#events.onBroken(failure);
    }
  }

  async #openOnce(options: BrokerOptions): Promise<void> {
    try {
      const broker = await Broker.open(options);
      this.#broker = broker;
      const { names } = options;
      await this.#takeOver(broker);
      // Before the news are asked for: the connection may be lost, and be back, while the answer is waited for.
      void this.#watchConnection(broker);
      broker.listen(names.presence, (data) => this.#heardOf(data));
      await this.#feed.follow(broker, this.#abort.signal);
      broker.tell(names.ask, Buffer.alloc(0));
      this.#state = 'open';
      void broker.connection.closed().then((why) => this.#lost(broker, why));
    } catch (error) {
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
      this.#feed.anew();
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

  async #leave(state: 'away' | 'closed'): Promise<void> {
    if (this.#state === 'closed' || (this.#state !== 'open' && state === 'away')) return;
    const broker = this.#broker;
    this.#state = 'closed';
    if (broker !== undefined) {
      // All that was sent has its outcome, and is litter as soon as it is known where it is.
      await within(lastWordMs, Promise.all(this.#sends));
      if (!broker.connection.isClosed()) await this.#litter.clear(broker);
      this.#abort.abort(new Error('the executor was shut down'));
      this.#feed.stop();
      await broker.close();
    }
    this.#broker = undefined;
    this.#state = state;
    // Work may have come meanwhile.
    if (state === 'away' && this.#unsent.length > 0) this.open();
  }

  // ── Sending ──

  send(batch: Batch): void {
    this.open();
    if (this.#state === 'open') this.#sendNow(batch);
    else this.#unsent.push(batch);
  }

  #sendNow(batch: Batch): void {
    const sent = this.#send(batch).finally(() => this.#sends.delete(sent));
    this.#sends.add(sent);
  }

  async #send(batch: Batch): Promise<void> {
    const broker = this.#broker as Broker;
    const { seal, client } = this.#settings;
    const { names } = broker;
    const { signal } = this.#abort;
    try {
      const codes = new Map(batch.tasks.map(({ handle }) => [handle, codeOf(handle)] as const));
      const subject = names.tasksOf(client, batch.id);
      const stores = [...codes.values()].map((code) => this.#storeCode(broker, code));
      if (stores.some((store) => store !== undefined)) await Promise.all(stores);
      let attempts = 0;
      const body = async (): Promise<Buffer> => {
        attempts += 1;
        const codeOfTask = ({ handle }: Task): Code => codes.get(handle) as Code;
        const bytes = encodedTasks(batch.tasks, codeOfTask, broker.inlineBytesMax);
        const sent = await bodyOf(broker, seal, subject, bytes, signal);
        batch.isIn(objectOf(sent));
        return sent;
      };
      batch.streamSeq = await broker.store(subject, body, { id: batch.id, signal });
      if (!batch.isDone) return;
      // Its outcomes were quicker than the word that it is stored. One that was sent twice may have been stored twice then, and what was told of
      // the one keeps whoever has the other from telling anything.
      if (batch.hasNews && attempts > 1) this.#litter.addBatch(batch.streamSeq);
      else this.#discard(batch, batch.streamSeq);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof TooLarge) this.#events.onTooLarge(batch, error.messages);
      else this.#events.onUnsendable(batch, error);
    }
  }

  /** Stores a function where that has not been done lately; gives a promise only while that is going on. */
  #storeCode(broker: Broker, { digest, bytes }: Code): Promise<unknown> | undefined {
    const known = this.#storedCode.get(digest);
    if (known !== undefined && Date.now() - known.at < codeFreshMs) return known.stored;
    const { seal } = this.#settings;
    const subject = broker.names.codeOf(digest, seal.signer);
    const { signal } = this.#abort;
    const stored = bodyOf(broker, seal, subject, bytes, signal)
      .then((sealed) => broker.store(subject, sealed, { signal }))
      .catch((error) => {
        this.#storedCode.delete(digest);
        throw error;
      });
    this.#storedCode.set(digest, { at: Date.now(), stored });
    return stored;
  }

  /** Tells the workers; what waits at the broker, and is not wanted at all any more, is taken from there. */
  cancel(batch: Batch, index: number, how: CancelMessage['how'], reason: string): void {
    let told = this.#cancellations.get(batch);
    if (told === undefined) {
      told = [];
      this.#cancellations.set(batch, told);
      queueMicrotask(() => this.#tellCancelled(batch));
    }
    told.push({ index, how, reason });
  }

  #tellCancelled(batch: Batch): void {
    const told = this.#cancellations.get(batch) ?? [];
    this.#cancellations.delete(batch);
    const broker = this.#broker;
    if (broker === undefined) return;
    const { seal, client } = this.#settings;
    for (const how of ['abort', 'kill'] as const) {
      const of = told.filter((each) => each.how === how);
      if (of.length === 0) continue;
      const message: CancelMessage = {
        client,
        batch: batch.id,
        indices: of.map(({ index }) => index),
        how,
        reason: of[0]?.reason ?? '',
      };
      broker.tell(broker.names.cancel, seal.close(broker.names.cancel, encode(message, true)));
    }
    if (batch.isDone && batch.streamSeq !== undefined) void broker.delete(broker.names.tasks, batch.streamSeq);
  }

  /** Each of its tasks has its outcome: what the broker still has of it goes. */
  forget(batch: Batch): void {
    // One that is being stored is discarded once it is.
    if (batch.streamSeq !== undefined) this.#discard(batch, batch.streamSeq);
    if (this.#broker !== undefined) void this.#litter.relieve(this.#broker, this.#abort.signal);
  }

  #discard(batch: Batch, streamSeq: number): void {
    // It may still be there, where its worker was lost before it could say that it is done.
    if (streamSeq > 0) this.#litter.addBatch(streamSeq);
    const { newsSeqs, objects } = batch.takeStored();
    this.#litter.addNews(newsSeqs);
    this.#litter.addObjects(objects);
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
