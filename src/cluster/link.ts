/**
 * The submitting side's way to the broker: there when there is work, and given up when there has been none for a moment, since an open
 * connection would keep the program alive.
 *
 *   away ──open()──► opening ──connected──► open ──rest(), nothing for a moment──► leaving ──► away ──close()──► closed
 *     ▲                 ├──rest(), nothing for a moment; close()──► away
 *     └─────────────────┴──not within startupTimeout──► (onBroken)
 *
 * News are followed from the one after the last that was heard, so that nothing is missed while away.
 */

import type { WorkerStats } from '../pool/stats.js';
import type { Task } from '../pool/task.js';
import { Audit } from './audit.js';
import type { Batch } from './batch.js';
import { bodyOf, objectOf } from './bodies.js';
import { Broker, type BrokerOptions } from './broker.js';
import { Cancelling } from './cancelling.js';
import { type Code, codeOf } from './code.js';
import { type EarlierBatch, earlierBatches } from './earlier.js';
import { Litter } from './litter.js';
import { encodedTasks, Unsuited } from './make-batch.js';
import type { CancelMessage, News } from './messages.js';
import { NewsFeed, type StoredNews } from './news-feed.js';
import { sharedAbort, unlessAborted, within } from './pause.js';
import { Workers } from './presence.js';
import { reach } from './reach.js';
import type { Seal } from './seal.js';
import { StoredCode } from './stored-code.js';

export interface LinkEvents {
  onNews(batchId: string, worker: string, news: readonly News[], stored: StoredNews): void;
  /** The batch can't be sent, and is in nobody's hands. */
  onUnsendable(batch: Batch, error: unknown): void;
  /** It has not been sent: what of it has no outcome is to go in about so many messages instead. */
  onUnsuited(batch: Batch, messages: number): void;
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
/** How long the outcomes of a brief batch are waited for before the broker is asked whether it has it: many times what they take. */
const briefMs = 20;
/** How long the word that something is stored is waited for, where nobody needs that any more. */
const lastWordMs = 1000;

export class Link {
  readonly #settings: LinkSettings;
  readonly #events: LinkEvents;
  readonly #workers: Workers;
  readonly #feed: NewsFeed;
  readonly #audit: Audit;
  readonly #cancelling: Cancelling;
  readonly #code: StoredCode;
  #state: 'away' | 'opening' | 'open' | 'leaving' | 'closed' = 'away';
  #broker: Broker | undefined;
  #abort = sharedAbort();
  #restTimer: NodeJS.Timeout | undefined;
  #opening: Promise<void> = Promise.resolve();
  #leaving: Promise<void> = Promise.resolve();
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
    this.#code = new StoredCode(seal);
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
      if (this.#events.isIdle()) this.#leave();
    }, restMs);
  }

  /** Resolves once it is open, or can't be opened. */
  async opened(): Promise<void> {
    this.open();
    await this.#opening;
  }

  /** Nothing is pending. */
  async close(): Promise<void> {
    clearTimeout(this.#restTimer);
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

  async #leaveNow(broker: Broker): Promise<void> {
    this.#audit.stop();
    // All that was sent has its outcome, and is litter as soon as it is known where it is.
    await within(lastWordMs, Promise.all(this.#sends));
    if (!broker.connection.isClosed()) await this.#litter.clear(broker);
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
      batch.reliesOnStoredCode = [...codes.values()].some((code) => this.#code.has(code));
      await Promise.all([...codes.values()].map((code) => this.#code.store(broker, code, signal)));
      let attempts = 0;
      const body = async (): Promise<Buffer> => {
        attempts += 1;
        // Cancelled while it waited for the connection.
        if (attempts === 1 && !batch.isWhole) throw new Unsuited(1);
        const codeOfTask = ({ handle }: Task): Code => codes.get(handle) as Code;
        const bytes = encodedTasks(batch.tasks, codeOfTask, broker.inlineBytesMax);
        const sent = await bodyOf(broker, seal, subject, bytes, signal);
        batch.isIn(objectOf(sent));
        return sent;
      };
      if (batch.isBrief && !broker.isAway && !broker.isCluster) {
        // Its outcome says that it was stored. To hear that before costs a lone call a fourteenth.
        broker.send(subject, await body(), batch.id);
        await batch.doneWithin(briefMs);
        if (batch.isDone) {
          this.#litter.addUnasked(subject);
          this.#discardNews(batch);
          return;
        }
      }
      const { seq, duplicate = false } = await broker.store(subject, body, { id: batch.id, signal });
      batch.isStoredAt(seq, broker.queue.identityOf(names.tasks));
      if (!batch.isDone) return;
      // Its outcomes were quicker than the word that it is stored. One that was sent twice may have been stored twice then, and what was told of
      // the one keeps whoever has the other from telling anything.
      if (batch.newsCount > 0 && attempts > (duplicate ? 2 : 1)) this.#litter.addBatch(seq);
      else this.#discard(batch, seq);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Unsuited) this.#events.onUnsuited(batch, error.messages);
      else this.#events.onUnsendable(batch, error);
    }
  }

  cancel(batch: Batch, index: number, how: CancelMessage['how'], reason: string): void {
    this.#cancelling.cancel(batch, index, how, reason);
  }

  /** No worker has found its functions at the broker. */
  forgetCode({ tasks }: Batch): void {
    for (const { handle } of tasks) this.#code.forget(codeOf(handle));
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
    this.#discardNews(batch);
  }

  #discardNews(batch: Batch): void {
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
