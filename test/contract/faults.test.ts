/** Workers that die, wherever it hits them: the task that ran fails, nothing else does, and nothing hangs. */

import { strict as assert } from 'node:assert';
import { availableParallelism } from 'node:os';
import { BrokenExecutorError, type Future, TimeoutError, tasksFrom, WorkerLostError } from 'concurrent-futures';
import { localPools, pooled, processes, threads } from './executors.js';
import { ZeroDivisionError } from './fixtures/errors.js';
import { neverReached as exitsOnLoad } from './fixtures/exits-on-load.js';
import {
  blockInNativeCode,
  exit,
  exitWithBytes,
  exitWithLastWords,
  killMyself,
  leaveBlocking,
  leaveRejecting,
  leaveRejectingLater,
  leaveThrowing,
  rejectForNobody,
  rejectForNobodyPlainly,
  resultThatExits,
  throwInOwnTimer,
  throwTextInOwnTimer,
} from './fixtures/faults.js';
import { add, hold, holdForever, holdThenExit, identity, mark, pow, whereAmI } from './fixtures/tasks.js';
import { neverReached as throwsOnLoad } from './fixtures/throws-on-load.js';
import { eventually } from './gates.js';
import { contract, type Scene } from './harness.js';
import { checkFailed } from './probes.js';

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
const two = { on: pooled, options: { maxWorkers: 2 } };
const one = { on: pooled, options: { maxWorkers: 1 } };

async function checkLost(future: Future<unknown>, facts: Partial<WorkerLostError>): Promise<WorkerLostError> {
  const error = await future.exception();
  assert.ok(error instanceof WorkerLostError, `${String(error)} is a WorkerLostError`);
  const { code, attempt, workerName } = error;
  assert.deepEqual([code, attempt], ['WORKER_LOST', 1]);
  assert.match(workerName, /_\d+$/);
  for (const [name, value] of Object.entries(facts))
    assert.deepEqual(error[name as keyof WorkerLostError], value, name);
  await checkFailed(future, (other) => other === error);
  return error;
}

const checkUsable = async ({ executor }: Scene): Promise<void> => {
  assert.deepEqual(await Promise.all(range(5).map((value) => executor.submit(add, value, 1))), [1, 2, 3, 4, 5]);
};

contract('a task that ends its process from outside fails with its signal', { on: processes }, async (scene) => {
  const { executor, stage } = scene;
  const { pid } = await executor.submit(whereAmI);
  const future = executor.submit(holdForever, stage.dir, 'task');
  await stage.line('task started');
  process.kill(pid, 'SIGTERM');
  await checkLost(future, { exitCode: null, signal: 'SIGTERM', outOfMemory: false });
  await checkUsable(scene);
});

contract('process.exit in a task fails that task, with the exit code', two, async (scene) => {
  await checkLost(scene.executor.submit(exit, 99), { exitCode: 99, signal: null, outOfMemory: false });
  await checkLost(scene.executor.submit(exit, 0), { exitCode: 0 });
  await checkUsable(scene);
});

contract('the error of a lost worker names the task and what happened', two, async ({ executor }) => {
  const { message } = await checkLost(executor.with({ name: 'the culprit' }).submit(exit, 99), { exitCode: 99 });
  assert.match(message, /the culprit/);
  assert.match(message, /99/);
});

contract('three tasks that lose their workers get errors of their own', two, async (scene) => {
  const futures = range(3).map(() => scene.executor.submit(exit, 4));
  const errors = [];
  for (const future of futures) errors.push(await checkLost(future, { exitCode: 4 }));
  assert.equal(new Set(errors).size, 3);
  for (const error of errors) assert.ok((error.stack ?? '').includes('faults.test.ts'), error.stack);
  await checkUsable(scene);
});

for (const signal of ['SIGSEGV', 'SIGKILL', 'SIGABRT'] as const) {
  contract(`a task whose process dies of ${signal} fails with that signal`, { on: processes }, async (scene) => {
    await checkLost(scene.executor.submit(killMyself, signal), { signal, exitCode: null });
    await checkUsable(scene);
  });
}

contract('the last words of a lost worker are in its error', two, async (scene) => {
  const error = await checkLost(scene.executor.submit(exitWithLastWords, 'my last words', 5), { exitCode: 5 });
  assert.match(error.stderr, /my last words/);
});

