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
import type { FunctionHandle } from '../functions/handle.js';
import { Allowance } from '../pool/allowance.js';
import { openBody, sealedBytes } from './bodies.js';
import { Broker } from './broker.js';
import { type ClusterOptions, checkReach, clusterSettings } from './cluster-options.js';
import { type CodeRules, handleOf } from './code.js';
import { decode } from './codec.js';
import type { Delivery } from './delivery.js';
import { HeldBatch, lostTooOften } from './held-batch.js';
import type { CancelMessage, Presence, TaskBatch } from './messages.js';
import { NewsLog } from './news-log.js';
import { encodePresence, presenceMs } from './presence.js';
import { Pulls } from './pulls.js';
import { Refusal, type RefusalReason } from './refusal.js';
import { Replays } from './replays.js';
import type { Seal } from './seal.js';
import { checkBatch, checkCancel } from './shapes.js';

export interface ClusterWorkerOptions extends ClusterOptions {
  /** What runs the tasks. The worker shuts it down when it goes. */
  readonly executor: Executor;
  /** How many tasks run at once; by default what the executor has. */
  readonly slots?: number;
  /** Where this machine's code is: the folder of the package whose functions come by reference, or one in it. The current directory by default. */
  readonly root?: string;
  /** The only packages or modules (`package`, `package/path.js`) of which functions are run; then none is taken that comes as text. */
  readonly allowedModules?: readonly string[];
  /** How many workers may be lost with a batch before its tasks fail; 5 by default. */
  readonly maxDeliveries?: number;
  /** Called with what an operator may want to know. */
  readonly onLog?: (entry: WorkerLogEntry) => void;
}

export interface WorkerLogEntry {
  readonly level: 'info' | 'warn' | 'error';
  /** A word for programs: `started`, `refused`, `drained`. */
  readonly event: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface ClusterWorkerStatus extends Presence {
  readonly state: 'working' | 'draining' | 'failing' | 'closed';
  readonly isConnected: boolean;
}

/** So much work may be held beyond what runs, so that no slot waits for the broker. */
const aheadMs = 20;
const lookMs = 5;
/** So many batches are asked for at once. */
const fetchMax = 64;
const cancelledKept = 10_000;
/** A batch that has waited this long may have been cancelled before this worker listened, or run before. */
const mayBeKnownAfterMs = 1000;

export class ClusterWorker {
  readonly name: string;
  /** Resolves when it has gone; rejects when its executor can't run tasks. */
  readonly closed: Promise<void>;
  readonly #broker: Broker;
  readonly #pulls: Pulls;
  readonly #executor: Executor;
  readonly #options: ClusterWorkerOptions;
  readonly #seal: Seal;
  readonly #rules: CodeRules;
  readonly #slots: number;
  readonly #held = new Map<string, HeldBatch>();
  readonly #handles = new Map<string, Promise<FunctionHandle>>();
  readonly #cancelled = new Map<string, Set<number>>();
  readonly #allowance = new Allowance('auto');
  readonly #replays = new Replays();
  readonly #abort = new AbortController();
  readonly #startedAt = Date.now();
  readonly #timers: NodeJS.Timeout[] = [];
  #state: ClusterWorkerStatus['state'] = 'working';
  readonly #opening = new Set<Delivery>();
  /** How many tasks a batch has, lately. */
  #batchTasks = 1;
  #counts = { done: 0, failed: 0, refused: 0 };
  #wake: (() => void) | undefined;
  #settle: { resolve(): void; reject(error: unknown): void } = { resolve() {}, reject() {} };

  private constructor(options: ClusterWorkerOptions, broker: Broker, seal: Seal, ackWaitMs: number) {
    this.#options = options;
    this.#broker = broker;
    this.#executor = options.executor;
    this.#seal = seal;
    this.name = options.name ?? `${hostname()}-${process.pid}-${Math.random().toString(36).slice(2, 6)}`;
    this.#slots = options.slots ?? poolOf(options.executor).maxWorkers;
    this.#rules = { root: options.root ?? process.cwd(), allowedModules: options.allowedModules };
    this.closed = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.closed.catch(() => {});
    this.#pulls = new Pulls(broker, (delivery) => this.#receive(delivery));
    this.#begin(ackWaitMs);
  }

  /** Connects, makes the queue's streams where they are not there, and begins to take work. */
  static async start(options: ClusterWorkerOptions): Promise<ClusterWorker> {
    const settings = clusterSettings('ClusterWorker', options);
    const broker = await Broker.open(settings.broker);
    try {
      checkReach(options, broker.connection.info);
      return new ClusterWorker(options, broker, settings.seal, await broker.ackWaitMs());
    } catch (error) {
      await broker.close();
      throw error;
    }
  }

