/**
 * The seam between decisions and machinery: where workers come from.
 *
 * A pool starts workers, sends them messages, takes tasks back through their claims and ends them; it knows nothing
 * of threads or processes. A new kind of worker is one new implementation of {@link WorkerHost}.
 */

import type { Claims } from '../protocol/claims.js';
import type { FromWorker, PrintsMessage, ToWorker, Transfer } from '../protocol/messages.js';

export type { Transfer } from '../protocol/messages.js';

/** What is known of a worker's end. */
export interface WorkerExit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly outOfMemory: boolean;
  /** The last lines of its standard error. */
  readonly stderr: string;
  /** What it died of, where that is an error: an uncaught exception, a failed spawn. */
  readonly error: unknown;
  /** It was ended and has not ended: a thread in native code, which nothing can interrupt. It does once that returns. */
  readonly livesOn?: boolean;
}

/** What a worker says to its pool. */
export type ToPool = Exclude<FromWorker, PrintsMessage>;

/** `onExit` comes exactly once, and nothing after it. Messages sent before the end come before it. */
export interface WorkerEvents {
  onMessage(message: ToPool): void;
  onExit(exit: WorkerExit): void;
}

export interface WorkerSpec {
  readonly id: number;
  readonly name: string;
}

/** One started worker. */
export interface WorkerLink {
  readonly claims: Claims;
  /** The operating system's process id or Node's thread id; `undefined` where there is neither. */
  readonly systemId: number | undefined;
  /** How much of what was sent is still on its way, where that can be told. */
  readonly unsentBytes?: number;
  /** Whether messages say which calls are lone ones: those that can't tell by themselves when to look out for the next. */
  readonly isToldOfLone?: boolean;
  /** Throws what structured clone throws when the message can't be copied; then nothing was sent. */
  send(message: ToWorker, transfer: readonly Transfer[]): void;
  /** While watched, the worker need not wake this thread, which looks by itself. For those that have a way to look. */
  watch?(isWatched: boolean): void;
  /** Whether the worker, once it has nothing to do, looks out for its next task a moment before it sleeps. */
  lookOut?(isWanted: boolean): void;
  /** Delivers what can be seen without waiting for the event loop. */
  look?(): void;
  /** Delivers what has arrived (messages, an exit) within this call, while the event loop stands still. */
  poll(): void;
  /** Ends the worker now, whatever it does; `onExit` follows. */
  terminate(): void;
}

export interface WorkerHost {
  readonly kind: 'thread' | 'process' | 'inline';
  /** May throw; the pool then counts a failed start. */
  start(spec: WorkerSpec, events: WorkerEvents): WorkerLink;
  /** Whether this very code runs in one of this host's tasks: then that task waits, maybe for ever, for what it submits. */
  isInside?(): boolean;
  /** The task of any such host in which this very code runs. */
  inside?(): { readonly link: WorkerLink; readonly seq: number } | undefined;
  /** Copies as the wire does, to find out which part of a value can't be. */
  copy(value: unknown): unknown;
  /**
   * Blocks this thread until a worker may have something to poll, `timeoutMs` at most.
   * Throws `DeadlockError` where nothing can arrive while this thread blocks.
   */
  block(timeoutMs: number): void;
}
