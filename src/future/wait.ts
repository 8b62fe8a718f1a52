/** Waiting for several futures, of any mix of executors. */

import { TimeoutError } from '../errors.js';
import type { WaitOptions } from './contract.js';
import { beginWait, type Future, hasFailed, onDone } from './future.js';
import { clampTimerMs, timeoutOf } from './timeouts.js';
import { Waiters } from './waiters.js';

/** When {@link wait} returns. */
export type ReturnWhen = 'FIRST_COMPLETED' | 'FIRST_EXCEPTION' | 'ALL_COMPLETED';

const returnWhens: readonly ReturnWhen[] = ['FIRST_COMPLETED', 'FIRST_EXCEPTION', 'ALL_COMPLETED'];

/** What {@link wait} gives: both sets together hold every future that was passed in, once. */
export interface WaitResult<F extends Future<unknown>> {
  readonly done: Set<F>;
  readonly notDone: Set<F>;
}

/**
 * Waits for futures; duplicates count once. Looking at none of their outcomes, it never throws for a failed task, and
 * a `timeout` (milliseconds) that runs out just ends the wait.
 *
 * `returnWhen`: `'ALL_COMPLETED'` (default), `'FIRST_COMPLETED'`, or `'FIRST_EXCEPTION'`, which waits for all if none
 * fails. A cancelled future is done, and is no exception.
 */
export async function wait<F extends Future<unknown>>(
  futures: Iterable<F>,
  options?: WaitOptions & { readonly returnWhen?: ReturnWhen },
): Promise<WaitResult<F>> {
  const all = new Set(futures);
  const limitMs = timeoutOf(options);
  const returnWhen = options?.returnWhen ?? 'ALL_COMPLETED';
  if (!returnWhens.includes(returnWhen)) {
    throw new TypeError(`returnWhen must be one of ${returnWhens.join(', ')}; got ${String(returnWhen)}`);
  }
  const pending = [...all].filter((future) => !future.done());
  const met = (future: Future<unknown>): boolean =>
    returnWhen === 'FIRST_COMPLETED' || (returnWhen === 'FIRST_EXCEPTION' && hasFailed(future));
  const metAlready = [...all].some((future) => future.done() && met(future));
  if (pending.length > 0 && !metAlready) await orDeadlock(firstOf(pending, met, limitMs), pending);
  return split(all);
}

/** Resolves when one future meets the condition, when all are done, or when `limitMs` have passed. */
function firstOf(
  pending: Future<unknown>[],
  met: (future: Future<unknown>) => boolean,
  limitMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    let left = pending.length;
    let withdrawals: (() => void)[] = [];
    const finish = (): void => {
      clearTimeout(timer);
      for (const withdraw of withdrawals) withdraw();
      resolve();
    };
    const timer = Number.isFinite(limitMs) ? setTimeout(finish, clampTimerMs(limitMs)) : undefined;
    withdrawals = pending.map((future) =>
      onDone(future, () => {
        left -= 1;
        if (left === 0 || met(future)) finish();
      }),
    );
  });
}

/** The same, but it fails once it is certain that one of these can never be done while its waiter waits. */
function orDeadlock(ended: Promise<void>, pending: Iterable<Future<unknown>>): Promise<void> {
  const deadlocks = [...pending].map(beginWait).filter((deadlock) => deadlock !== undefined);
  return deadlocks.length === 0 ? ended : Promise.race([ended, ...deadlocks]);
}

function split<F extends Future<unknown>>(all: Set<F>): WaitResult<F> {
  const done = new Set<F>();
  const notDone = new Set<F>();
  for (const future of all) (future.done() ? done : notDone).add(future);
  return { done, notDone };
}

/**
 * What {@link asCompleted} gives. Not the language's own `AsyncIterableIterator`, whose items TypeScript takes for awaited: it
 * would show the value's type instead of the future's, since a future is a thenable. (TypeScript 6 does so for this type, too, in
 * every `for await` over it but a program's first; `next()` has the right type everywhere.)
 */
export interface CompletedFutures<F extends Future<unknown>> {
  next(): Promise<CompletedFuture<F>>;
  return(): Promise<CompletedFuture<F>>;
  [Symbol.asyncIterator](): CompletedFutures<F>;
}

/** One step of {@link CompletedFutures}. */
export type CompletedFuture<F extends Future<unknown>> =
  | { readonly done: false; readonly value: F }
  | { readonly done: true; readonly value: undefined };

/**
 * The futures as they complete, those done already first; duplicates come once.
 *
 * @throws {@link TimeoutError} from the iteration when `timeout` milliseconds, counted from this call, pass before all
 * are done. Yielded futures are not kept, so each can be collected as soon as its reader lets go.
 */
export function asCompleted<F extends Future<unknown>>(
  futures: Iterable<F>,
  options?: WaitOptions,
): CompletedFutures<F> {
  return new AsCompleted(futures, timeoutOf(options));
}

/** Written by hand: an async generator would await each yielded future, since a future is a thenable. */
class AsCompleted<F extends Future<unknown>> implements CompletedFutures<F> {
  readonly #total: number;
  readonly #limitMs: number;
  readonly #deadline: number;
  /** Each unfinished future with the way to withdraw our callback from it. */
  readonly #pending = new Map<F, () => void>();
  /** In order of completion; a set, since taking the first of a long array costs its length. */
  readonly #completed = new Set<F>();
  /** Reads that wait for a completion. */
  readonly #waiters = new Waiters();

  constructor(futures: Iterable<F>, limitMs: number) {
    const all = new Set(futures);
    this.#total = all.size;
    this.#limitMs = limitMs;
    this.#deadline = performance.now() + limitMs;
    for (const future of all) {
      if (future.done()) this.#completed.add(future);
      else this.#pending.set(future, () => {});
    }
    for (const future of this.#pending.keys()) {
      this.#pending.set(
        future,
        onDone(future, () => {
          this.#pending.delete(future);
          this.#completed.add(future);
          this.#waiters.wake();
        }),
      );
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<CompletedFuture<F>> {
    while (this.#completed.size === 0) {
      if (this.#pending.size === 0) return { done: true, value: undefined };
      const leftMs = this.#deadline - performance.now();
      if (leftMs <= 0) throw this.#timedOut();
      await orDeadlock(this.#waiters.wait(leftMs), this.#pending.keys());
    }
    const value = this.#completed.values().next().value as F;
    this.#completed.delete(value);
    return { done: false, value };
  }

  async return(): Promise<CompletedFuture<F>> {
    this.#letGo();
    return { done: true, value: undefined };
  }

  #timedOut(): TimeoutError {
    const unfinished = [...this.#pending.keys()];
    this.#letGo();
    const names = unfinished.slice(0, 3).map((future) => `"${future.name}" (${future.state})`);
    const more = unfinished.length > names.length ? ', …' : '';
    return new TimeoutError(
      `${unfinished.length} (of ${this.#total}) futures unfinished after ${this.#limitMs} ms: ${names.join(', ')}${more}`,
    );
  }

  #letGo(): void {
    for (const withdraw of this.#pending.values()) withdraw();
    this.#pending.clear();
    this.#completed.clear();
    this.#waiters.wake();
  }
}
