/** `wait`: which futures are done, and when it returns. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { Future, wait } from 'concurrent-futures';
import { pooled, threads } from './executors.js';
import { divmod, fail } from './fixtures/errors.js';
import { hold, holdThenFail, mul, pow, waitForWord } from './fixtures/tasks.js';
import { contract } from './harness.js';
import { knownToRun } from './probes.js';

type AnyFuture = Future<unknown>;

interface Fixed {
  readonly pending: AnyFuture;
  readonly running: AnyFuture;
  readonly cancelled: AnyFuture;
  readonly failed: AnyFuture;
  readonly succeeded: AnyFuture;
}

/** Futures that stand in one state each. */
function fixed(): Fixed {
  const [pending, running, cancelled, failed, succeeded] = Array.from({ length: 5 }, () =>
    Future.withResolvers<unknown>(),
  ) as [Source, Source, Source, Source, Source];
  running.start();
  cancelled.cancel();
  failed.reject(new Error('fixed'));
  succeeded.resolve(42);
  return {
    pending: pending.future,
    running: running.future,
    cancelled: cancelled.future,
    failed: failed.future,
    succeeded: succeeded.future,
  };
}
type Source = ReturnType<typeof Future.withResolvers<unknown>>;

function checkSplit(result: Awaited<ReturnType<typeof wait>>, done: AnyFuture[], notDone: AnyFuture[]): void {
  assert.ok(result.done instanceof Set && result.notDone instanceof Set);
  assert.deepEqual([...result.done].map(String).sort(), done.map(String).sort());
  for (const future of done) assert.ok(result.done.has(future), `${future} is done`);
  for (const future of notDone) assert.ok(result.notDone.has(future), `${future} is not done`);
  assert.equal(result.notDone.size, notDone.length);
}

contract('waiting for the same future twice counts it once', async ({ executor }) => {
  const future = executor.submit(pow, 2, 2);
  checkSplit(await wait([future, future]), [future], []);
});

contract('FIRST_COMPLETED returns when one is done, and a cancelled one is', async ({ executor, stage }) => {
  const slow = executor.submit(hold, stage.dir, 'slow');
  const { pending, cancelled } = fixed();
  await stage.line('slow started');
  const result = await wait([cancelled, slow, pending], { returnWhen: 'FIRST_COMPLETED' });
  checkSplit(result, [cancelled], [slow, pending]);
});

contract('FIRST_COMPLETED returns when the first task ends', { on: pooled }, async ({ executor, stage }) => {
  const slow = executor.submit(hold, stage.dir, 'slow');
  await stage.line('slow started');
  const quick = executor.submit(mul, 21, 2);
  checkSplit(await wait([quick, slow], { returnWhen: 'FIRST_COMPLETED' }), [quick], [slow]);
});

contract('FIRST_COMPLETED returns at once with all that are done already', async ({ executor, stage }) => {
  const slow = executor.submit(hold, stage.dir, 'slow');
  const { cancelled, succeeded } = fixed();
  const result = await wait([cancelled, succeeded, slow], { returnWhen: 'FIRST_COMPLETED' });
  checkSplit(result, [cancelled, succeeded], [slow]);
});

contract('FIRST_EXCEPTION returns when one fails, with those done before', { on: pooled }, async (scene) => {
  const { executor, stage } = scene;
  const quick = executor.submit(mul, 2, 21);
  const failing = executor.submit(holdThenFail, stage.dir, 'failing', 'no');
  const slow = executor.submit(hold, stage.dir, 'slow');
  const waiting = wait([quick, failing, slow], { returnWhen: 'FIRST_EXCEPTION' });
  await quick;
  await stage.lines('started', 2);
  stage.open('failing');
  checkSplit(await waiting, [quick, failing], [slow]);
});

contract('FIRST_EXCEPTION is not met by a cancelled future', { on: pooled }, async ({ executor, stage }) => {
  const { succeeded, cancelled } = fixed();
  const slow = executor.submit(hold, stage.dir, 'slow');
  await stage.line('slow started');
  const failing = executor.submit(divmod, 5, 0);
  const all = [succeeded, cancelled, failing, slow];
  checkSplit(await wait(all, { returnWhen: 'FIRST_EXCEPTION' }), [succeeded, cancelled, failing], [slow]);
});

contract('FIRST_EXCEPTION returns at once when one has failed already', async ({ executor, stage }) => {
  const { failed } = fixed();
  const slow = executor.submit(hold, stage.dir, 'slow');
  checkSplit(await wait([failed, slow], { returnWhen: 'FIRST_EXCEPTION' }), [failed], [slow]);
});

