/**
 * One probe per state of a future: each checks every observation of that state. `cancel` belongs to them where it
 * changes nothing.
 */

import { strict as assert } from 'node:assert';
import { CancelledError, type Future, TimeoutError } from 'concurrent-futures';
import { eventually } from './gates.js';

const atOnce = { timeout: 0 };

interface Flags {
  readonly state: Future<unknown>['state'];
  readonly running: boolean;
  readonly done: boolean;
  readonly cancelled: boolean;
}

export function flagsOf(future: Future<unknown>): Flags {
  return { state: future.state, running: future.running(), done: future.done(), cancelled: future.cancelled() };
}

/** Pending: not started, can still be cancelled (which this does not do). */
export async function checkPending(future: Future<unknown>): Promise<void> {
  assert.deepEqual(flagsOf(future), { state: 'pending', running: false, done: false, cancelled: false });
  await checkUndone(future);
}

/** Running: started, and not to be cancelled any more. */
export async function checkRunning(future: Future<unknown>): Promise<void> {
  await knownToRun(future);
  assert.deepEqual(flagsOf(future), { state: 'running', running: true, done: false, cancelled: false });
  assert.equal(future.cancel(), false);
  await checkUndone(future);
}

async function checkUndone(future: Future<unknown>): Promise<void> {
  const { state } = future;
  await assert.rejects(future.result(atOnce), TimeoutError);
  await assert.rejects(future.exception(atOnce), TimeoutError);
  assert.equal(future.toString(), `<Future "${future.name}" state=${state}>`);
  let called = false;
  future.addDoneCallback(() => {
    called = true;
  });
  assert.equal(called, false);
  assert.equal(future.state, state, 'looking changes nothing');
}

/** Cancelled, by whatever means; `cause` is the reason that was given. */
export async function checkCancelled(future: Future<unknown>, cause?: unknown): Promise<void> {
  assert.deepEqual(flagsOf(future), { state: 'cancelled', running: false, done: true, cancelled: true });
  assert.equal(future.cancel(), true);
  assert.equal(future.kill(), true);
  const isIt = (error: unknown): boolean => {
    assert.ok(error instanceof CancelledError);
    assert.equal(error.code, 'CANCELLED');
    assert.equal(error.cause, cause);
    assert.ok(error.message.includes(future.name), 'the message names the task');
    return true;
  };
  await assert.rejects(future.result(atOnce), isIt);
  await assert.rejects(future.exception(atOnce), isIt);
  await assert.rejects(Promise.resolve(future), isIt);
  assert.throws(() => future.resultSync(), isIt);
  assert.equal(future.toString(), `<Future "${future.name}" state=cancelled>`);
  checkCallsBackAtOnce(future);
}

/** Failed with an error that `isIt`. */
export async function checkFailed(future: Future<unknown>, isIt: (error: unknown) => boolean): Promise<void> {
  assert.deepEqual(flagsOf(future), { state: 'finished', running: false, done: true, cancelled: false });
  assert.equal(future.cancel(), false);
  assert.equal(future.kill(), false);
  const error = await future.exception(atOnce);
  assert.ok(isIt(error), `it failed with ${String(error)}`);
  const isSame = (other: unknown): boolean => other === error;
  await assert.rejects(future.result(atOnce), isSame);
  await assert.rejects(Promise.resolve(future), isSame);
  assert.throws(() => future.resultSync(), isSame);
  assert.ok(future.toString().startsWith(`<Future "${future.name}" state=finished raised `), future.toString());
  checkCallsBackAtOnce(future);
}

/** Finished with this value. */
export async function checkSucceeded(future: Future<unknown>, value: unknown): Promise<void> {
  assert.deepEqual(flagsOf(future), { state: 'finished', running: false, done: true, cancelled: false });
  assert.equal(future.cancel(), false);
  assert.equal(future.kill(), false);
  assert.deepEqual(await future.result(atOnce), value);
  assert.equal(await future.exception(atOnce), undefined);
  assert.deepEqual(await future, value);
  assert.deepEqual(future.resultSync(), value);
  assert.ok(future.toString().startsWith(`<Future "${future.name}" state=finished returned `), future.toString());
  checkCallsBackAtOnce(future);
}

function checkCallsBackAtOnce(future: Future<unknown>): void {
  const seen: unknown[] = [];
  future.addDoneCallback((done) => seen.push(done));
  assert.deepEqual(seen.length, 1);
  assert.equal(seen[0], future);
}

/** Once its executor knows that it runs: at once, where the executor can look; a cluster's has to hear of it. */
export async function knownToRun(future: Future<unknown>): Promise<void> {
  await eventually(() => future.running(), `${future} to be known to run`);
}
