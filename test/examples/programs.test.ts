/** The programs of `examples/` do what their heads say. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { lines, root, run, runTypeScript, sorted } from './run-program.js';

/** Two at a time: most of their time the programs wait. */
const limit = { timeout: 120_000, concurrency: 2 };
const four = ['python', 'java', 'golang', 'php'];
const seven = [...four, 'rust', 'shell', 'c'];
const stripsTypes = Boolean((process.features as { typescript?: unknown }).typescript);

const faithful = (names: readonly string[]): string[] =>
  names.flatMap((name) => ['runner starts', name, 'runner ends']).sort();
const careful = (names: readonly string[]): string[] =>
  names.flatMap((name) => [`${name} starts`, `${name} ends`, `${name}: ok`]).sort();

function source(name: string): string {
  return readFileSync(`${root}examples/${name}.ts`, 'utf8');
}

/** The program below its head, with one executor's words for the other's. */
function program(name: string): string {
  const body = source(name).replace(/^\/\*\*.*?\*\/\n/s, '');
  return body
    .replaceAll('ThreadPoolExecutor', 'ProcessPoolExecutor')
    .replaceAll('inThread', 'inProcess')
    .replaceAll('thread', 'process');
}

for (const kind of ['thread', 'process']) {
  describe(`the programs on one ${kind} per task`, limit, () => {
    it('run four inputs, each from its start to its end', async () => {
      const ended = await runTypeScript([`examples/bare-${kind}.ts`], { SLEEP_MS: '20' });
      assert.deepEqual(sorted(ended.stdout), faithful(four), ended.stderr);
      assert.equal(ended.code, 0);
    });

    it('read every outcome, in the careful version', async () => {
      const ended = await runTypeScript([`examples/bare-${kind}-careful.ts`], { SLEEP_MS: '20' });
      assert.deepEqual(sorted(ended.stdout), careful(four), ended.stderr);
      assert.equal(ended.code, 0);
    });

    it('name and stop the one that is stuck, in the careful version', async () => {
      const env = { SLEEP_MS: '20', STUCK: 'php', LIMIT_MS: '10000' };
      const ended = await runTypeScript([`examples/bare-${kind}-careful.ts`], env);
      const outcomes = lines(ended.stdout).filter((line) => line.includes(': '));
      assert.deepEqual(outcomes, ['python: ok', 'java: ok', 'golang: ok', 'php: stopped, not done within 10000 ms']);
      assert.equal(ended.code, 1, ended.stderr);
    });
  });

  describe(`the programs on a pool of ${kind} workers`, limit, () => {
    it('run seven inputs, each from its start to its end', async () => {
      const ended = await runTypeScript([`examples/${kind}-pool.ts`], { SLEEP_MS: '20' });
      assert.deepEqual(sorted(ended.stdout), faithful(seven), ended.stderr);
      assert.equal(ended.code, 0);
    });

    it('say "timed out" and run everything all the same, in the faithful version', async () => {
      const ended = await runTypeScript([`examples/${kind}-pool.ts`], { SLEEP_MS: '200', LIMIT_MS: '0' });
      assert.deepEqual(sorted(ended.stdout), [...faithful(seven), 'timed out'].sort(), ended.stderr);
      assert.equal(ended.code, 0);
    });

    it('read every outcome, in the careful version', async () => {
      const ended = await runTypeScript([`examples/${kind}-pool-careful.ts`], { SLEEP_MS: '20' });
      assert.deepEqual(sorted(ended.stdout), careful(seven), ended.stderr);
      assert.equal(ended.code, 0);
    });

    it('name and stop the one that is stuck, and run the others, in the careful version', async () => {
      const env = { SLEEP_MS: '20', STUCK: 'php', LIMIT_MS: '3000' };
      const ended = await runTypeScript([`examples/${kind}-pool-careful.ts`], env);
      const outcomes = lines(ended.stdout).filter((line) => line.includes(': '));
      const fine = seven.filter((name) => name !== 'php').map((name) => `${name}: ok`);
      assert.deepEqual(outcomes.filter((line) => !line.startsWith('php')).sort(), fine.sort());
      assert.match(
        outcomes.find((line) => line.startsWith('php')) ?? '',
        /^php: TimeoutError: task "php" ran longer than its timeout of 3000 ms and was stopped/,
      );
      assert.equal(ended.code, 1, ended.stderr);
    });
  });
}

describe('the programs', limit, () => {
  it('differ between threads and processes in the name of what runs them only', () => {
    for (const suffix of ['', '-careful']) {
      assert.equal(program(`thread-pool${suffix}`), program(`process-pool${suffix}`));
      assert.equal(program(`bare-thread${suffix}`), program(`bare-process${suffix}`));
    }
  });

  it('run without tsx on a Node that strips types', {
    skip: !stripsTypes && 'this Node does not strip types',
  }, async () => {
    const ended = await run(process.execPath, ['examples/thread-pool.ts'], { SLEEP_MS: '20' }, root);
    assert.deepEqual(sorted(ended.stdout), faithful(seven), ended.stderr);
  });
});
