/** A task's error arrives as itself, whatever it is. */

import { strict as assert } from 'node:assert';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { type Executor, ExecutorError, type Future, RemoteError, TimeoutError, wait } from 'concurrent-futures';
import { pooled } from './executors.js';
import { timeOutOnOne } from './fixtures/aware.js';
import {
  divmod,
  fail,
  failAborted,
  failFrozen,
  failLater,
  failPicky,
  failWithCauses,
  failWithClassNamed,
  failWithCycle,
  failWithHostileField,
  failWithLocalClass,
  failWithUncopyableField,
  PickyError,
  readMissing,
  throwValue,
  ZeroDivisionError,
} from './fixtures/errors.js';
import { pow } from './fixtures/tasks.js';
import { contract } from './harness.js';

contract('a built-in error arrives with its class and message', async ({ executor }) => {
  for (const task of [fail, failLater]) {
    const error = await executor.submit(task, 'the message').exception();
    assert.ok(error instanceof RangeError);
    assert.equal(error.message, 'the message');
    assert.equal(error.name, 'RangeError');
  }
});

contract('an error of a class that the module exports arrives as that class, with its fields', async ({ executor }) => {
  const error = await executor.submit(divmod, 5, 0).exception();
  assert.ok(error instanceof ZeroDivisionError);
  assert.deepEqual([error.name, error.message, error.dividend], ['ZeroDivisionError', 'division by zero', 5]);
});

contract('a class whose constructor wants more than a message is no obstacle', async ({ executor }) => {
  const error = await executor.submit(failPicky).exception();
  assert.ok(error instanceof PickyError);
  assert.deepEqual([error.message, error.detail], ['picky', { code: 'picky' }]);
  assert.equal(await executor.submit(pow, 2, 2), 4);
});

contract('an error of a class unknown here arrives as a RemoteError with all else', { on: pooled }, async (scene) => {
  const error = await scene.executor.submit(failWithLocalClass).exception();
  assert.ok(error instanceof RemoteError && error instanceof ExecutorError);
  assert.equal(error.name, 'LocalError');
  assert.equal(error.message, 'only I know my class');
  assert.match(error.stack ?? '', /failWithLocalClass/);
  const { detail, code } = error as unknown as { detail: unknown; code: unknown };
  assert.deepEqual(detail, { rows: [1, 2] });
  assert.equal(code, 'E_LOCAL');
});

contract("this library's own errors arrive as themselves", async ({ executor }) => {
  const error = await executor.submit(timeOutOnOne, 1).exception();
  assert.ok(error instanceof TimeoutError);
  assert.deepEqual([error.name, error.code, error.message], ['TimeoutError', 'TIMEOUT', 'from the task']);
});

contract('cause and errors arrive, as deep as they go', async ({ executor }) => {
  const error = await executor.submit(failWithCauses).exception();
  assert.ok(error instanceof AggregateError);
  assert.equal(error.message, 'the top');
  const [middle, second, third] = error.errors as unknown[];
  assert.ok(middle instanceof Error && middle.message === 'the middle');
  assert.ok(second instanceof ZeroDivisionError);
  assert.equal(third, 'a text');
  assert.equal(error.cause, middle, 'the same error is the same object');
  assert.ok(middle.cause instanceof TypeError && middle.cause.message === 'the root');
});

contract('an error that is its own cause arrives so', async ({ executor }) => {
  const error = await executor.submit(failWithCycle).exception();
  assert.ok(error instanceof Error);
  assert.equal(error.cause, error);
});

contract('what was thrown and is no error arrives as it is', async ({ executor }) => {
  for (const value of [undefined, null, 0, '', false, Number.NaN, 'a text', { rows: [1] }, 42n]) {
    const future = executor.submit(throwValue, value);
    const outcome = await future.then(
      () => ({ ok: true }),
      (reason: unknown) => ({ ok: false, reason }),
    );
    assert.deepEqual(outcome, { ok: false, reason: value });
    assert.equal(future.state, 'finished');
    assert.equal(await executor.submit(pow, 2, 2), 4);
  }
});

contract('a falsy thing thrown still counts as a failure for the stats', async ({ executor }) => {
  await executor.submit(throwValue, 0).exception();
  assert.equal(executor.stats().failed, 1);
});