contract('a worker lost costs the task that ran and no other, one worker', one, async (scene) => {
  const { executor, stage } = scene;
  const lost = executor.submit(holdThenExit, stage.dir, 'lost', 5);
  const others = range(200).map((index) => executor.submit(mark, stage.dir, `task ${index}`));
  await stage.line('lost started');
  stage.open('lost');
  await checkLost(lost, { exitCode: 5 });
  await Promise.all(others);
  const ran = stage.log().filter((line) => line.startsWith('task'));
  assert.deepEqual([ran.length, new Set(ran).size], [200, 200], 'each once');
});

contract('workers lost among thousands of tasks cost their own tasks alone', two, async ({ executor }) => {
  const futures = range(1_000).map((index) =>
    index % 250 === 100 ? executor.submit(exit, 3) : executor.submit(add, index, 0),
  );
  const errors = await Promise.all(futures.map((future) => future.exception()));
  const lost = errors.flatMap((error, index) => (error === undefined ? [] : [index]));
  assert.deepEqual(lost, [100, 350, 600, 850]);
  for (const index of lost) await checkLost(futures[index] as Future<unknown>, { exitCode: 3 });
});

contract('a worker that dies while a task of another runs does not disturb it', two, async ({ executor, stage }) => {
  const held = executor.submit(hold, stage.dir, 'held', 42);
  await stage.line('held started');
  await checkLost(executor.submit(exit, 3), { exitCode: 3 });
  assert.equal(held.running(), true);
  stage.openAll();
  assert.equal(await held, 42);
});

contract('a worker that dies idle costs nothing', { on: processes, options: { maxWorkers: 1 } }, async (scene) => {
  const { pid } = await scene.executor.submit(whereAmI);
  process.kill(pid, 'SIGKILL');
  await checkUsable(scene);
  assert.notEqual((await scene.executor.submit(whereAmI)).pid, pid);
});

contract('a worker that dies while it copies the result fails that task', two, async (scene) => {
  await checkLost(scene.executor.submit(resultThatExits, 6), { exitCode: 6 });
  await checkUsable(scene);
});

contract('a worker that dies while it takes in megabytes fails that task, and nothing hangs', one, async (scene) => {
  const bytes = new Uint8Array(4 * 1024 * 1024);
  const futures = range(10).map((index) =>
    scene.executor.submit(exitWithBytes, index === 0 ? bytes.fill(1) : bytes, 8),
  );
  const errors = await Promise.all(futures.map((future) => future.exception()));
  for (const error of errors) assert.ok(error instanceof WorkerLostError && error.exitCode === 8, String(error));
  await checkUsable(scene);
});

contract(
  'a timer that a finished task left behind and that throws costs no other task, and is told',
  one,
  async (scene) => {
    const { executor, stage } = scene;
    await executor.submit(leaveThrowing, stage.dir, 'late');
    const held = executor.submit(hold, stage.dir, 'held', 42);
    await stage.line('held started');
    stage.open('late');
    await checkLeftOverError(scene);
    stage.open('held');
    assert.equal(await held, 42);
    await checkUsable(scene);
  },
);

for (const [name, leave] of Object.entries({ leaveRejecting, leaveRejectingLater }))
  contract(
    `a rejection that a finished task left behind costs no other task, and is told (${name})`,
    one,
    async ({ stage, ...scene }) => {
      const { executor } = scene;
      for (const gate of ['first', 'second']) {
        await executor.submit(leave, stage.dir, gate);
        const held = executor.submit(hold, stage.dir, `beside ${gate}`, 42);
        await stage.line(`beside ${gate} started`);
        stage.open(gate);
        await checkLeftOverError(scene);
        stage.open(`beside ${gate}`);
        assert.equal(await held, 42);
      }
      await checkUsable({ stage, ...scene });
    },
  );

