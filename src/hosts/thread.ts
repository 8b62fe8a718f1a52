/**
 * Workers in threads of this process.
 *
 *   this thread ──MessagePort──► worker ──shared outcomes, MessagePort, pool's words──► this thread
 *               ◄──claims: shared words──►
 *
 * The pool's words let a blocked reader (`resultSync`) sleep until any worker of the pool has sent something, and tell workers
 * whether a core is free to look out for their next task on (look-out.ts).
 */

import { fstatSync } from 'node:fs';
import { devNull } from 'node:os';
import {
  MessageChannel,
  type MessagePort,
  type ResourceLimits,
  receiveMessageOnPort,
  Worker,
  type WorkerOptions,
} from 'node:worker_threads';
import threadSource from 'worker-source:thread-main';
import type { Transfer, WorkerEvents, WorkerExit, WorkerHost, WorkerLink, WorkerSpec } from '../pool/host.js';
import { SharedClaims } from '../protocol/claims.js';
import type { ToWorker } from '../protocol/messages.js';
import { OutcomeRing } from '../protocol/outcomes.js';
import { LifeWords, MailWords, PoolWords, type ThreadData, threadDataKey } from '../protocol/thread-data.js';
import { inheritedExecArgv } from './exec-argv.js';
import { Printer } from './last-prints.js';
import { type FromWire, OrderedAnswers } from './ordered-answers.js';
import { checkPermissions } from './permissions.js';
import { StderrTail } from './stderr-tail.js';

/** Options of thread workers, as `node:worker_threads` has them. */
export interface ThreadSettings {
  readonly resourceLimits: ResourceLimits | undefined;
  readonly env: NodeJS.ProcessEnv | typeof import('node:worker_threads').SHARE_ENV | undefined;
  readonly execArgv: readonly string[] | undefined;
  readonly stdout: boolean | 'stderr';
  readonly stderr: boolean;
  /** How many threads can really run at a time. */
  readonly cores: number;
}

export class ThreadHost implements WorkerHost {
  readonly kind = 'thread';
  readonly #settings: ThreadSettings;
  readonly #buffer = new SharedArrayBuffer(PoolWords.byteLength);
  readonly #pool = new PoolWords(this.#buffer);
  /** Given up, and not ended yet. */
  readonly #abandoned = new Set<ThreadLink>();

  constructor(settings: ThreadSettings) {
    checkPermissions('threads', [
      ['worker', '--allow-worker'],
      // Each thread holds it open, so that its end is seen.
      ['fs.read', '--allow-fs-read', devNull],
    ]);
    this.#settings = settings;
  }

