/** Tasks of one thread that wait for each other, so that none can end. (Tasks of threads and processes can't reach their own pool.) */

import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DeadlockError, InlineExecutor } from 'concurrent-futures';
import { inline } from './executors.js';
import { blocksOnInner, shared, waitsBlocking, waitsFor, waitsOrNot } from './fixtures/rings.js';
import { pow } from './fixtures/tasks.js';
import { contract } from './harness.js';

const timeout = 30_000;

/** Plays `scripts/ring.js`, a program that has nothing else to do. */
function ring(kind: string): string {
  const path = fileURLToPath(new URL('./scripts/ring.js', import.meta.url));
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, kind], {
    env,
    encoding: 'utf8',
    timeout: timeout - 5000,
  });
  assert.deepEqual([status, stderr], [0, ''], stdout);
  return stdout;
}

for (const way of ['await', 'result', 'exception', 'wait', 'asCompleted', 'all']) {
  test(`a task that waits for itself fails with DeadlockError, and the executor goes on (${way})`, { timeout }, () => {
    assert.match(
      ring(way),
      /^a: DeadlockError: task "a" \(submitted at \S+ring\.js:\d+:\d+\) waits for itself.*\nthen: 2\nend\n$/,
    );
  });
}

for (const kind of ['inner', 'two executors']) {
  test(`tasks that wait for each other fail with DeadlockError, which names them all (${kind})`, { timeout }, () => {
    const said =
      /DeadlockError: task "b" \(submitted at \S+\) waits for task "a" \(submitted at \S+\), which waits for task "b"/;
    const [a = '', b = '', ...rest] = ring(kind).split('\n');
    assert.match(a, said);
    assert.match(b, said);
    assert.deepEqual(rest, ['then: 2', 'end', '']);
  });
}

contract('a blocking wait that closes a ring throws DeadlockError at once', { on: inline }, async ({ executor }) => {
  shared.executors = { a: executor };
  const alone = executor.with({ name: 'a' }).submit(waitsBlocking, 'a');
  shared.futures = { a: alone };
  await assert.rejects(
    alone.result(),
    (error) => error instanceof DeadlockError && /"a" \(.*\) waits for itself/.test(error.message),
  );
  shared.futures['a'] = executor.with({ name: 'a' }).submit(blocksOnInner, 'a', 'b');
  await assert.rejects(
    shared.futures['a'].result(),
    (error) =>
      error instanceof DeadlockError && /"b" .* waits for task "a" .*, which waits for task "b"/.test(error.message),
  );
  assert.equal(await executor.submit(pow, 2, 3), 8);
});

contract(
  'tasks that wait for each other while the program does other things are told of, and explained',
  { on: inline },
  async ({ executor, takeWarnings }) => {
    const busy = setInterval(() => {}, 1000);
    const future = executor.with({ name: 'a' }).submit(waitsFor, 'await', 'a');
    shared.futures = { a: future };
    const [warning] = await takeWarnings(1);
    assert.equal((warning as { code?: string } | undefined)?.code, 'CF_DEADLOCK');
    assert.match(String(warning), /task "a" \(.*\) waits for itself/);
    assert.match(executor.explain(), /runs task "a" .*, in a ring of waits: task "a" .* waits for itself/);
    clearInterval(busy);
    assert.equal(future.kill(), true);
    await future.exception().catch(() => {});
  },
);

contract('a wait that gives up in time is left alone', { on: inline }, async ({ executor }) => {
  await using other = new InlineExecutor();
  const a = executor.submit(waitsOrNot, 'b', 20);
  const b = other.submit(waitsFor, 'await', 'a');
  shared.futures = { a, b };
  assert.deepEqual(await Promise.all([a, b]), ['late', 'late']);
});
