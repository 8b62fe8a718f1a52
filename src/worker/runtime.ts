/**
 * The worker's side: takes batches, claims each task, runs it, answers.
 *
 *   run ──► backlog ──claim──► revive function ──► run ──► done | failed
 *                      └──lost to a revoke──────────────► revoked
 *
 * Tasks run one at a time, in order. Each is answered before the next is claimed, so that a task which takes the worker
 * down with it takes no finished task's outcome along.
 */

import { ReceivedUnits } from '../functions/received-units.js';
import { type Callable, revive } from '../functions/revive.js';
import type { ImportModule } from '../functions/typescript.js';
import type { Claimant } from '../protocol/claims.js';
import { decodeError, encodeError } from '../protocol/errors.js';
import {
  type CodeDelivery,
  type FromWorker,
  type InitMessage,
  protocolVersion,
  type RowOutcome,
  type ToWorker,
  type Transfer,
} from '../protocol/messages.js';
import type { PortableFunction } from '../protocol/portable.js';
import { notSerializable } from '../protocol/values.js';
import { Backlog, type HandedTask } from './backlog.js';
import type { WorkerScope } from './current.js';
import type { Running } from './left-overs.js';
import { newestResource, RunningTask } from './running-task.js';

/** What a host gives its runtime. */
export interface RuntimeLink {
  readonly claimant: Claimant;
  /** Throws what the wire throws; then nothing was sent. Moves what is given to be moved, where the wire can. */
  send(message: FromWorker, moved?: readonly Transfer[]): void;
  /** No task is about to be claimed: answers that were held back until then must go now. */
  flush?(): void;
  /** Calls back once all that was printed has been taken. */
  flushPrints?(done: () => void): void;
  /** Told how the worker was set up, before anything runs in it. */
  begin?(message: InitMessage): void;
  copy(value: unknown): unknown;
  importModule: ImportModule;
  /** A function that needs no reviving, because this is the thread that it comes from. */
  localFunction(id: number): Callable | undefined;
  /** Calls a function so that `currentTask()` finds the task in it, and, if tracked, what it starts can be told to be its own. */
  runAs(task: RunningTask, fn: Callable, args: readonly unknown[], isTracked: boolean): unknown;
  /** Starts what is of no task, so that what it starts can be told to be so. */
  setUp<T>(start: () => T): T;
  /** Resident memory in bytes; 0 where this worker can't be told from others. */
  residentBytes(): number;
  exit(): void;
}

/** A long batch of synchronous tasks lets timers and messages through now and then. */
const breatheAfterMs = 20;

export class Runtime {
  readonly #link: RuntimeLink;
  readonly #scope: WorkerScope;
  readonly #functions = new Map<number, PortableFunction>();
  readonly #revived = new Map<number, Callable>();
  readonly #units = new ReceivedUnits();
  readonly #backlog = new Backlog();
  #state: 'waiting' | 'running' | 'breathing' = 'waiting';
  #init: InitMessage | undefined;
  #retires = false;
  #current: RunningTask | undefined;
  /** Functions that have given promises: only while one of these runs can anything else fail. */
  readonly #asynchronous = new Set<number>();
  /** Whether the running task is of such a function, as far as is known; also true while a module loads. */
  #isTracked = false;
  /** What {@link newestResource} gave when the claimed task began; 0 for one that was not expected to be asynchronous. */
  #since = 0;
  /** Whether the claimed task's function is being made ready. */
  #isLoading = false;
  #isFlushing = false;
  /** When the running task was claimed, or its module loaded. */
  #startedAt = 0;

  constructor(link: RuntimeLink, scope: WorkerScope) {
    this.#link = link;
    this.#scope = scope;
  }