  status(): ClusterWorkerStatus {
    return {
      ...this.#presence(),
      version: 1,
      state: this.#state,
      isConnected: !this.#broker.connection.isClosed() && this.#isConnected,
    };
  }

  /** Takes no more, finishes what it holds (within `timeout` milliseconds, else gives that back), and goes. */
  async drain({ timeout = Number.POSITIVE_INFINITY }: { timeout?: number } = {}): Promise<void> {
    if (this.#state === 'working') {
      this.#state = 'draining';
      this.#pulls.stop();
      this.#log('info', 'draining', `takes no more; ${this.#held.size} batches are finished first`);
      this.#tellPresence();
    }
    this.#wakeUp();
    const limit = Number.isFinite(timeout)
      ? setTimeout(() => this.#giveBack('the worker is shut down'), timeout)
      : undefined;
    while (this.#held.size > 0 || this.#opening.size > 0) await this.#untilWoken();
    clearTimeout(limit);
    await this.#close();
  }

  // ── Taking work ──

  #isConnected = true;

  #begin(ackWaitMs: number): void {
    const { names } = this.#broker;
    this.#broker.listen(names.cancel, (data) => this.#heardCancel(data));
    this.#broker.listen(names.ask, () => this.#tellPresence());
    this.#timers.push(
      setInterval(() => this.#tellPresence(), presenceMs),
      setInterval(() => this.#keepHeld(), ackWaitMs / 3),
      setInterval(() => {
        for (const batch of this.#held.values()) batch.look(this.#slots);
      }, lookMs),
    );
    void this.#watchConnection();
    void this.#broker.removeOrphans().catch(() => {});
    this.#tellPresence();
    this.#log('info', 'started', `takes tasks of queue ${names.queue}, ${this.#slots} at a time`, {
      slots: this.#slots,
    });
    this.#pulls.want(this.#room);
  }

  /** How many more batches are taken: as many as slots are free, or will be before more work could be here. */
  get #room(): number {
    const held = this.#heldTasks + this.#opening.size;
    const { typicalMs } = this.#allowance;
    const tasks =
      typicalMs === 0 ? this.#slots : Math.max(this.#slots, Math.floor((aheadMs * this.#slots) / typicalMs));
    return Math.min(fetchMax, Math.ceil(Math.max(0, tasks - held) / this.#batchTasks));
  }

  get #heldTasks(): number {
    let tasks = 0;
    for (const batch of this.#held.values()) tasks += batch.left;
    return tasks;
  }

  #receive(delivery: Delivery): void {
    if (this.#state !== 'working') {
      delivery.giveBack();
      return;
    }
    this.#opening.add(delivery);
    this.#askForMore();
    void this.#open(delivery).finally(() => {
      this.#opening.delete(delivery);
      this.#askForMore();
      this.#wakeUp();
    });
  }

  #askForMore(): void {
    if (this.#state === 'working') this.#pulls.want(this.#room);
  }

  async #open(delivery: Delivery): Promise<void> {
    const { subject, data, storedAt, streamSeq, count, messageId } = delivery;
    const [, , , client = '', id = ''] = subject.split('.');
    // What would be told of a longer one would be told of another batch.
    if (subject !== this.#broker.names.tasksOf(client, id))
      return this.#refuse(delivery, undefined, new Refusal('MALFORMED', 'its subject names no batch'));
    const log = this.#logOf(client, id);
    try {
      const batch = await openBody<TaskBatch>(this.#broker, this.#seal, subject, data);
      checkBatch(batch);
      const { issuedAt } = batch;
      this.#replays.check({ subject, id, messageId, issuedAt, storedAt, streamSeq, isSigned: this.#seal.isSigned });
      if (count > 1 || Date.now() - storedAt > mayBeKnownAfterMs) await log.read();
      const handles = await this.#handlesFor(batch);
      this.#run(delivery, { client, id, log, batch, handles });
    } catch (error) {
      const { maxDeliveries = maxDeliveriesDefault } = this.#options;
      if (error instanceof Refusal) await this.#refuse(delivery, log, error);
      else if (count > maxDeliveries) {
        const why = `it could not be opened by ${count} workers in turn (maxDeliveries): ${(error as Error).message}`;
        await this.#refuse(delivery, log, new Refusal('TOO_MANY_DELIVERIES', why, { cause: error }));
      } else {
        this.#log(
          'error',
          'not-opened',
          `a batch could not be opened, and is given back: ${(error as Error).message}`,
          { batch: id },
        );
        delivery.giveBack(1000);
      }
    }
  }

