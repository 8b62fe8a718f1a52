/** What a task is given to go by, from `executor.with(options)`; checked and complete. */

import type { Transfer } from './host.js';

/** When and how a failed task is run again. */
export interface RetryPolicy {
  /** How often a task may be run again. */
  readonly times: number;
  /** The wait before the first re-run in milliseconds; it doubles with each. */
  readonly backoff: number;
  /** No wait is longer, in milliseconds. */
  readonly maxBackoff: number;
  /** Whether that failure of that attempt (from 1) is worth another. */
  readonly retryOn: (error: unknown, attempt: number) => boolean;
}

/** A task's options, checked and complete. */
export interface TaskSettings {
  readonly name: string | undefined;
  /** Run time in milliseconds, counted from the start; `Infinity` for no limit. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly priority: number;
  readonly retry: RetryPolicy | undefined;
  readonly transfer: readonly Transfer[];
  /** Whose values are sent along, by name. */
  readonly context: ContextReader | undefined;
  /** Called with what the task passes to `currentTask().report()`, and the task's name. */
  readonly onReport: ((progress: unknown, name: string) => void) | undefined;
}

/** Gives what some `AsyncLocalStorage`s hold now, by name. */
export interface ContextReader {
  read(): Readonly<Record<string, unknown>>;
}