contract('FIRST_EXCEPTION waits for all when none fails', async ({ executor }) => {
  const futures = [executor.submit(pow, 2, 2), executor.submit(pow, 2, 3)];
  checkSplit(await wait(futures, { returnWhen: 'FIRST_EXCEPTION' }), futures, []);
});

contract('ALL_COMPLETED, the default, waits for all and throws for none', async ({ executor }) => {
  const { succeeded, cancelled, failed } = fixed();
  const futures = [succeeded, cancelled, failed, executor.submit(divmod, 5, 0), executor.submit(mul, 2, 21)];
  checkSplit(await wait(futures, { returnWhen: 'ALL_COMPLETED' }), futures, []);
  checkSplit(await wait(futures), futures, []);
});

contract('a timeout ends the wait, with what is done by then, and no error', async ({ executor, stage }) => {
  const { succeeded, cancelled, failed } = fixed();
  const slow = executor.submit(hold, stage.dir, 'slow');
  for (const timeout of [0, 20]) {
    const result = await wait([cancelled, failed, succeeded, slow], { timeout });
    checkSplit(result, [cancelled, failed, succeeded], [slow]);
  }
  stage.openAll();
  checkSplit(await wait([slow], { timeout: 20_000 }), [slow], []);
});

contract('waiting for nothing returns at once', async () => {
  for (const returnWhen of ['FIRST_COMPLETED', 'FIRST_EXCEPTION', 'ALL_COMPLETED'] as const) {
    checkSplit(await wait([], { returnWhen }), [], []);
  }
});

contract('wait takes any iterable of futures', async ({ executor }) => {
  const futures = [executor.submit(pow, 2, 2), executor.submit(pow, 2, 3)];
  checkSplit(await wait(new Set(futures)), futures, []);
  checkSplit(await wait(futures.values()), futures, []);
});

contract('futures that are cancelled while waited for are done', { options: { maxWorkers: 1 } }, async (scene) => {
  const { executor, stage } = scene;
  const first = executor.submit(hold, stage.dir, 'first');
  const queued = [executor.submit(pow, 2, 2), executor.submit(pow, 2, 3)];
  await stage.line('first started');
  const waiting = wait(queued);
  await knownToRun(first);
  for (const future of queued) future.cancel();
  checkSplit(await waiting, queued, []);
  assert.equal(first.running(), true);
});

contract('one wait covers futures of two executors', { options: { maxWorkers: 1 } }, async (scene) => {
  const { executor, stage, create } = scene;
  const other = create({ maxWorkers: 1 });
  const held = executor.submit(hold, stage.dir, 'held');
  const quick = other.submit(pow, 2, 2);
  const first = await wait([held, quick], { returnWhen: 'FIRST_COMPLETED' });
  checkSplit(first, [quick], [held]);
  stage.openAll();
  checkSplit(await wait([held, quick]), [held, quick], []);
});

contract('a hundred tasks released together end every wait for them', { on: threads }, async ({ create }) => {
  const executor = create({ maxWorkers: 20 });
  const word = new Int32Array(new SharedArrayBuffer(4));
  const futures = Array.from({ length: 100 }, () => executor.submit(waitForWord, word));
  const waits = Array.from({ length: 10 }, () => wait(futures));
  Atomics.store(word, 0, 1);
  Atomics.notify(word, 0);
  for (const result of await Promise.all(waits)) assert.equal(result.done.size, 100);
});

contract('waiting does not count as looking at an error', async ({ executor, takeWarnings }) => {
  const { submit } = Object.getPrototypeOf(executor) as typeof executor;
  // Past the harness, which looks at every future that it knows of.
  const future = submit.call(executor, fail as never, 'nobody looks') as AnyFuture;
  await wait([future]);
  await executor.shutdown();
  const warnings = await takeWarnings(1);
  assert.deepEqual(
    warnings.map((warning) => warning.name),
    ['UnobservedFailure'],
  );
});

test('wait refuses what it does not understand', async () => {
  const { succeeded } = fixed();
  await assert.rejects(wait([succeeded], { returnWhen: 'SOME' as never }), TypeError);
  await assert.rejects(wait([succeeded], { timeout: 'soon' as never }), TypeError);
  await assert.rejects(wait([succeeded], { timeout: Number.NaN }), RangeError);
});