  #run(
    delivery: Delivery,
    of: { client: string; id: string; log: NewsLog; batch: TaskBatch; handles: Map<string, FunctionHandle> },
  ): void {
    const { client, id, log, batch, handles } = of;
    const held = new HeldBatch({
      client,
      id,
      delivery,
      log,
      onOutcome: (isFailure, ms) => {
        this.#counts.done += 1;
        if (isFailure) this.#counts.failed += 1;
        this.#allowance.measured(ms);
        this.#askForMore();
      },
      onComplete: (done) => void this.#finish(done),
      onBroken: (error) => this.#fail(error),
    });
    this.#held.set(subjectKey(client, id), held);
    const size = batch.groups.reduce((sum, [, , , , tasks]) => sum + tasks, 0);
    this.#batchTasks = Math.max(1, (this.#batchTasks + size) / 2);
    const { maxDeliveries = maxDeliveriesDefault } = this.#options;
    held.run(batch, handles, poolOf(this.#executor), this.#cancelled.get(subjectKey(client, id)) ?? none);
    const deliveries = delivery.count;
    if (deliveries > maxDeliveries) held.failAll(lostTooOften(deliveries - 1));
    if (deliveries > 1)
      this.#log('warn', 'redelivered', `batch ${id} was given out for the ${deliveries}. time`, {
        batch: id,
        deliveries,
      });
  }

  async #finish(batch: HeldBatch): Promise<void> {
    try {
      await batch.log.written();
      batch.delivery.ack();
    } catch (error) {
      if (!this.#abort.signal.aborted)
        this.#log(
          'error',
          'not-stored',
          `outcomes could not be stored; the batch is given back: ${(error as Error).message}`,
          { batch: batch.id },
        );
      batch.delivery.giveBack(1000);
    }
    this.#held.delete(subjectKey(batch.client, batch.id));
    this.#cancelled.delete(subjectKey(batch.client, batch.id));
    this.#wakeUp();
  }

  async #refuse(delivery: Delivery, log: NewsLog | undefined, refusal: Refusal): Promise<void> {
    this.#counts.refused += 1;
    const { reason } = refusal;
    this.#log('warn', 'refused', `refused a batch: ${refusal.message}`, { reason, subject: delivery.subject });
    // A replay has its outcomes already.
    if (reason !== 'REPLAYED' && log !== undefined) {
      log.add(['refused', reason, refusal.message]);
      await log.written().catch(() => {});
    }
    delivery.term();
  }

  async #handlesFor(batch: TaskBatch): Promise<Map<string, FunctionHandle>> {
    const handles = new Map<string, FunctionHandle>();
    for (const [digest] of batch.groups) if (!handles.has(digest)) handles.set(digest, await this.#handle(digest));
    return handles;
  }

  #handle(digest: string): Promise<FunctionHandle> {
    let handle = this.#handles.get(digest);
    if (handle === undefined) {
      handle = this.#fetchCode(digest);
      handle.catch(() => this.#handles.delete(digest));
      this.#handles.set(digest, handle);
      if (this.#handles.size > handlesMax) this.#handles.delete(this.#handles.keys().next().value as string);
    }
    return handle;
  }

  async #fetchCode(digest: string): Promise<FunctionHandle> {
    const { names } = this.#broker;
    if (!/^[0-9a-f]{32}$/.test(digest)) throw new Refusal('MALFORMED', 'a function is named by no digest');
    let refusal = new Refusal(
      'CODE_NOT_FOUND',
      `the broker does not have the function ${digest} any more: submit the task again`,
    );
    let copies = 0;
    for await (const { subject, data } of this.#broker.stored(names.code, names.codeOf(digest, '*'))) {
      const bytes = await this.#openCopy(subject, data);
      if (!(bytes instanceof Refusal)) return handleOf({ digest, bytes }, this.#rules);
      refusal = bytes;
      copies += 1;
      if (copies === copiesMax) break;
    }
    throw refusal;
  }

  async #openCopy(subject: string, data: Uint8Array): Promise<Buffer | Refusal> {
    try {
      return this.#seal.open(subject, await sealedBytes(this.#broker, data));
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  }

  #logOf(client: string, id: string): NewsLog {
    const { names } = this.#broker;
    return new NewsLog({
      broker: this.#broker,
      seal: this.#seal,
      subject: names.resultsOf(client, id),
      worker: this.name,
      signal: this.#abort.signal,
      onElsewhere: () => {},
    });
  }

  // ── What is held ──

  #keepHeld(): void {
    for (const { delivery } of this.#held.values()) delivery.working();
    // Its function, or a large body, is being fetched.
    for (const delivery of this.#opening) delivery.working();
  }

  #heardCancel(data: Uint8Array): void {
    let message: CancelMessage;
    try {
      message = decode(this.#seal.open(this.#broker.names.cancel, data)) as CancelMessage;
      checkCancel(message);
    } catch (error) {
      this.#log('warn', 'refused', `refused to cancel tasks: ${(error as Error).message}`, {
        reason: (error as Refusal).reason as RefusalReason,
      });
      return;
    }
    const key = subjectKey(message.client, message.batch);
    const held = this.#held.get(key);
    if (held !== undefined) {
      held.cancel(message);
      return;
    }
    // It may be on its way here.
    const known = this.#cancelled.get(key) ?? new Set();
    for (const index of message.indices) known.add(index);
    this.#cancelled.set(key, known);
    if (this.#cancelled.size > cancelledKept) this.#cancelled.delete(this.#cancelled.keys().next().value as string);
  }

  #giveBack(why: string): void {
    for (const [key, batch] of this.#held) {
      batch.abandon(new Error(why));
      // What has its outcome keeps it.
      void batch.log.written().then(
        () => batch.delivery.giveBack(),
        () => batch.delivery.giveBack(),
      );
      this.#held.delete(key);
    }
    this.#wakeUp();
  }

  /** The executor can't run tasks any more: that is this worker's end, and nothing that its tasks should hear of. */
  #fail(error: unknown): void {
    if (this.#state === 'failing' || this.#state === 'closed') return;
    this.#state = 'failing';
    this.#log('error', 'broken', `its executor can't run tasks: ${(error as Error).message}`);
    queueMicrotask(() => {
      this.#giveBack('the worker is broken');
      void this.#close(error);
    });
  }

  async #close(error?: unknown): Promise<void> {
    if (this.#state === 'closed') return this.closed;
    this.#state = 'closed';
    this.#pulls.stop();
    for (const timer of this.#timers) clearInterval(timer);
    this.#abort.abort(new Error('the worker has gone'));
    await this.#broker.close();
    await this.#executor.shutdown({ cancelFutures: true });
    this.#log('info', 'closed', `did ${this.#counts.done} tasks`, { done: this.#counts.done });
    if (error === undefined) this.#settle.resolve();
    else this.#settle.reject(error);
  }

  // ── What it tells ──

  #presence(): Omit<Presence, 'version'> {
    return {
      name: this.name,
      host: hostname(),
      pid: process.pid,
      executor: this.#executor.constructor.name,
      slots: this.#slots,
      running: Math.min(this.#heldTasks, this.#slots),
      held: this.#heldTasks,
      ...this.#counts,
      startedAt: this.#startedAt,
      isDraining: this.#state !== 'working',
    };
  }

  #tellPresence(): void {
    const { presence } = this.#broker.names;
    this.#broker.tell(presence, encodePresence(this.#seal, presence, this.#presence()));
  }

  async #watchConnection(): Promise<void> {
    // Said once, not each time that it is so.
    const said = new Set<string>();
    for await (const status of this.#broker.connection.status()) {
      const { type } = status;
      if (type === 'error') {
        const { name, message } = status.error;
        if (said.has(message)) continue;
        said.add(message);
        const isLockedOut = name === 'AuthorizationError' || name === 'UserAuthenticationExpiredError';
        if (isLockedOut)
          this.#log(
            'error',
            'locked-out',
            `the broker does not let this worker in (${message}), which goes on trying: renew its credentials`,
            { reason: name },
          );
        else this.#log('warn', 'broker-error', `the broker says: ${message}`, { reason: name });
      } else if (type === 'disconnect') {
        this.#isConnected = false;
        this.#log('warn', 'disconnected', 'the broker is away; what runs goes on');
      } else if (type === 'reconnect') {
        this.#isConnected = true;
        this.#log('info', 'reconnected', 'the broker is back');
        said.clear();
        this.#pulls.anew();
        // The server of Debian 12 may have brought back what was acknowledged.
        void this.#broker.removeOrphans().catch(() => {});
      }
    }
  }

  #log(
    level: WorkerLogEntry['level'],
    event: string,
    message: string,
    fields: Readonly<Record<string, unknown>> = {},
  ): void {
    this.#options.onLog?.({ level, event, message, worker: this.name, ...fields });
  }

  #wakeUp(): void {
    this.#wake?.();
  }

  #untilWoken(): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#wake;
      this.#wake = () => {
        this.#wake = undefined;
        before?.();
        resolve();
      };
    });
  }
}

const handlesMax = 1000;
const maxDeliveriesDefault = 5;
/** Signers whose copies of one function are tried. */
const copiesMax = 100;
const none: ReadonlySet<number> = new Set();

function subjectKey(client: string, batch: string): string {
  return `${client}.${batch}`;
}
