/**
 * A worker of a cluster: takes batches from the broker for which it has room, runs their tasks in an executor of this machine, tells what became
 * of them, and acknowledges a batch once that is stored.
 *
 *   starting ──connected──► working ──drain()──► draining ──nothing held──► closed
 *                              └── its executor is broken ──► failing (what it holds goes back) ──► closed
 *
 * Tasks run in the executor's threads or processes, so that this thread is free to say that it lives: whoever is silent for `ackWait` is taken
 * for dead, and what it holds is given to another.
 */

import { hostname } from 'node:os';
import { type Executor, poolOf } from '../executors/executor.js';
import { duration } from '../executors/options.js';
import { Waiters } from '../future/waiters.js';
import { Announcer } from './announcer.js';
import { Broker } from './broker.js';
import { Cancellations } from './cancellations.js';
import { Capacity } from './capacity.js';
import { checkReach, clusterSettings } from './cluster-options.js';
import type { Delivery } from './delivery.js';
import { HeldBatch, lostTooOften } from './held-batch.js';
import { HeldBatches, mayBeGivenBack } from './held-batches.js';
import { KnownFunctions } from './known-functions.js';
import type { QueueTimes } from './make-queue.js';
import type { Presence } from './messages.js';
import type { NewsLog } from './news-log.js';
import { BatchOpener, idsOf, type OpenedBatch } from './open-batch.js';
import { Orphans } from './orphans.js';
import { sharedAbort } from './pause.js';
import { Pulls } from './pulls.js';
import { QueueCheck } from './queue-check.js';
import { reach } from './reach.js';
import type { Refusal } from './refusal.js';
import type { Seal } from './seal.js';
import { watchConnection } from './watch-connection.js';
import { whenThere } from './when-there.js';
import type { ClusterWorkerOptions, ClusterWorkerStatus, WorkerLogEntry } from './worker-options.js';
import { WorkerTally } from './worker-tally.js';

export class ClusterWorker {
  readonly name: string;
  /** Resolves when it has gone; rejects when its executor can't run tasks. */
  readonly closed: Promise<void>;
  readonly #broker: Broker;
  readonly #pulls: Pulls;
  readonly #orphans: Orphans;
  readonly #queueCheck: QueueCheck;
  readonly #announcer: Announcer;
  readonly #executor: Executor;
  readonly #options: ClusterWorkerOptions;
  readonly #slots: number;
  readonly #held: HeldBatches;
  readonly #opener: BatchOpener;
  readonly #cancellations: Cancellations;
  readonly #capacity: Capacity;
  readonly #maxDeliveries: number;
  readonly #tally: WorkerTally;
  readonly #abort = sharedAbort();
  readonly #timers: NodeJS.Timeout[] = [];
  #state: ClusterWorkerStatus['state'] = 'working';
  /** Batches whose function, or large body, is being fetched, and those that are about to be given back. */
  readonly #opening = new Set<Delivery>();
  readonly #waiters = new Waiters();
  #settle: { resolve(): void; reject(error: unknown): void } = { resolve() {}, reject() {} };

