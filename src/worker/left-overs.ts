/**
 * What a finished task left behind and what fails while another one runs must not cost the other; and what a worker dies of is
 * told, since of a process nobody else could tell more than its last lines on standard error.
 *
 *   uncaught error ──nobody runs──────────────────────────────────────────► the worker dies of it; the pool reports it
 *                  ├─of a callback older than the running task─────────────► told; the worker goes when its task is done
 *                  └─else─────────────────────────────────────────────────► the worker dies of it, with the task
 *
 * What fails may well be what the running task waits for, so it is held to be so unless its number shows that it is older: Node
 * counts the timers and other resources that it makes. Promises it does not count unless it is made to, which would make all of
 * them slower, so a rejection that nobody handles is always held to be the running task's.
 */

import { executionAsyncId } from 'node:async_hooks';

export interface LeftOverWatch {
  /** Whether a task runs. */
  isRunning(): boolean;
  /** The number of the newest thing that could call back when it began; 0 where that is not known. */
  runningSince(): number;
  tell(error: unknown): void;
  /** The worker is about to die of that. */
  tellDeath(error: unknown): void;
}

/** From now on, errors of what was left behind are told, and no task pays for them. */
export function watchLeftOvers({ isRunning, runningSince, tell, tellDeath }: LeftOverWatch): void {
  process.on('uncaughtExceptionMonitor', (error) => {
    // Tasks may have installed handlers of their own.
    if (process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback()) return;
    const number = executionAsyncId();
    if (!isRunning() || number === 0 || number >= runningSince()) {
      tellDeath(error);
      return;
    }
    // Asked for right after this, and then no longer: a handler there keeps the worker alive.
    process.once('uncaughtException', () => {});
    tell(error);
  });
}
