/**
 * What a finished task left behind and what fails while another one runs must not cost the other.
 *
 *   uncaught error ──nobody runs──────────────────────────────────────────► the worker dies of it; the pool reports it
 *                  ├─a promise's, or of a timer older than the running task► told; the worker goes when its task is done
 *                  └─else─────────────────────────────────────────────────► the worker dies of it, with the task
 *
 * A rejection that nobody handles is nobody's: what the running task awaits it handles. A callback that throws may well have
 * been what the running task waits for, so it is held to be so unless its number shows that it is older: Node counts the
 * timers and other resources that it makes.
 */

import { AsyncResource, executionAsyncId } from 'node:async_hooks';

export interface LeftOverWatch {
  /** Whether a task runs. */
  isRunning(): boolean;
  /** The number that {@link newestResource} gave when it began; 0 where that is not known. */
  runningSince(): number;
  tell(error: unknown): void;
}

/** The number of the newest thing that can call back. */
export function newestResource(): number {
  return new AsyncResource('concurrent-futures.Task').asyncId();
}

/** From now on, errors of what was left behind are told, and no task pays for them. */
export function watchLeftOvers({ isRunning, runningSince, tell }: LeftOverWatch): void {
  process.on('uncaughtExceptionMonitor', (error, origin) => {
    // Tasks may have installed handlers of their own.
    if (!isRunning() || process.listenerCount('uncaughtException') > 0) return;
    const number = executionAsyncId();
    const isOlder = number > 0 && number < runningSince();
    if (origin !== 'unhandledRejection' && !isOlder) return;
    // Asked for right after this, and then no longer: a handler there keeps the worker alive.
    process.once('uncaughtException', () => {});
    tell(error);
  });
}
