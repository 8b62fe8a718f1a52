/** Done callbacks: when, how often, in which order, and what they may do. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { type Future, Future as FutureClass, ShutdownError } from 'concurrent-futures';
import { pooled } from './executors.js';
import { fail } from './fixtures/errors.js';
import { hold, mark, pow, spin } from './fixtures/tasks.js';
import { eventually } from './gates.js';
import { contract } from './harness.js';

contract('a callback sees the value of its future', async ({ executor }) => {
  const future = executor.submit(pow, 5, 1);
  const seen: unknown[] = [];
  future.addDoneCallback((done) => seen.push(done, done.done(), done.resultSync()));
  await future;
  assert.deepEqual(seen.slice(1), [true, 5]);
  assert.equal(seen[0], future);
});

contract('a callback sees the error of its future', async ({ executor }) => {
  const future = executor.submit(fail, 'test');
  const seen: unknown[] = [];
  future.addDoneCallback((done) => void done.exception().then((error) => seen.push((error as Error).message)));
  await future.exception();
  await eventually(() => seen.length > 0, 'the callback');
  assert.deepEqual(seen, ['test']);
});

contract('a callback sees that its future was cancelled, before cancel returns', async ({ executor }) => {
  const future = executor.submit(pow, 2, 2);
  const seen: boolean[] = [];
  future.addDoneCallback((done) => seen.push(done.cancelled()));
  assert.equal(future.cancel(), true);
  assert.deepEqual(seen, [true]);
});

contract('a killed future calls back once', { on: pooled }, async ({ executor, stage }) => {
  const future = executor.submit(spin, stage.dir, 'task');
  let calls = 0;
  future.addDoneCallback(() => {
    calls += 1;
  });
  await stage.line('task started');
  future.kill();
  assert.equal(calls, 1);
  await executor.shutdown();
  assert.equal(calls, 1, 'the end of its worker adds no call');
});

contract('callbacks run in the order added, before an await continues', async ({ executor }) => {
  const future = executor.submit(pow, 2, 2);
  const order: string[] = [];
  const awaited = (async () => {
    await future;
    order.push('await');
  })();
  for (const name of ['first', 'second', 'third']) future.addDoneCallback(() => order.push(name));
  await awaited;
  assert.deepEqual(order, ['first', 'second', 'third', 'await']);
});

contract('a callback added to a done future is called at once', async ({ executor }) => {
  const futures = [executor.submit(pow, 2, 2), executor.submit(fail, 'no'), executor.submit(pow, 2, 2)];
  futures[2]?.cancel();
  await Promise.allSettled(futures);
  for (const future of futures) {
    let seen: unknown;
    future.addDoneCallback((done) => {
      seen = done;
    });
    assert.equal(seen, future);
  }
});

contract('a callback added twice is called twice', async ({ executor }) => {
  const future = executor.submit(pow, 2, 2);
  let calls = 0;
  const count = (): void => {
    calls += 1;
  };
  future.addDoneCallback(count);
  future.addDoneCallback(count);
  await future;
  assert.equal(calls, 2);
});

contract('a callback that throws is reported, and those after it are called', async ({ executor, takeWarnings }) => {
  const future = executor.submit(pow, 2, 2);
  let called = false;
  const doh = (): never => {
    throw new RangeError('doh!');
  };
  future.addDoneCallback(doh);
  future.addDoneCallback(() => {
    called = true;
  });
  assert.equal(await future, 4);
  assert.equal(called, true);
  future.addDoneCallback(doh);
  const warnings = await takeWarnings(2);
  assert.deepEqual(
    warnings.map((warning) => warning.name),
    ['DoneCallbackError', 'DoneCallbackError'],
  );
  for (const warning of warnings) assert.match(warning.detail ?? '', /RangeError: doh!\n\s+at /);
});

contract('a callback must be a function', async ({ executor }) => {
  const future = executor.submit(pow, 2, 2);
  assert.throws(() => future.addDoneCallback('no' as never), TypeError);
  await future;
});

contract('every callback of many futures is called exactly once', async ({ executor }) => {
  const calls = new Map<Future<unknown>, number>();
  const futures: Future<unknown>[] = [];
  for (let index = 0; index < 500; index++) {
    const future = index % 3 === 0 ? executor.submit(fail, 'no') : executor.submit(pow, index, 2);
    futures.push(future);
    const count = (done: Future<unknown>): void => void calls.set(done, (calls.get(done) ?? 0) + 1);
    future.addDoneCallback(count);
    if (index % 5 === 0) future.cancel();
    if (index % 7 === 0) future.cancel();
  }
  await Promise.allSettled(futures);
  await executor.shutdown();
  assert.deepEqual(
    futures.map((future) => calls.get(future)),
    Array<number>(500).fill(1),
  );
});

contract('a callback can submit to its own executor', { options: { maxWorkers: 1 } }, async ({ executor }) => {
  const values: number[] = [];
  await new Promise<void>((resolve) => {
    const next = (future: Future<number>): void => {
      values.push(future.resultSync());
      if (values.length === 20) resolve();
      else executor.submit(pow, values.length, 2).addDoneCallback(next);
    };
    executor.submit(pow, 0, 2).addDoneCallback(next);
  });
  assert.deepEqual(
    values,
    Array.from({ length: 20 }, (_, index) => index ** 2),
  );
});

contract('a callback can cancel other futures', { options: { maxWorkers: 1 } }, async ({ executor, stage }) => {
  const first = executor.submit(hold, stage.dir, 'first');
  await stage.line('first started');
  const others = Array.from({ length: 10 }, (_, index) => executor.submit(mark, stage.dir, `other ${index}`));
  const last = others.at(-1);
  last?.addDoneCallback(() => {
    for (const other of others) other.cancel();
  });
  assert.equal(last?.cancel(), true);
  stage.openAll();
  await first;
  assert.deepEqual(
    others.map((other) => other.state),
    Array<string>(10).fill('cancelled'),
  );
  await executor.shutdown();
  assert.deepEqual(stage.log(), ['first started', 'first finished']);
});

contract('a callback can shut its executor down', async ({ executor, stage }) => {
  const future = executor.submit(pow, 2, 2);
  const down = new Promise<void>((resolve, reject) => {
    future.addDoneCallback(() => void executor.shutdown().then(() => resolve(), reject));
  });
  const later = executor.submit(mark, stage.dir, 'later');
  await down;
  assert.equal(await later, 'later', 'what was submitted before still runs');
  assert.throws(() => executor.submit(pow, 2, 2), ShutdownError);
});

contract('a callback of a future that shutdown cancels gets ShutdownError from submit', async ({ executor, stage }) => {
  const futures = Array.from({ length: 10 }, (_, index) => executor.submit(hold, stage.dir, `task ${index}`));
  const errors: unknown[] = [];
  for (const future of futures) {
    future.addDoneCallback((done) => {
      if (!done.cancelled()) return;
      try {
        executor.submit(pow, 2, 2);
      } catch (error) {
        errors.push(error);
      }
    });
  }
  await stage.lines('started', 1);
  const down = executor.shutdown({ cancelFutures: true });
  stage.openAll();
  await down;
  const cancelled = futures.filter((future) => future.cancelled()).length;
  assert.ok(cancelled > 0);
  assert.equal(errors.length, cancelled);
  for (const error of errors) assert.ok(error instanceof ShutdownError);
});

test('a callback added inside a callback is called too', () => {
  const { future, resolve } = FutureClass.withResolvers<number>();
  const order: string[] = [];
  future.addDoneCallback(() => {
    order.push('outer');
    future.addDoneCallback(() => order.push('inner'));
  });
  future.addDoneCallback(() => order.push('other'));
  resolve(1);
  assert.deepEqual([...order].sort(), ['inner', 'other', 'outer']);
  assert.equal(order[0], 'outer');
});
