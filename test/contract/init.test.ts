/** Initializers: before the first task of each worker, and what follows when they fail. */

import { strict as assert } from 'node:assert';
import { BrokenExecutorError, ExecutorError, NotSerializableError } from 'concurrent-futures';
import { localPools, pooled } from './executors.js';
import {
  exitInsteadOfInitializing,
  failToInitialize,
  initialize,
  initializeAndMark,
  initializeLater,
  markAndReadState,
  neverInitialize,
  readState,
} from './fixtures/init-state.js';
import { hold, pow, spin } from './fixtures/tasks.js';
import { contract, type Scene } from './harness.js';

/** Submits until submit throws; every future that it got must fail. */
async function checkBreaks(executor: Scene['executor'], isCause: (cause: unknown) => boolean): Promise<void> {
  const isIt = (error: unknown): boolean => {
    assert.ok(error instanceof BrokenExecutorError, `broken, not ${String(error)}`);
    assert.equal(error.code, 'BROKEN_EXECUTOR');
    assert.ok(isCause(error.cause), `its cause is ${String(error.cause)}`);
    return true;
  };
  const futures = [executor.submit(readState), executor.submit(readState)];
  for (const future of futures) await assert.rejects(future.result(), isIt);
  for (let time = 0; time < 3; time++) assert.throws(() => executor.submit(readState), isIt);
}

const isFailure = (cause: unknown): boolean => cause instanceof RangeError && cause.message === 'error in initializer';

for (const initializer of [initialize, initializeLater]) {
  contract(
    `every worker runs ${initializer.name} before its first task`,
    { on: pooled, options: { maxWorkers: 2, initializer, initargs: ['initialized'] } },
    async ({ executor, stage }) => {
      const held = [executor.submit(hold, stage.dir, 'a'), executor.submit(hold, stage.dir, 'b')];
      await stage.lines('started', 2);
      const states = Array.from({ length: 10 }, () => executor.submit(readState));
      stage.openAll();
      await Promise.all(held);
      assert.deepEqual(new Set(await Promise.all(states)), new Set(['initialized']));
      assert.equal(readState(), 'uninitialized', 'here it did not run');
    },
  );
}

contract('a worker runs its initializer once', { on: pooled }, async ({ stage, create }) => {
  const executor = create({ maxWorkers: 1, initializer: initializeAndMark, initargs: [stage.dir] });
  for (let time = 0; time < 3; time++) await executor.submit(markAndReadState, stage.dir);
  assert.deepEqual(stage.log(), ['initialized', 'task', 'task', 'task']);
});

contract('a worker that replaces another is initialized too', { on: pooled }, async ({ stage, create }) => {
  const executor = create({ maxWorkers: 1, initializer: initialize, initargs: ['initialized'] });
  const future = executor.submit(spin, stage.dir, 'task');
  await stage.line('task started');
  future.kill();
  assert.equal(await executor.submit(readState), 'initialized');
});

contract('initargs are a snapshot taken when the executor is made', { on: pooled }, async ({ create }) => {
  const initargs: [string] = ['before'];
  const executor = create({ maxWorkers: 1, initializer: initialize, initargs });
  initargs[0] = 'after';
  assert.equal(await executor.submit(readState), 'before');
});

contract(
  'an initializer that throws breaks the executor, and its error is the cause',
  { on: localPools, options: { maxWorkers: 2, initializer: failToInitialize, initargs: ['error in initializer'] } },
  async ({ executor }) => checkBreaks(executor, isFailure),
);

contract(
  'a broken executor shuts down, cancels nothing twice and leaves nothing',
  { on: localPools, options: { maxWorkers: 2, initializer: failToInitialize, initargs: ['error in initializer'] } },
  async ({ executor }) => {
    const futures = Array.from({ length: 20 }, () => executor.submit(readState));
    const errors = await Promise.all(futures.map((future) => future.exception()));
    assert.ok(errors.every((error) => error instanceof BrokenExecutorError));
    assert.deepEqual((await executor.shutdown()).unfinished, []);
  },
);

contract(
  'shutdown right after submit ends also when the initializer throws',
  { on: localPools, options: { maxWorkers: 2, initializer: failToInitialize, initargs: ['error in initializer'] } },
  async ({ executor }) => {
    const failed = assert.rejects(executor.submit(readState).result(), BrokenExecutorError);
    await executor.shutdown();
    await failed;
  },
);

contract(
  'an initializer that ends its worker breaks the executor',
  { on: localPools, options: { maxWorkers: 2, initializer: exitInsteadOfInitializing, initargs: [3] } },
  async ({ executor }) => checkBreaks(executor, (cause) => cause instanceof Error && cause.message.includes('3')),
);

contract(
  'an initializer that never ends breaks the executor when startupTimeout has passed',
  { on: localPools, options: { maxWorkers: 1, initializer: neverInitialize, startupTimeout: 1_000 } },
  async ({ executor }) => checkBreaks(executor, (cause) => cause === undefined || cause instanceof ExecutorError),
);

contract('initargs that cannot be copied fail with what and where', { on: pooled }, async ({ create }) => {
  const initargs = [{ onDone: () => {} }];
  const isIt = (error: unknown): boolean => error instanceof NotSerializableError && error.path.includes('.onDone');
  assert.throws(() => create({ maxWorkers: 1, initializer: initialize as () => void, initargs }), isIt);
});

contract('without an initializer a worker starts as its modules do', { on: pooled }, async ({ executor }) => {
  assert.equal(await executor.submit(readState), 'uninitialized');
  assert.equal(await executor.submit(pow, 2, 2), 4);
});

contract(
  'the callback of a future that fails with its executor may cancel the others',
  { on: localPools, options: { maxWorkers: 1, initializer: failToInitialize } },
  async ({ executor }) => {
    const futures = [1, 2, 3, 4].map(() => executor.submit(readState));
    futures[0]?.addDoneCallback(() => {
      for (const future of futures) future.cancel();
    });
    await Promise.allSettled(futures);
    await assert.rejects(async () => await futures[0], BrokenExecutorError);
    assert.deepEqual(
      futures.map((future) => future.cancelled()),
      [false, true, true, true],
    );
  },
);