contract(
  'a rejection that a finished task left behind does not cost a task whose module is being loaded',
  one,
  async (scene) => {
    const { executor, stage } = scene;
    await executor.submit(leaveRejectingLater, stage.dir, 'late');
    await executor.submit(leaveRejectingLater, stage.dir, 'late');
    const url = new URL(`./fixtures/loads-late.js?dir=${encodeURIComponent(stage.dir)}`, import.meta.url);
    const loading = executor.submit(tasksFrom<{ reached(): string }>(url).reached);
    await stage.line('loading started');
    stage.open('late');
    await scene.takeWarnings(2);
    stage.open('loading');
    assert.equal(await loading, 'reached');
    await checkUsable(scene);
  },
);

async function checkLeftOverError({ takeWarnings }: Pick<Scene, 'takeWarnings'>): Promise<void> {
  const [warning] = await takeWarnings(1);
  assert.equal(warning?.code, 'CF_LEFT_OVER');
  assert.match(String(warning), /RangeError: left behind/);
}

contract("a task whose own callback throws is lost, and doesn't hang", one, async (scene) => {
  const error = await scene.executor.submit(throwInOwnTimer).exception();
  assert.ok(error instanceof WorkerLostError, String(error));
  await checkUsable(scene);
});

contract('the uncaught error that ends a worker is the cause, of its class and with its stack', one, async (scene) => {
  const { cause, message } = await checkLost(scene.executor.submit(throwInOwnTimer), { exitCode: 1 });
  assert.ok(cause instanceof RangeError, String(cause));
  assert.equal(cause.message, 'my own');
  assert.match(cause.stack ?? '', /RangeError: my own\n +at .*faults\.js/);
  assert.match(message, /died of an uncaught RangeError: my own/);
  const { cause: own } = await checkLost(scene.executor.submit(rejectForNobody), { exitCode: 1 });
  assert.ok(own instanceof ZeroDivisionError, String(own));
  const { dividend, cause: deeper } = own as Error & { dividend?: number };
  assert.deepEqual([dividend, String(deeper)], [7, 'TypeError: deeper']);
  assert.deepEqual((await checkLost(scene.executor.submit(rejectForNobodyPlainly), { exitCode: 1 })).cause, own);
  assert.equal((await checkLost(scene.executor.submit(throwTextInOwnTimer), {})).cause, 'only a text');
  await checkUsable(scene);
});

contract(
  'one death more than maxRestarts breaks the executor, with the last one as the cause',
  { ...one, on: localPools },
  async (scene) => {
    const { stage, create } = scene;
    const executor = create({ maxWorkers: 1, maxRestarts: 1 });
    await checkLost(executor.submit(exit, 3), { exitCode: 3 });
    assert.equal(await executor.submit(add, 1, 1), 2, 'the first is replaced');
    const lost = executor.submit(holdThenExit, stage.dir, 'lost', 4);
    const others = range(20).map((value) => executor.submit(add, value, 1));
    await stage.line('lost started');
    stage.open('lost');
    await checkLost(lost, { exitCode: 4 });
    for (const other of others) checkTooMany(await other.exception());
    assert.throws(() => executor.submit(add, 1, 1), checkTooMany);
  },
);

function checkTooMany(error: unknown): true {
  assert.ok(error instanceof BrokenExecutorError, String(error));
  assert.match(error.message, /2 workers of .* have died within a minute, and 1 may be replaced \(maxRestarts\)/);
  assert.ok(error.cause instanceof WorkerLostError && error.cause.exitCode === 4, String(error.cause));
  assert.match(error.cause.message, /holdThenExit/);
  return true;
}

contract(
  'a worker that is stopped for its task does not count as one that died',
  { on: pooled },
  async ({ create, stage }) => {
    const executor = create({ maxWorkers: 1, maxRestarts: 0, maxTasksPerWorker: 2 });
    const stopped = await executor.with({ timeout: 50 }).submit(holdForever, stage.dir, 'task').exception();
    assert.ok(stopped instanceof TimeoutError, String(stopped));
    assert.deepEqual(await Promise.all(range(6).map((value) => executor.submit(add, value, 1))), [1, 2, 3, 4, 5, 6]);
  },
);

contract('a task in native code is given up with its worker, which is replaced', one, async (scene) => {
  const { executor, stage, kind } = scene;
  const stuck = executor.with({ timeout: 50 }).submit(blockInNativeCode, stage.dir, 'native');
  const error = await stuck.exception();
  assert.ok(error instanceof TimeoutError, String(error));
  assert.match(
    error.message,
    kind.name === 'process' ? /took ending its worker/ : /native code, which can't be interrupted/,
  );
  assert.equal(await executor.submit(pow, 2, 5), 32);
  stage.open('native');
});

