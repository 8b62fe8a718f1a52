/** Whether what became of a task is what the soak can predict, from what was submitted and who interfered. */

import { strict as assert } from 'node:assert';
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CancelledError, ExecutorError, type Future, TimeoutError } from 'concurrent-futures';
import { root } from '../contract/own-tmp.js';
import type { Order } from './recipes.js';

/** A submitted task, and who has interfered with it. */
export interface Submitted {
  readonly id: number;
  readonly recipe: string;
  readonly order: Order;
  readonly future: Future<unknown>;
  readonly controller: AbortController | undefined;
  /** `cancel()` was true: it must not have started. */
  wasCancelled: boolean;
  /** It was killed or its signal aborted before it was done, for this reason. */
  stoppedFor: Error | undefined;
}

/** What happened to an executor as a whole. */
export interface Circumstances {
  /** Workers that were killed from outside; each may cost one task, not more. */
  kills: number;
  hadKills: boolean;
  readonly hasQueueLimit: boolean;
  /** Its shutdown cancelled what had not started. */
  wasCancelling: boolean;
  /** Its shutdown stopped these when its limit was over. */
  readonly unfinished: Set<Future<unknown>>;
  shutdownBegan: boolean;
  /** A task that is over left a timer behind that throws. */
  hadLeftOvers: boolean;
}

/** Which tasks have started, how often: a file, since that survives the death of whoever wrote it. */
export class Starts {
  readonly path: string;
  static #count = 0;

  constructor() {
    Starts.#count += 1;
    this.path = join(root, `starts-${Starts.#count}`);
    appendFileSync(this.path, '');
  }

  mark(id: number): string {
    return `${this.path}#${id}`;
  }

  /** Once everything has ended that could start. */
  take(): Map<number, number> {
    const counts = new Map<number, number>();
    for (const line of readFileSync(this.path, 'utf8').split('\n').slice(0, -1)) {
      const id = Number(line);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    rmSync(this.path);
    return counts;
  }
}

/** Asserts that a future that is done is so rightly; gives what to count it as. */
export async function judge(task: Submitted, starts: number, around: Circumstances): Promise<string> {
  const { future, order } = task;
  assert.ok(future.done(), 'it is done');
  checkStarts(task, starts);
  if (future.cancelled()) {
    const [{ reason }] = (await Promise.allSettled([future])) as [PromiseRejectedResult];
    return judgeCancelled(task, reason, starts, around);
  }
  assert.ok(!task.wasCancelled && task.stoppedFor === undefined, 'it was stopped, but is not cancelled');
  const error = (await future.exception()) as Record<string, unknown> | undefined;
  if (error !== undefined && isCollateral(task, error, around)) return 'lost to a kill from outside';
  // Which of its attempts the kill has cost is not to be known.
  if (order.options?.retries !== undefined && around.hadKills) return 'retried, with kills from outside';
  const { expected } = order;
  if (expected.kind === 'value') {
    if (error !== undefined) throw error;
    expected.check(await future);
    if (!order.isUnmarked) assert.ok(starts > 0, 'it has a value, and never started');
    return 'value';
  }
  assert.equal(expected.kind, 'error', 'it can only have been stopped');
  if (error === undefined) assert.fail(`it has a value: ${String(await future)}`);
  const code = error instanceof ExecutorError ? error.code : '';
  if (expected.kind === 'error') {
    if (code !== expected.code) throw error;
    expected.check?.(error);
  }
  return code === '' ? "the task's own error" : code;
}

function checkStarts({ order, wasCancelled }: Submitted, starts: number): void {
  const { retries = 0 } = order.options ?? {};
  const most = 1 + (typeof retries === 'number' ? retries : retries.times);
  assert.ok(starts <= most, `it started ${starts} times`);
  if (wasCancelled) assert.equal(starts, 0, 'cancel() was true, and it started');
}

function judgeCancelled(task: Submitted, error: unknown, starts: number, around: Circumstances): string {
  assert.ok(error instanceof CancelledError, String(error));
  if (task.wasCancelled) return 'cancelled';
  if (task.stoppedFor !== undefined) {
    assert.equal(error.cause, task.stoppedFor, 'the reason');
    return 'killed or aborted';
  }
  if (around.unfinished.has(task.future) && error.cause instanceof TimeoutError) return 'stopped by a shutdown';
  assert.ok(around.wasCancelling, `nobody has cancelled it (${String(error)}; cause: ${String(error.cause)})`);
  if (task.order.options?.retries === undefined) assert.equal(starts, 0, 'cancelFutures, and it started');
  return 'cancelled by a shutdown';
}

/** The task that a worker ran when it was killed from outside: one for each kill. */
function isCollateral(task: Submitted, error: Record<string, unknown>, around: Circumstances): boolean {
  if (!(error instanceof ExecutorError) || error.code !== 'WORKER_LOST') return false;
  const isTransfer = task.order.options?.transfer !== undefined;
  if (isTransfer && /ended before it started/.test(error.message)) return around.hadLeftOvers || around.kills > 0;
  return task.recipe !== 'SIGKILL' && paysForKill(error, around);
}

export function paysForKill(error: unknown, around: Circumstances): boolean {
  if (!(error instanceof ExecutorError) || (error as { signal?: unknown }).signal !== 'SIGKILL') return false;
  around.kills -= 1;
  return around.kills >= 0;
}