  receive(message: ToWorker): void {
    switch (message.kind) {
      case 'init':
        void this.#initialize(message);
        return;
      case 'run':
        if (message.code !== undefined) this.#takeCode(message.code);
        this.#backlog.push(message.firstSeq, message.groups);
        this.runBacklog();
        return;
      case 'abort':
        if (this.#current?.seq === message.seq) this.#current.abort(decodeError(message.reason, () => undefined, ''));
        return;
      case 'retire':
        this.#retires = true;
        this.runBacklog();
        return;
      case 'flush':
        this.#flushPrints();
        return;
      default:
        message satisfies never;
    }
  }

  /** Asked again meanwhile, it says that it lives. */
  #flushPrints(): void {
    this.#link.send({ kind: 'flushing' });
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#link.flushPrints?.(() => {
      this.#isFlushing = false;
      this.#link.send({ kind: 'flushed' });
    });
  }

  #takeCode({ functions, units, forget, forgetUnits }: CodeDelivery): void {
    for (const [id, portable] of functions) this.#functions.set(id, portable);
    for (const [id, content] of units) this.#units.add(id, content);
    for (const id of forget) {
      this.#functions.delete(id);
      this.#revived.delete(id);
      this.#asynchronous.delete(id);
    }
    for (const id of forgetUnits) this.#units.delete(id);
  }

  /** Whether it has nothing to do until the next message. */
  get isIdle(): boolean {
    return this.#state === 'waiting' && this.#backlog.isEmpty && !this.#retires;
  }

  /** What it is at, for who has to tell whose a failure is. */
  get running(): Running | undefined {
    const task = this.#current;
    if (task === undefined && !this.#isLoading) return undefined;
    return { task, isTracked: this.#isTracked, since: this.#since };
  }

  /** What an earlier task left behind has failed. */
  tellLeftOver(error: unknown): void {
    this.#link.send({ kind: 'leftOver', error: encodeError(error, (value) => this.#link.copy(value)) });
  }

  /** The worker dies of that. Whatever goes wrong with saying so must not become what it dies of. */
  tellDeath(error: unknown): void {
    try {
      this.#link.send({ kind: 'dying', error: encodeError(error, (value) => this.#link.copy(value)) });
    } catch {
      // Too long, or no memory left for it: standard error has it, too.
    }
  }

  /** Whether tasks wait only for the event loop to have had its turn. */
  get isBreathing(): boolean {
    return this.#state === 'breathing';
  }

  /** Runs what is there until it is done or a task has to be waited for. */
  runBacklog(): void {
    if (this.#state === 'running' || this.#init === undefined) return;
    this.#state = 'running';
    const breatheAt = performance.now() + breatheAfterMs;
    for (let entry = this.#backlog.shift(); entry !== undefined; entry = this.#backlog.shift()) {
      const pending = this.#runEntry(entry);
      if (pending !== undefined) {
        void pending.then(() => this.#resume());
        return;
      }
      if (performance.now() > breatheAt && !this.#backlog.isEmpty) {
        this.#state = 'breathing';
        this.#link.flush?.();
        setImmediate(() => {
          if (this.#state === 'breathing') this.runBacklog();
        });
        return;
      }
    }
    this.#state = 'waiting';
    this.#link.flush?.();
    if (this.#retires) this.#link.exit();
  }

  /** Ends the running task's signal; for a host that has no other way to stop it. */
  abandon(): void {
    this.#backlog.clear();
    this.#current?.abort(undefined);
  }

  #resume(): void {
    this.#state = 'waiting';
    this.runBacklog();
  }

  async #initialize(message: InitMessage): Promise<void> {
    try {
      if (message.version !== protocolVersion)
        throw new Error(`worker speaks version ${protocolVersion}, not ${message.version}`);
      this.#link.begin?.(message);
      const { initializer } = message;
      if (initializer !== undefined) {
        for (const [id, content] of initializer.units) this.#units.add(id, content);
        await this.#link.setUp(async () => (await this.#revive(initializer.function))(...initializer.args));
      }
    } catch (error) {
      this.#link.send({ kind: 'broken', error: encodeError(error, (value) => this.#link.copy(value)) });
      return;
    }
    this.#init = message;
    this.#link.send({ kind: 'ready', version: protocolVersion });
    this.runBacklog();
  }

  /** Runs one task; a promise only when it has to be waited for. */
  #runEntry(entry: HandedTask): Promise<void> | undefined {
    const { seq, functionId } = entry;
    const known = this.#revived.get(functionId) ?? this.#link.localFunction(functionId);
    if (!this.#link.claimant.claim(seq, known === undefined)) {
      this.#link.send({ kind: 'revoked', seq });
      return undefined;
    }
    this.#startedAt = performance.now();
    try {
      const result = known === undefined ? this.#load(entry) : this.#call(known, entry);
      if (isThenable(result)) {
        this.#asynchronous.add(functionId);
        return Promise.resolve(result).then(
          (value) => this.#answer(seq, value),
          (error: unknown) => this.#fail(seq, error),
        );
      }
      this.#answer(seq, result);
    } catch (error) {
      this.#fail(seq, error);
    }
    return undefined;
  }

  #call(fn: Callable, entry: HandedTask): unknown {
    const { seq, name, attempt, isChunk, values, context } = entry;
    const workerId = this.#init?.workerId ?? 0;
    const task = new RunningTask({ seq, name, attempt, workerId, context: context ?? noContext }, (progress) =>
      this.#link.send({ kind: 'report', seq, progress }),
    );
    this.#current = task;
    const isTracked = isChunk || this.#asynchronous.has(entry.functionId) || isAsync(fn);
    this.#isLoading = false;
    this.#isTracked = isTracked;
    this.#since = isTracked ? newestResource() : 0;
    if (isChunk)
      return this.#link.runAs(task, () => this.#applyToRows(fn, values as readonly unknown[][]), [], isTracked);
    return this.#link.runAs(task, fn, values, isTracked);
  }

  async #applyToRows(fn: Callable, rows: readonly (readonly unknown[])[]): Promise<RowOutcome[]> {
    const outcomes: RowOutcome[] = [];
    for (const [i, row] of rows.entries()) {
      try {
        const made = fn(...row);
        const value = isThenable(made) ? await made : made;
        this.#check(value, 'result');
        outcomes[i] = { ok: true, value };
      } catch (error) {
        outcomes[i] = { ok: false, error: encodeError(error, (value) => this.#link.copy(value)) };
      }
    }
    return outcomes;
  }

  /** One bad row must not cost the chunk: what can't be copied is found here, where its row is known. */
  #check(value: unknown, root: string): void {
    if ((typeof value !== 'object' || value === null) && typeof value !== 'function' && typeof value !== 'symbol')
      return;
    try {
      this.#link.copy(value);
    } catch (cause) {
      throw notSerializable(value, root, cause, (part) => this.#link.copy(part));
    }
  }

  /** Makes the task's function ready to be called for the first time, and calls it. */
  #load(entry: HandedTask): unknown {
    const { functionId: id } = entry;
    const portable = this.#functions.get(id) as PortableFunction;
    this.#isLoading = true;
    this.#isTracked = true;
    this.#since = newestResource();
    const loaded = (fn: Callable): unknown => {
      this.#revived.set(id, fn);
      this.#link.claimant.loaded();
      this.#startedAt = performance.now();
      return this.#call(fn, entry);
    };
    const made = this.#link.setUp(() => this.#revive(portable));
    return made instanceof Promise ? made.then(loaded) : loaded(made);
  }

  #revive(portable: PortableFunction): Callable | Promise<Callable> {
    const { importModule } = this.#link;
    return this.#importing(portable, () => revive(portable, { importModule, unit: (id) => this.#units.get(id) }));
  }

  /** Marks the time during which a task's module is evaluated. */
  #importing<T>(portable: PortableFunction, start: () => T | Promise<T>): T | Promise<T> {
    if (portable.kind !== 'reference') return start();
    this.#scope.importing = portable.url;
    const done = (): void => {
      this.#scope.importing = undefined;
    };
    return (start() as Promise<T>).finally(done);
  }

  #answer(seq: number, value: unknown): void {
    const moved = this.#current?.moved;
    this.#leave();
    try {
      this.#link.send({ kind: 'done', seq, value, ms: performance.now() - this.#startedAt }, moved);
    } catch (cause) {
      this.#fail(
        seq,
        notSerializable(value, 'result', cause, (part) => this.#link.copy(part)),
      );
      return;
    }
    this.#weigh();
  }

  #fail(seq: number, error: unknown): void {
    this.#leave();
    const encoded = encodeError(error, (value) => this.#link.copy(value));
    this.#link.send({ kind: 'failed', seq, error: encoded, ms: performance.now() - this.#startedAt });
    this.#weigh();
  }

  /** The task is over before it is answered: an answer that can't be sent must not be given inside of it. */
  #leave(): void {
    if (this.#current !== undefined) this.#current.isOver = true;
    this.#current = undefined;
    this.#isLoading = false;
  }

  #weigh(): void {
    const limit = this.#init?.maxMemory ?? 0;
    if (limit === 0) return;
    const residentBytes = this.#link.residentBytes();
    if (residentBytes > limit) this.#link.send({ kind: 'heavy', residentBytes });
  }
}

const noContext = Object.freeze({});
const AsyncFunction = (async () => {}).constructor;

function isAsync(fn: Callable): boolean {
  return fn instanceof AsyncFunction;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