contract(
  'an executor breaks once more threads are in native code than are worth adding to',
  { on: threads, options: { maxWorkers: 4 * availableParallelism() } },
  async ({ executor, stage }) => {
    const count = 4 * availableParallelism();
    const stuck = range(count).map(() => executor.with({ timeout: 50 }).submit(blockInNativeCode, stage.dir, 'native'));
    for (const future of stuck) assert.ok((await future.exception()) instanceof TimeoutError);
    const error = await executor.submit(pow, 2, 5).exception();
    assert.ok(error instanceof BrokenExecutorError, String(error));
    assert.match(error.message, new RegExp(`${count} threads that had to be ended are still in native code`));
    stage.open('native');
  },
);

contract('a shutdown with a limit leaves native code behind', one, async ({ create, stage }) => {
  const executor = create({ maxWorkers: 1 });
  const stuck = executor.submit(blockInNativeCode, stage.dir, 'native');
  await stage.line('native started');
  const { unfinished } = await executor.shutdown({ timeout: 50 });
  assert.deepEqual(unfinished, [stuck]);
  assert.ok(stuck.done());
  stage.open('native');
});

contract(
  'what a blocked worker was handed and can not start runs on another',
  { on: threads, options: { maxWorkers: 2 } },
  async ({ executor }) => {
    const word = new Int32Array(new SharedArrayBuffer(4));
    await executor.submit(leaveBlocking, word);
    await eventually(() => Atomics.load(word, 0) === 1, 'the worker to be blocked');
    for (const base of range(20)) assert.equal(await executor.submit(pow, base, 2), base ** 2);
    await executor.shutdown({ timeout: 0 });
  },
);

contract('a module that throws on load fails every task of it, and no other', two, async (scene) => {
  for (const future of range(6).map(() => scene.executor.submit(throwsOnLoad))) {
    const error = await future.exception();
    assert.ok(error instanceof Error);
    const { cause } = error;
    const text = `${error.message} ${cause instanceof Error ? cause.message : ''}`;
    assert.match(text, /this module does not load in a worker/);
  }
  await checkUsable(scene);
});

contract('a module that does not exist fails every task of it, and no other', two, async (scene) => {
  type Missing = { task(value: number): number };
  const { task } = tasksFrom<Missing>(new URL('./fixtures/missing.js', import.meta.url));
  for (const future of range(6).map((value) => scene.executor.submit(task, value))) {
    const error = await future.exception();
    assert.ok(error instanceof Error);
    assert.match(error.message, /missing\.js/);
  }
  await checkUsable(scene);
});

contract('an export that does not exist fails every task of it', two, async (scene) => {
  type Missing = { nowhere(value: number): number };
  const { nowhere } = tasksFrom<Missing>(new URL('./fixtures/tasks.js', import.meta.url));
  const error = await scene.executor.submit(nowhere, 1).exception();
  assert.ok(error instanceof Error);
  assert.match(error.message, /nowhere/);
  await checkUsable(scene);
});

contract('a module that ends its worker on load fails each task of it, and no other', two, async (scene) => {
  const futures = range(3).map(() => scene.executor.submit(exitsOnLoad));
  for (const future of futures) await checkLost(future, { exitCode: 7 });
  await checkUsable(scene);
});

contract('a task that cannot be copied, then a shutdown that does not wait', one, async ({ executor }) => {
  const failed = assert.rejects(executor.submit(pow, (() => 2) as never, 2).result(), { code: 'NOT_SERIALIZABLE' });
  await executor.shutdown({ wait: false });
  await failed;
});

contract('a hundred submits of large arguments to one slow worker never block for ever', one, async (scene) => {
  const { executor, stage } = scene;
  const first = executor.submit(hold, stage.dir, 'first', 1);
  const text = 'x'.repeat(100_000);
  const others = range(100).map(() => executor.submit(identity, text));
  await stage.line('first started');
  stage.openAll();
  assert.equal(await first, 1);
  assert.ok((await Promise.all(others)).every((other) => other === text));
});
