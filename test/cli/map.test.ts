import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, it } from './bounded-test.js';
import {
  executors,
  fixtures,
  futures,
  outcomes,
  parseLines,
  start,
  temporaryDirectory,
  untilExists,
} from './command.js';

describe('futures map', () => {
  for (const executor of executors) {
    it(`calls the function for each input and writes one record each (${executor})`, async () => {
      const ended = await futures(['map', './tasks.mjs#square', '2', '3', '4', '--executor', executor]);
      assert.equal(ended.code, 0, ended.stderr);
      assert.deepEqual(outcomes(ended.lines), [4, 9, 16]);
      const first = ended.lines.find(({ index }) => index === 0);
      assert.deepEqual(Object.keys(first ?? {}), ['index', 'input', 'status', 'value', 'ms', 'attempts']);
      assert.equal(first?.input, '2');
      assert.equal(first?.attempts, 1);
      assert.ok((first?.ms ?? -1) >= 0);
      assert.match(ended.stderr, /^3 tasks in .*: 3 succeeded\ntime per task: p50 .*, p90 .*, p99 .*, max .*\n$/);
    });

    it(`exits with 1 when some fail, and groups the failures by message (${executor})`, async () => {
      const ended = await futures(['map', './tasks.mjs#square', '2', 'x', 'y', 'x', '-e', executor]);
      assert.equal(ended.code, 1);
      const notNumber = (text: string): string => `TypeError: "${text}" is not a number`;
      assert.deepEqual(outcomes(ended.lines), [4, notNumber('x'), notNumber('y'), notNumber('x')]);
      assert.match(ended.stderr, /4 tasks in .*: 1 succeeded, 3 failed\n/);
      assert.match(ended.stderr, /failures:\n {2}2 × TypeError: "x" is not a number\n {6}at square \(tasks\.mjs:/);
      assert.match(ended.stderr, /\n {6}of #1 x, #3 x\n {2}1 × TypeError: "y" is not a number\n/);
    });

    it(`writes an error's name, message, stack, code, own properties and cause (${executor})`, async () => {
      const { lines } = await futures(['map', './tasks.mjs#failWithFacts', 'luck', '-e', executor]);
      const error = lines[0]?.error;
      assert.equal(error?.['message'], 'no luck');
      assert.equal(error?.['code'], 'E_FACTS');
      assert.deepEqual(error?.['path'], ['a', 1]);
      assert.match(String(error?.['stack']), /tasks\.mjs/);
      assert.doesNotMatch(String(error?.['stack']), /main\.js|submitted/);
      assert.equal((error?.['cause'] as { name?: string } | undefined)?.name, 'RangeError');
    });

    it(`tries a failed task again as often as --retries says, and counts the attempts (${executor})`, async () => {
      using directory = temporaryDirectory();
      const input = directory.write('in.jsonl', JSON.stringify({ file: join(directory.path, 'calls'), times: 3 }));
      const { code, lines } = await futures([
        'map',
        './tasks.mjs#failsAtFirst',
        '-i',
        input,
        '--retries',
        '2',
        '-e',
        executor,
      ]);
      assert.deepEqual(outcomes(lines), ['at last']);
      assert.equal(lines[0]?.attempts, 3);
      assert.equal(code, 0);
    });

    it(`ends a task that runs longer than --timeout, and goes on with the others (${executor})`, async () => {
      using directory = temporaryDirectory();
      const names = ['released', 'never'];
      writeFileSync(join(directory.path, 'release-released'), '');
      const rows = names.map((name) => JSON.stringify({ directory: directory.path, name })).join('\n');
      const ended = await futures(['map', './tasks.mjs#gate', '-i', '-', '-f', 'jsonl', '-t', '1.5s', '-e', executor], {
        stdin: rows,
      });
      assert.equal(ended.code, 1, ended.stderr);
      const failed = ended.lines.find(({ status }) => status === 'failed');
      assert.equal(failed?.index, 1);
      assert.equal(failed?.error?.['name'], 'TimeoutError');
      assert.equal(failed?.error?.['code'], 'TIMEOUT');
      assert.equal(ended.lines.find(({ index }) => index === 0)?.value, 'released');
      assert.match(
        ended.stderr,
        /1 × TimeoutError: the task ran longer than its timeout of 1500 ms and was stopped, which took ending its worker: it did not heed its signal within 250 ms\n/,
      );
    });
  }

  it('reports a worker that a task has ended as that task failed, and goes on with the others', async () => {
    const ended = await futures(['map', './tasks.mjs#exits', 'a', 'b', '-e', 'process', '-w', '1']);
    assert.equal(ended.code, 1);
    assert.deepEqual(
      ended.lines.map(({ error }) => [error?.['name'], error?.['code'], error?.['exitCode']]),
      Array(2).fill(['WorkerLostError', 'WORKER_LOST', 3]),
    );
    assert.match(ended.stderr, /2 × WorkerLostError: a worker exited with code 3 while it ran the task\n/);
  });

  it('makes several arguments of an array with --spread, and one without', async () => {
    const pairs = '[[1,2],[3,4],5]';
    const spread = await futures(['map', './tasks.mjs#echo', '-i', '-', '-f', 'json', '--spread'], { stdin: pairs });
    assert.deepEqual(outcomes(spread.lines), [[1, 2], [3, 4], 5]);
    const added = await futures(['map', './tasks.mjs#add', '-i', '-', '-f', 'json', '--spread'], {
      stdin: '[[1,2],[3,4]]',
    });
    assert.deepEqual(outcomes(added.lines), [3, 7]);
    const whole = await futures(['map', './tasks.mjs#add', '-i', '-', '-f', 'json'], { stdin: '[[1,2]]' });
    assert.deepEqual(outcomes(whole.lines), ['1,2undefined']);
  });

  it('writes values that JSON has no form for as near as it can, and null for undefined', async () => {
    const rich = await futures(['map', './tasks.mjs#richValue', 'x']);
    assert.deepEqual(outcomes(rich.lines), [{ big: '12', map: [['a', 1]], set: [1], bytes: [1, 2] }]);
    const nothing = await futures(['map', './tasks.mjs#nothing', 'x']);
    assert.ok(Object.hasOwn(nothing.lines[0] ?? {}, 'value'));
    assert.equal(nothing.lines[0]?.value, null);
  });

  it('makes a failed record of a result that can not be written, and of a thrown text', async () => {
    const cyclic = await futures(['map', './tasks.mjs#cyclic', 'x']);
    assert.match(String(cyclic.lines[0]?.error?.['message']), /can't be written as JSON: Converting circular/);
    assert.equal(cyclic.code, 1);
    const thrown = await futures(['map', './tasks.mjs#throwText', 'plain words']);
    assert.equal(thrown.lines[0]?.error?.['message'], 'plain words');
  });

  it('writes to --output with nothing on standard output, and replaces an older file', async () => {
    using directory = temporaryDirectory();
    const output = directory.write('out.jsonl', 'older\n');
    const ended = await futures(['map', './tasks.mjs#square', '2', '3', '-o', output]);
    assert.equal(ended.stdout, '');
    assert.deepEqual(outcomes(parseLines(readFileSync(output, 'utf8'))), [4, 9]);
  });

  it('has a finished record in the output file while other tasks run, even when it is killed then', async () => {
    using directory = temporaryDirectory();
    const output = join(directory.path, 'out.jsonl');
    const row = (name: string): string => `${JSON.stringify({ directory: directory.path, name })}\n`;
    writeFileSync(join(directory.path, 'release-fast'), '');
    const running = start(['map', './tasks.mjs#gate', '-i', '-', '-f', 'jsonl', '-o', output, '-w', '2']);
    running.child.stdin?.write(row('slow') + row('fast'));
    await untilExists(join(directory.path, 'started-slow'));
    while (!existsSync(output) || readFileSync(output, 'utf8') === '') await untilExists(output);
    running.child.kill('SIGKILL');
    await running.ended;
    assert.deepEqual(outcomes(parseLines(readFileSync(output, 'utf8'))), ['fast']);
  });

  it('writes each record as soon as its task is done, while standard input stays open', async () => {
    const running = start(['map', './tasks.mjs#square', '--input', '-']);
    running.child.stdin?.write('2\n');
    await running.seen('stdout', '"value":4');
    running.child.stdin?.write('3\n');
    await running.seen('stdout', '"value":9');
    running.child.stdin?.end();
    assert.equal((await running.ended).code, 0);
  });

  it('writes records in order of completion', async () => {
    using directory = temporaryDirectory();
    const row = (name: string): string => `${JSON.stringify({ directory: directory.path, name })}\n`;
    writeFileSync(join(directory.path, 'release-second'), '');
    const running = start(['map', './tasks.mjs#gate', '-i', '-', '-f', 'jsonl', '-w', '2'], {
      stdin: row('first') + row('second'),
    });
    await running.seen('stdout', '"index":1');
    writeFileSync(join(directory.path, 'release-first'), '');
    assert.deepEqual(
      (await running.ended).lines.map(({ index }) => index),
      [1, 0],
    );
  });
});

describe('the module of futures map', () => {
  it('is called by its default export, or by its only function, when none is named', async () => {
    assert.deepEqual(outcomes((await futures(['map', './with-default.mjs', 'hey'])).lines), ['hey!']);
    assert.deepEqual(outcomes((await futures(['map', 'only.mjs', '2'])).lines), [6]);
  });

  it('can be CommonJS, a file URL, and an absolute path', async () => {
    assert.deepEqual(outcomes((await futures(['map', './common.cjs', '2'])).lines), [4]);
    const path = join(fixtures, 'only.mjs');
    assert.deepEqual(outcomes((await futures(['map', `${pathToFileURL(path)}#triple`, '2'])).lines), [6]);
    assert.deepEqual(outcomes((await futures(['map', `${path}#triple`, '2'], { cwd: '/' })).lines), [6]);
  });

  it('can be a package that only exports to import, found from the working directory', async () => {
    using directory = temporaryDirectory();
    const home = join(directory.path, 'node_modules', '@made', 'up');
    mkdirSync(home, { recursive: true });
    const manifest = {
      name: '@made/up',
      version: '1.0.0',
      type: 'module',
      exports: { './tasks': { import: './main.js' } },
    };
    writeFileSync(join(home, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(home, 'main.js'), 'export const six = (text) => Number(text) * 6;');
    const ended = await futures(['map', '@made/up/tasks#six', '7'], { cwd: directory.path });
    assert.deepEqual(outcomes(ended.lines), [42], ended.stderr);
  });

  it('can have a # in its path', async () => {
    using directory = temporaryDirectory();
    directory.write('a#b.mjs', 'export const one = () => 1; export const two = () => 2;');
    assert.deepEqual(outcomes((await futures(['map', './a#b.mjs#two', 'x'], { cwd: directory.path })).lines), [2]);
  });
});
