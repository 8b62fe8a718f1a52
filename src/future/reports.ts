/** What is said of a future that is cancelled, waited for in vain, or set twice. */

import { CancelledError, InvalidStateError, TimeoutError } from '../errors.js';
import type { Future } from './future.js';

export function waitTimedOut(future: Future<unknown>, limitMs: number): TimeoutError {
  return new TimeoutError(
    `task "${future.name}" was not done within ${limitMs} ms (it is ${future.state}); only the waiting has ended: ` +
      'cancel() or kill() the future, or give the task a timeout, to stop it',
  );
}

export function cancelledError(future: Future<unknown>, reason: unknown): CancelledError {
  const options = reason === undefined ? undefined : { cause: reason };
  return new CancelledError(`task "${future.name}" was cancelled`, options);
}

export function alreadySet(future: Future<unknown>): InvalidStateError {
  return new InvalidStateError(`the future's state was set already: ${future.toString()}`);
}

export function reportCallbackError(future: Future<unknown>, error: unknown): void {
  const stack = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  process.emitWarning(`exception calling a done callback of ${future.toString()}`, {
    type: 'DoneCallbackError',
    code: 'CF_DONE_CALLBACK',
    detail: stack,
  });
}

export function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return value.constructor?.name || 'object';
}
