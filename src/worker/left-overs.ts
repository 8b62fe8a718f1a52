/**
 * What a finished task left behind and what fails while another one runs must not cost the other; and what a worker dies of is
 * told, since of a process nobody else could tell more than its last lines on standard error.
 *
 *   uncaught error ──nobody runs───────────────────────────────────────────► the worker dies of it; the pool reports it
 *                  ├─not born in the running task────────────────────────────► told; the worker goes when its task is done
 *                  └─else──────────────────────────────────────────────────► the worker dies of it, with the task
 *
 * Where it was born is known from the async context: asynchronous tasks have one each, and modules and the initializer share
 * one ({@link IsolateScope}). Synchronous tasks have none, nor has the first call of a function that only turns out to be
 * asynchronous. What modules and the initializer started (a connection) the running task may well wait for, so of that, only
 * what Node's numbers show to be older than the task is not held to be the task's own; rejections have no numbers.
 */

import { executionAsyncId } from 'node:async_hooks';
import type { Owner } from './isolate-scope.js';
import type { RunningTask } from './running-task.js';

export interface LeftOverWatch {
  /** What the worker is at; undefined while no task is. */
  running(): Running | undefined;
  /** In whose context the current code was started. */
  owner(): Owner | undefined;
  tell(error: unknown): void;
  /** The worker is about to die of that. */
  tellDeath(error: unknown): void;
}

export interface Running {
  /** Undefined while its module loads. */
  readonly task: RunningTask | undefined;
  /** Whether what it starts has a context: its own, or while its module loads that of modules. */
  readonly isTracked: boolean;
  /** The number of the newest thing that could call back when it began; 0 where that is not known. */
  readonly since: number;
}

/** From now on, errors of what was left behind are told, and no task pays for them. */
export function watchLeftOvers({ running, owner, tell, tellDeath }: LeftOverWatch): void {
  process.on('uncaughtExceptionMonitor', (error, origin) => {
    // Tasks may have installed handlers of their own.
    if (process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback()) return;
    const current = running();
    if (current === undefined || isOwn(current, owner(), origin)) {
      tellDeath(error);
      return;
    }
    // Asked for right after this, and then no longer: a handler there keeps the worker alive.
    process.once('uncaughtException', () => {});
    tell(error);
  });
}

function isOwn({ task, isTracked, since }: Running, owner: Owner | undefined, origin: string): boolean {
  if (owner !== undefined && owner !== 'set-up') return owner === task;
  if (origin === 'unhandledRejection') return owner === 'set-up' || !isTracked;
  const number = executionAsyncId();
  return number === 0 || number >= since;
}