  private constructor(options: ClusterWorkerOptions, broker: Broker, seal: Seal, times: QueueTimes) {
    this.#options = options;
    this.#broker = broker;
    this.#executor = options.executor;
    this.#maxDeliveries = options.maxDeliveries ?? 5;
    this.name = options.name ?? `${hostname()}-${process.pid}-${Math.random().toString(36).slice(2, 6)}`;
    this.#slots = options.slots ?? poolOf(options.executor).maxWorkers;
    this.#tally = new WorkerTally({ name: this.name, executor: options.executor.constructor.name, slots: this.#slots });
    this.#capacity = new Capacity(this.#slots, mayBeGivenBack(1, this.#maxDeliveries));
    this.#held = new HeldBatches({
      ...{ slots: this.#slots, maxDeliveries: this.#maxDeliveries, capacity: this.#capacity },
      onStalled: (unbegun) => void this.#giveToOthers(unbegun),
    });
    const rules = { root: options.root ?? process.cwd(), allowedModules: options.allowedModules };
    this.#opener = new BatchOpener({
      broker,
      seal,
      functions: new KnownFunctions(broker, seal, rules),
      worker: this.name,
      signal: this.#abort.signal,
      times,
      maxDeliveries: this.#maxDeliveries,
    });
    this.#cancellations = new Cancellations(seal, broker.names.cancel);
    this.closed = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.closed.catch(() => {});
    this.#queueCheck = new QueueCheck(broker.queue, (...entry) => this.#log(...entry));
    this.#pulls = new Pulls(broker, {
      onWork: (delivery) => void this.#receive(delivery),
      room: () => this.#room,
      enough: this.#slots,
      onRefused: () => this.#queueCheck.look(),
    });
    this.#orphans = new Orphans(broker, (delivery) => this.#receive(delivery));
    this.#announcer = new Announcer(broker, seal, () => this.#presence());
    this.#begin(times.ackWaitMs);
  }

  /**
   * Connects, makes the queue's streams where they are not there, and begins to take work.
   *
   * @throws {TimeoutError} when the broker is not there within `startupTimeout`; at once where it refuses
   */
  static async start(options: ClusterWorkerOptions): Promise<ClusterWorker> {
    const settings = clusterSettings('ClusterWorker', options);
    return reach(settings.broker, duration('startupTimeout', options.startupTimeout) ?? 30_000, async () => {
      const broker = await Broker.open(settings.broker);
      try {
        checkReach(options, broker.connection.info);
        return new ClusterWorker(options, broker, settings.seal, await broker.times());
      } catch (error) {
        await broker.close();
        throw error;
      }
    });
  }

  status(): ClusterWorkerStatus {
    return {
      ...this.#presence(),
      version: 1,
      state: this.#state,
      isConnected: !this.#broker.connection.isClosed() && !this.#broker.isAway,
    };
  }

  /** Takes no more, finishes what it holds (within `timeout` milliseconds, else gives that back), and goes. */
  async drain({ timeout = Number.POSITIVE_INFINITY }: { timeout?: number } = {}): Promise<void> {
    if (this.#state === 'working') {
      this.#state = 'draining';
      this.#orphans.stop();
      this.#log('info', 'draining', `takes no more; ${this.#held.batches} batches are finished first`);
      this.#announcer.tell();
      // What is on its way goes back, while there is a connection for that.
      await this.#pulls.stop();
    }
    this.#waiters.wake();
    const limit = Number.isFinite(timeout) ? setTimeout(() => this.#giveBack('it is shut down'), timeout) : undefined;
    while (this.#held.batches > 0 || this.#opening.size > 0) await this.#waiters.wait(Number.POSITIVE_INFINITY);
    clearTimeout(limit);
    await this.#close();
  }

  // ── Taking work ──

  #begin(ackWaitMs: number): void {
    const { names } = this.#broker;
    this.#broker.listen(names.cancel, (data) => this.#heardCancel(data));
    this.#timers.push(setInterval(() => this.#keepHeld(), ackWaitMs / 3));
    void watchConnection(this.#broker, {
      log: (...entry) => this.#log(...entry),
      back: () => {
        this.#queueCheck.look();
        this.#pulls.anew();
        this.#orphans.lookSoon();
      },
      lost: (why) => this.#fail('lost', 'the broker does not let it in any more', why),
    });
    this.#announcer.tell();
    this.#log('info', 'started', `takes tasks of queue ${names.queue}, ${this.#slots} at a time`, {
      slots: this.#slots,
    });
    this.#pulls.ask();
  }

  get #room(): number {
    if (this.#state !== 'working' || this.#held.isStalled) return 0;
    return this.#capacity.room(this.#held, this.#opening.size);
  }

  /** Resolves once it is known what there is to run: at once, where nothing of it has to be fetched. */
  #receive(delivery: Delivery): void | Promise<void> {
    if (this.#state !== 'working') return delivery.giveBack();
    this.#opening.add(delivery);
    if (!delivery.isLast) this.#pulls.ask();
    const taken = (): void => {
      this.#opening.delete(delivery);
      if (delivery.isLast) this.#pulls.askAlong();
      else this.#pulls.ask();
      this.#waiters.wake();
    };
    let taking: void | undefined | Promise<void>;
    try {
      taking = this.#open(delivery);
    } finally {
      if (!(taking instanceof Promise)) taken();
    }
    return taking?.finally(taken);
  }

  #open(delivery: Delivery): void | Promise<void> {
    const { client, id } = idsOf(delivery);
    const held = this.#held.get(client, id);
    if (held?.delivery.streamSeq === delivery.streamSeq) {
      held.delivery = delivery;
      return undefined;
    }
    return whenThere(this.#opener.open(delivery), (opened) => {
      if (opened.kind === 'refused') return this.#refuse(delivery, opened.log, opened.refusal);
      if (opened.kind === 'opened') return this.#run(delivery, opened);
      if (opened.kind === 'forgotten') return delivery.ack();
      const message = `a batch could not be opened, and is given back: ${(opened.error as Error).message}`;
      this.#log('error', 'not-opened', message, { batch: id });
      return delivery.giveBack(1000);
    });
  }

  #run(delivery: Delivery, { client, id, log, batch, handles }: OpenedBatch): void {
    const held = new HeldBatch({
      client,
      id,
      delivery,
      log,
      onOutcome: (name, isFailure, ms) => {
        this.#tally.outcome(isFailure);
        if (ms > 0) this.#capacity.measured(name, ms);
        this.#held.progressed();
        this.#pulls.ask();
      },
      onComplete: (done) => void this.#finish(done),
      onBroken: (error) => this.#fail('broken', "its executor can't run tasks", error),
    });
    this.#held.add(held);
    this.#capacity.took(batch, handles);
    held.run(batch, handles, poolOf(this.#executor), this.#cancellations.of(client, id));
    const deliveries = delivery.count;
    if (deliveries > this.#maxDeliveries) held.failAll(lostTooOften(deliveries - 1));
    if (deliveries > 1) this.#logAgain(id, deliveries);
  }

  #logAgain(batch: string, deliveries: number): void {
    const isGivenBack = mayBeGivenBack(deliveries - 1, this.#maxDeliveries);
    const why = `a worker that had it was lost${isGivenBack ? ', or had more than it could run and gave it back' : ''}`;
    const message = `batch ${batch} was given out for the ${deliveries}. time: ${why}`;
    this.#log(isGivenBack ? 'info' : 'warn', 'redelivered', message, { batch, deliveries });
  }

  async #finish(batch: HeldBatch): Promise<void> {
    try {
      await batch.log.written();
      this.#broker.along.add(() => batch.delivery.ack());
    } catch (error) {
      const message = `outcomes could not be stored; the batch is given back: ${(error as Error).message}`;
      if (!this.#abort.signal.aborted) this.#log('error', 'not-stored', message, { batch: batch.id });
      batch.delivery.giveBack(1000);
    }
    this.#held.delete(batch);
    this.#cancellations.forget(batch.client, batch.id);
    this.#waiters.wake();
  }

  async #refuse(delivery: Delivery, log: NewsLog | undefined, refusal: Refusal): Promise<void> {
    this.#tally.refused();
    const { reason, message } = refusal;
    this.#log('warn', 'refused', `refused a batch: ${message}`, { reason, subject: delivery.subject });
    // A replay has its outcomes already.
    if (reason !== 'REPLAYED' && log !== undefined) {
      log.add(['refused', reason, message]);
      await log.written().catch(() => {});
    }
    delivery.term();
  }

  // ── What is held ──

  #keepHeld(): void {
    for (const { delivery } of this.#held) delivery.working();
    for (const delivery of this.#opening) delivery.working();
  }

  #heardCancel(data: Uint8Array): void {
    try {
      const message = this.#cancellations.take(data);
      for (const [batch, indices] of message.batches) this.#held.get(message.client, batch)?.cancel(indices, message);
    } catch (error) {
      const { message, reason } = error as Refusal;
      this.#log('warn', 'refused', `refused to cancel tasks: ${message}`, { reason });
    }
  }

  /** What it has asked for is taken back first, or it would be given the same again. */
  async #giveToOthers(batches: readonly HeldBatch[]): Promise<void> {
    if (batches.length === 0 && this.#pulls.pending === 0) return;
    const deliveries = batches.map(({ delivery }) => delivery);
    for (const delivery of deliveries) this.#opening.add(delivery);
    await this.#pulls.takeBack();
    for (const delivery of deliveries) {
      this.#opening.delete(delivery);
      delivery.giveBack();
    }
    this.#pulls.ask();
    this.#waiters.wake();
  }

  #giveBack(why: string): void {
    for (const batch of this.#held) {
      batch.abandon(new Error(why));
      // What has its outcome keeps it.
      const written = batch.log.written().catch(() => {});
      void written.then(() => batch.delivery.giveBack());
      this.#held.delete(batch);
    }
    this.#waiters.wake();
  }

  /** It can't run tasks any more, or not tell of them: that is this worker's end, and nothing that its tasks should hear of. */
  #fail(event: 'broken' | 'lost', what: string, error: unknown): void {
    if (this.#state === 'failing' || this.#state === 'closed') return;
    this.#state = 'failing';
    this.#log('error', event, `${what}: ${(error as Error).message}`);
    queueMicrotask(() => {
      this.#giveBack('the worker is broken');
      void this.#close(error);
    });
  }

  async #close(error?: unknown): Promise<void> {
    if (this.#state === 'closed') return this.closed;
    this.#state = 'closed';
    void this.#pulls.stop();
    this.#orphans.stop();
    for (const timer of this.#timers) clearInterval(timer);
    this.#announcer.stop();
    this.#abort.abort(new Error('the worker has gone'));
    await this.#broker.close();
    await this.#executor.shutdown({ cancelFutures: true });
    this.#log('info', 'closed', `did ${this.#tally.done} tasks`, { done: this.#tally.done });
    if (error === undefined) this.#settle.resolve();
    else this.#settle.reject(error);
  }

  // ── What it tells ──

  #presence(): Omit<Presence, 'version'> {
    return this.#tally.presence(this.#held.tasks, this.#state !== 'working');
  }

  #log(level: WorkerLogEntry['level'], event: string, message: string, fields: object = {}): void {
    this.#options.onLog?.({ level, event, message, worker: this.name, ...fields });
  }
}