  start(spec: WorkerSpec, events: WorkerEvents): WorkerLink {
    const { size } = this.#abandoned;
    if (size < abandonedPerCore * this.#settings.cores)
      return new ThreadLink(spec, events, this.#settings, this.#buffer, this.#abandoned);
    throw new Error(
      `${size} threads that had to be ended are still in native code, which can't be interrupted; no more are started. ProcessPoolExecutor can end it`,
    );
  }

  copy(value: unknown): unknown {
    return structuredClone(value);
  }

  block(timeoutMs: number): void {
    // Sleeps only while nothing has come since the last look: what comes between the look and the sleep changes the word.
    this.#pool.waitForStir(timeoutMs);
  }
}

/** Whose descriptor is whose: a number that a younger worker has, too, was closed by the older one's end. */
const descriptorOwners = new Map<number, ThreadLink>();
let births = 0;
/** An ended thread is gone in some milliseconds, unless it is in native code (a synchronous child process, a query, a large file): nobody waits for that. */
const endGraceMs = 2000;
/** More of these, for each core, are not added to: whoever loses so many would go on until nothing is left. */
const abandonedPerCore = 4;

class ThreadLink implements WorkerLink {
  readonly claims: SharedClaims;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #answers: OrderedAnswers;
  readonly #mail: MailWords;
  readonly #pool: PoolWords;
  readonly #events: WorkerEvents;
  readonly #life: LifeWords;
  readonly #stderr: StderrTail;
  readonly #printer: Printer;
  readonly #birth = ++births;
  readonly #abandoned: Set<ThreadLink>;
  #error: unknown;
  /** By `performance.now()`. */
  #terminatedAt: number | undefined;
  #giveUp: NodeJS.Timeout | undefined;
  #isGone = false;

  constructor(
    spec: WorkerSpec,
    events: WorkerEvents,
    settings: ThreadSettings,
    pool: SharedArrayBuffer,
    abandoned: Set<ThreadLink>,
  ) {
    this.#abandoned = abandoned;
    const claims = new SharedArrayBuffer(SharedClaims.byteLength);
    const outcomes = new SharedArrayBuffer(OutcomeRing.byteLength);
    const life = new SharedArrayBuffer(LifeWords.byteLength);
    const mail = new SharedArrayBuffer(MailWords.byteLength);
    const { port1, port2 } = new MessageChannel();
    const { stdout, stderr, cores } = settings;
    const data: ThreadData = { port: port2, claims, outcomes, pool, mail, cores, life, stdout, stderr };
    this.#pool = new PoolWords(pool);
    this.#mail = new MailWords(mail);
    this.claims = new SharedClaims(claims);
    this.#answers = new OrderedAnswers(new OutcomeRing(outcomes), (message) => {
      if (this.#isGone) return;
      if (message.kind === 'flushing' || message.kind === 'flushed') this.#printer.heard(message.kind);
      else events.onMessage(message);
    });
    this.#life = new LifeWords(life);
    this.#events = events;
    this.#port = port1;
    this.#worker = startWorker(settings.execArgv, {
      eval: true,
      name: spec.name,
      workerData: { [threadDataKey]: data },
      transferList: [port2],
      ...(settings.resourceLimits && { resourceLimits: settings.resourceLimits }),
      ...(settings.env && { env: settings.env }),
    });
    // Node itself passes it on.
    this.#stderr = new StderrTail(this.#worker.stderr, undefined);
    this.#worker.on('error', (error) => {
      this.#error = error;
    });
    this.#worker.on('exit', (code) => {
      abandoned.delete(this);
      if (this.#isGone) return;
      this.#drain();
      this.#end(code);
    });
    port1.on('message', (message: FromWire) => {
      this.#answers.receive(message);
      // What else is there comes cheaper by the handful than one event each.
      this.#drain();
    });
    port1.on('messageerror', (error) => this.#answers.unreadable(error));
    port1.unref();
    this.#worker.unref();
    this.#printer = new Printer({
      ask: () => this.send({ kind: 'flush' }, []),
      hold: (isHeld) => (isHeld ? port1.ref() : port1.unref()),
    });
  }

  get systemId(): number | undefined {
    return this.#worker.threadId;
  }

  send(message: ToWorker, transfer: readonly Transfer[]): void {
    this.#port.postMessage(message, transfer as Transfer[]);
    this.#mail.put();
    if (message.kind === 'run') this.#printer.mayPrint();
  }

  watch(isWatched: boolean): void {
    this.#answers.watch(isWatched);
  }

  lookOut(isWanted: boolean): void {
    this.#pool.looksOut = isWanted;
  }

  look(): void {
    this.#answers.look();
  }

  poll(): void {
    this.#drain();
    if (this.#isGone) return;
    if (this.#isAlive()) {
      if (performance.now() - (this.#terminatedAt ?? Number.POSITIVE_INFINITY) >= endGraceMs) this.#end(null, true);
      return;
    }
    // It may have said something between the look at its port and its end.
    this.#drain();
    this.#end(this.#life.exitCode ?? null);
    this.terminate();
  }

  terminate(): void {
    void this.#worker.terminate();
    if (this.#isGone || this.#terminatedAt !== undefined) return;
    this.#terminatedAt = performance.now();
    this.#giveUp = setTimeout(() => this.#end(null, true), endGraceMs);
    this.#giveUp.unref();
  }

  #drain(): void {
    this.#answers.look();
    for (let next = this.#nextMessage(); next !== undefined; next = this.#nextMessage()) this.#answers.receive(next);
  }

  #nextMessage(): FromWire | undefined {
    for (;;) {
      try {
        return receiveMessageOnPort(this.#port)?.message as FromWire | undefined;
      } catch (error) {
        this.#answers.unreadable(error);
      }
    }
  }

  #isAlive(): boolean {
    const { descriptor } = this.#life;
    if (descriptor === undefined) return true;
    const owner = descriptorOwners.get(descriptor);
    if (owner === undefined || owner.#birth < this.#birth) descriptorOwners.set(descriptor, this);
    else if (owner !== this) return false;
    try {
      fstatSync(descriptor);
      return true;
    } catch {
      return false;
    }
  }

  #end(exitCode: number | null, livesOn = false): void {
    if (this.#isGone) return;
    this.#isGone = true;
    if (livesOn) this.#abandoned.add(this);
    clearTimeout(this.#giveUp);
    this.#printer.end();
    if (this.#mail.isAwake) this.#pool.sleep();
    this.#port.close();
    const { descriptor } = this.#life;
    if (descriptor !== undefined && descriptorOwners.get(descriptor) === this) descriptorOwners.delete(descriptor);
    const code = (this.#error as { code?: unknown } | undefined)?.code;
    const exit: WorkerExit = {
      exitCode,
      signal: null,
      outOfMemory: code === 'ERR_WORKER_OUT_OF_MEMORY' || (exitCode === null && this.#terminatedAt === undefined),
      stderr: this.#stderr.lastLines,
      error: this.#error,
      livesOn,
    };
    this.#events.onExit(exit);
  }
}

/** What Node would not let a worker have of this process's options, as it said; each is asked for once. */
const refusedOptions = new Set<string>();

/** A thread takes this process's options over by itself; only where some must not be, the rest is listed. */
function startWorker(wanted: readonly string[] | undefined, options: WorkerOptions): Worker {
  const inherited = inheritedExecArgv();
  if (wanted !== undefined) return new Worker(threadSource, { ...options, execArgv: [...wanted] });
  if (inherited.length === process.execArgv.length) return new Worker(threadSource, options);
  for (;;) {
    const execArgv = inherited.filter((option) => !refusedOptions.has(option));
    try {
      return new Worker(threadSource, { ...options, execArgv });
    } catch (error) {
      // Options of V8 and of the whole process hold for its threads anyway, but may not be listed.
      const { code, message } = error as NodeJS.ErrnoException;
      const refused = execArgv.filter((option) => message.includes(option));
      if (code !== 'ERR_WORKER_INVALID_EXEC_ARGV' || refused.length === 0) throw error;
      for (const option of refused) refusedOptions.add(option);
    }
  }
}
