/** What limits a run: of time, of failures, of workers. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, it } from './bounded-test.js';
import { executors, futures, outcomes, start, temporaryDirectory, until, untilExists } from './command.js';

const pools = ['thread', 'process'] as const;

function gates(directory: string, names: readonly string[]): string {
  const path = join(directory, 'in.json');
  writeFileSync(path, JSON.stringify(names.map((name) => ({ directory, name }))));
  return path;
}

describe('--total-timeout', () => {
  for (const executor of pools) {
    it(`stops the run, also one whose task never ends (${executor})`, async () => {
      using directory = temporaryDirectory();
      const input = gates(directory.path, ['a', 'b']);
      const args = ['map', './tasks.mjs#spin', '-i', input, '-w', '1', '-e', executor, '-T', '500ms', '-g', '100ms'];
      const { code, lines, stderr } = await futures(args);
      assert.equal(code, 124, stderr);
      assert.match(stderr, /stopped after 500 ms \(--total-timeout\)/);
      assert.ok(lines.length <= 1, 'the second was never started');
      assert.equal(existsSync(join(directory.path, 'started-b')), false);
    });
  }

  it('lets running tasks have their grace', async () => {
    using directory = temporaryDirectory();
    const input = gates(directory.path, ['a', 'b']);
    const { ended, seen } = start(['map', './tasks.mjs#gate', '-i', input, '-w', '1', '-T', '300ms', '-g', '1h']);
    await untilExists(join(directory.path, 'started-a'));
    await seen('stderr', 'out of time: no more inputs; running tasks have 1 h 00 m to end\n');
    writeFileSync(join(directory.path, 'release-a'), '');
    const { code, lines } = await ended;
    assert.equal(code, 124);
    assert.deepEqual(outcomes(lines), ['a']);
  });

  it('is nothing to a run that is done in time', async () => {
    assert.equal((await futures(['map', './tasks.mjs#square', '3', '-T', '1h'])).code, 0);
  });
});

describe('failures', () => {
  for (const executor of executors) {
    it(`--fail-fast stops at the first (${executor})`, async () => {
      const inputs = ['1', 'x', ...Array.from({ length: 500 }, () => '2')];
      const { code, lines, stderr } = await futures([
        ...['map', './tasks.mjs#square', ...inputs],
        ...['-e', executor, '-w', '1', '--fail-fast'],
      ]);
      assert.equal(code, 1);
      assert.ok(lines.length < inputs.length, `${lines.length} were run`);
      assert.match(stderr, /stopped after a failure \(--fail-fast\)/);
      assert.match(stderr, /1 failed, \d+ not started/);
    });
  }

  it('--max-failures N lets so many be', async () => {
    const bad = (count: number): string[] => Array.from({ length: count }, () => 'x');
    const args = (count: number): string[] => ['map', './tasks.mjs#square', ...bad(count), '1', '--max-failures', '3'];
    const enough = await futures(args(3));
    assert.deepEqual([enough.code, enough.lines.length], [1, 4]);
    const tooMany = await futures([...args(300), '-w', '1']);
    assert.equal(tooMany.code, 1);
    assert.match(tooMany.stderr, /stopped after 4 failures \(--max-failures 3\)/);
    assert.ok(tooMany.lines.length < 301);
  });

  it('--max-failures P% is about all inputs where their number is known, else about those that are done', async () => {
    // Ten of a hundred fail, all at the beginning.
    const inputs = Array.from({ length: 100 }, (_, index) => (index < 10 ? 'x' : '1'));
    const args = ['map', './tasks.mjs#square', '-w', '1', '--max-failures'];
    assert.equal((await futures([...args, '10%', ...inputs])).lines.length, 100);
    assert.match((await futures([...args, '9%', ...inputs])).stderr, /stopped after 10 failures \(--max-failures 9%\)/);
    const stdin = inputs.map((input) => `${input}\n`).join('');
    assert.equal((await futures([...args, '10%', '-i', '-'], { stdin })).lines.length, 100);
    const endless = await futures([...args, '50%', '-i', '-'], { stdin: 'x\n'.repeat(20_000) });
    assert.match(endless.stderr, /stopped after \d+ failures \(--max-failures 50%\)/);
    assert.ok(endless.lines.length < 20_000);
  });

  it('--backoff waits before a retry, twice as long before the next', async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, 'times');
    const { lines } = await futures(['map', './tasks.mjs#failsNoting', file, '-r', '2', '--backoff', '100ms']);
    assert.equal(lines[0]?.attempts, 3);
    const [first, second, third] = readFileSync(file, 'utf8').trim().split('\n').map(Number) as [
      number,
      number,
      number,
    ];
    // Timers may be a millisecond early by another clock.
    assert.ok(second - first >= 98, `${second - first} ms`);
    assert.ok(third - second >= 198, `${third - second} ms`);
  });
});

describe('--order input', () => {
  for (const executor of pools) {
    it(`writes in the order of the inputs what is done in another (${executor})`, async () => {
      using directory = temporaryDirectory();
      const input = gates(directory.path, ['a', 'b', 'c']);
      const running = start(['map', './tasks.mjs#gate', '-i', input, '-w', '3', '-e', executor, '--order', 'input']);
      await Promise.all(['a', 'b', 'c'].map((name) => untilExists(join(directory.path, `started-${name}`))));
      for (const name of ['c', 'b', 'a']) writeFileSync(join(directory.path, `release-${name}`), '');
      const { lines } = await running.ended;
      assert.deepEqual(
        lines.map(({ value }) => value),
        ['a', 'b', 'c'],
      );
    });
  }

  it('writes all that is done when it is stopped', async () => {
    using directory = temporaryDirectory();
    const input = gates(directory.path, ['a', 'b']);
    const journal = join(directory.path, 'run.journal');
    const args = ['map', './tasks.mjs#gate', '-i', input, '-w', '2', '--order', 'input', '-g', '0', '-j', journal];
    const { child, ended } = start(args);
    await Promise.all(['a', 'b'].map((name) => untilExists(join(directory.path, `started-${name}`))));
    writeFileSync(join(directory.path, 'release-b'), '');
    await until(() => readFileSync(journal, 'utf8').includes('"index":1'));
    child.kill('SIGINT');
    const { lines } = await ended;
    assert.deepEqual(
      lines.map(({ index, status }) => [index, status]),
      [
        [0, 'failed'],
        [1, 'ok'],
      ],
    );
    // What was stopped is not done, to those who go on.
    writeFileSync(join(directory.path, 'release-a'), '');
    assert.deepEqual(outcomes((await futures(['resume', journal])).lines), ['a', 'b']);
  });
});

describe('--init', () => {
  for (const executor of executors) {
    it(`is called in each worker before its first task (${executor})`, async () => {
      const args = ['map', './tasks.mjs#greet', 'a', 'b', '-e', executor, '--init', './tasks.mjs#setGreeting'];
      const { code, lines, stderr } = await futures(args);
      assert.equal(code, 0, stderr);
      assert.deepEqual(outcomes(lines), ['hello a', 'hello b']);
    });

    it(`ends the run when it fails, and says so (${executor})`, async () => {
      const args = ['map', './tasks.mjs#greet', 'a', '-e', executor, '--init', './tasks.mjs#failingInit'];
      const { code, stdout, stderr } = await futures(args);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, /error: .*--init.* failed.*no greeting today/);
      assert.doesNotMatch(stderr, /\n {4}at /, 'no stack of ours');
    });
  }
});

describe('workers', () => {
  for (const executor of pools) {
    it(`--max-tasks-per-worker replaces them (${executor})`, async () => {
      const args = [
        'map',
        './tasks.mjs#countCalls',
        ...'abcdefg',
        '-e',
        executor,
        '-w',
        '1',
        '--max-tasks-per-worker',
        '3',
      ];
      const { code, lines, stderr } = await futures(args);
      assert.equal(code, 0, stderr);
      assert.deepEqual(outcomes(lines), [1, 2, 3, 1, 2, 3, 1]);
    });
  }

  it('--max-memory replaces a process that has more', async () => {
    const args = ['map', './tasks.mjs#keepMemory', ...'abcdefghij', '-e', 'process', '-w', '1', '--max-memory', '150M'];
    const { code, lines, stderr } = await futures(args);
    assert.equal(code, 0, stderr);
    // A worker has about 50 MB before it keeps anything, so it is over the limit at the third or fourth.
    assert.ok(lines.every(({ value }) => Number(value) <= 5));
    assert.ok(lines.filter(({ value }) => value === 1).length >= 2, 'there were several');
  });

  it('--max-workers takes a share of the cores', async () => {
    using directory = temporaryDirectory();
    const count = availableParallelism() * 2;
    const names = Array.from({ length: count + 2 }, (_, index) => `t${index}`);
    const input = gates(directory.path, names);
    const { ended } = start(['map', './tasks.mjs#gate', '-i', input, '--max-workers', '200%']);
    const startedCount = (): number => readdirSync(directory.path).filter((name) => name.startsWith('started-')).length;
    await until(() => startedCount() >= count);
    assert.equal(startedCount(), count, 'no more at once');
    for (const name of names) writeFileSync(join(directory.path, `release-${name}`), '');
    assert.equal((await ended).lines.length, names.length);
  });
});