contract('the stack shows where it was thrown and then where it was submitted', async ({ executor }) => {
  async function submitHere(): Promise<unknown> {
    return await executor.submit(fail, 'no').exception();
  }
  const error = (await submitHere()) as Error;
  const stack = error.stack ?? '';
  const thrown = stack.indexOf('fixtures/errors.js');
  const submitted = stack.indexOf('errors.test.ts');
  assert.match(stack, /^RangeError: no\n/);
  assert.ok(thrown > 0, stack);
  assert.ok(submitted > thrown, stack);
  assert.ok(stack.includes('submitHere'), stack);
  assert.ok(inspect(error).includes('fixtures/errors.js'), 'and printing it shows it');
});

contract('tasks that fail alike give errors of their own', async ({ executor }) => {
  const futures = [1, 2, 3].map(() => executor.submit(fail, 'no'));
  const errors = await Promise.all(futures.map((future) => future.exception()));
  assert.equal(new Set(errors).size, 3);
  for (const error of errors) {
    const stack = (error as Error).stack ?? '';
    assert.equal(stack.split('RangeError: no').length, 2, `one error's stack holds one error: ${stack}`);
  }
});

contract('an error of the system keeps its code', async ({ executor }) => {
  const error = (await executor.submit(readMissing, '/nonexistent/file').exception()) as NodeJS.ErrnoException;
  assert.ok(error instanceof Error);
  assert.deepEqual([error.code, error.syscall, error.path], ['ENOENT', 'open', '/nonexistent/file']);
});

contract('a class may go by the name of anything', async ({ executor }) => {
  for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty', 'default', 'localStorage', 'Object']) {
    const error = await executor.submit(failWithClassNamed, name).exception();
    assert.ok(error instanceof RemoteError, name);
    assert.deepEqual([error.name, error.message], [name, 'of an odd class']);
  }
});

contract('a DOMException keeps its name', async ({ executor }) => {
  const error = await executor.submit(failAborted).exception();
  assert.ok(error instanceof DOMException);
  assert.deepEqual([error.name, error.message], ['AbortError', 'stop it']);
});

contract('a field that cannot be copied costs that field alone', async ({ executor }) => {
  const error = await executor.submit(failWithUncopyableField).exception();
  assert.ok(error instanceof RangeError);
  assert.equal(error.message, 'has a function');
  assert.equal((error as unknown as { rows: number }).rows, 3);
  assert.equal(await executor.submit(pow, 2, 2), 4);
});

contract('an error with a getter that throws arrives', async ({ executor }) => {
  const error = await executor.submit(failWithHostileField).exception();
  assert.ok(error instanceof RangeError);
  assert.equal(error.message, 'has a hostile getter');
  assert.equal(await executor.submit(pow, 2, 2), 4);
});

contract('a frozen error arrives', async ({ executor }) => {
  const error = await executor.submit(failFrozen).exception();
  assert.ok(error instanceof RangeError);
  assert.equal(error.message, 'frozen');
});

/** Submits past the harness, which looks at every future that it knows of. */
function submitFailing(executor: Executor, message: string): Future<unknown> {
  return executor.constructor.prototype.submit.call(executor, fail, message) as Future<unknown>;
}

contract('a failed future that nobody looked at is reported once, at shutdown', async ({ executor, takeWarnings }) => {
  const lost = submitFailing(executor, 'nobody looks');
  const seen = submitFailing(executor, 'somebody looks');
  await seen.exception();
  await wait([lost]);
  await delay(20);
  assert.deepEqual(await takeWarnings(0), [], 'not before');
  await executor.shutdown();
  await executor.shutdown();
  const [warning] = await takeWarnings(1);
  assert.equal(warning?.name, 'UnobservedFailure');
  assert.match(`${warning?.message}${warning?.detail}`, /nobody looks[\s\S]*fixtures\/errors\.js/);
});

contract('a failed future that is looked at right after the shutdown is not reported', async ({ executor }) => {
  const future = submitFailing(executor, 'somebody looks');
  await executor.shutdown();
  await assert.rejects(future.result(), RangeError);
});
