import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from './bounded-test.js';
import {
  executors,
  futures,
  outcomes,
  parseLines,
  start,
  type TemporaryDirectory,
  temporaryDirectory,
  until,
  untilExists,
} from './command.js';

function linesOf(path: string): Record<string, unknown>[] {
  const text = readFileSync(path, 'utf8');
  assert.ok(text.endsWith('\n'), `the last line is whole: ${text.slice(-200)}`);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A module of its own, that a test may change. */
function module(directory: TemporaryDirectory, body = 'export const task = (text) => text.length;'): string {
  return directory.write('module.mjs', body);
}

describe('a journal', () => {
  it('holds what was run, a line for each task, and how it ended', async () => {
    using directory = temporaryDirectory();
    const journal = join(directory.path, 'run.journal');
    const { code, lines } = await futures(['map', './tasks.mjs#square', '3', 'x', '--journal', journal, '-w', '1']);
    assert.equal(code, 1);
    const [head, ...rest] = linesOf(journal);
    assert.deepEqual([head?.['module'], head?.['values']], ['./tasks.mjs#square', ['3', 'x']]);
    const records = rest.slice(0, -1);
    assert.deepEqual(
      records.map(({ worker, endedAt, ...record }) => record),
      lines,
    );
    for (const { worker, endedAt } of records) {
      assert.match(String(worker), /_0$/);
      assert.ok(Math.abs(Number(endedAt) - Date.now()) < 60_000);
    }
    assert.equal(rest.at(-1)?.['ended'], 'inputs over');
  });

  it('is never written over', async () => {
    using directory = temporaryDirectory();
    const journal = directory.write('run.journal', 'precious\n');
    const { code, stderr } = await futures(['map', './tasks.mjs#square', '3', '--journal', journal]);
    assert.equal(code, 2);
    assert.match(stderr, /the journal .* exists: go on with it by "futures resume .*", or name another file/);
    assert.equal(readFileSync(journal, 'utf8'), 'precious\n');
  });

  it('is not begun when the run can not be', async () => {
    using directory = temporaryDirectory();
    const journal = join(directory.path, 'run.journal');
    const { code } = await futures(['map', './tasks.mjs#square', '3', '-j', journal, '-o', directory.path]);
    assert.equal(code, 2);
    assert.equal(existsSync(journal), false);
  });
});

describe('futures resume', () => {
  for (const executor of executors) {
    it(`runs what the killed run had not done, and gives all results (${executor})`, async () => {
      using directory = temporaryDirectory();
      const journal = join(directory.path, 'run.journal');
      const inputs = ['a', 'b', 'c', 'd'].map((name) => ({ directory: directory.path, name }));
      const input = directory.write('in.json', JSON.stringify(inputs));
      const args = ['map', './tasks.mjs#gate', '-i', input, '-w', '1', '-e', executor, '-j', journal];
      const { child, ended } = start(args);
      await untilExists(join(directory.path, 'started-a'));
      writeFileSync(join(directory.path, 'release-a'), '');
      await untilExists(join(directory.path, 'started-b'));
      await until(() => readFileSync(journal, 'utf8').includes('"index":0'));
      child.kill('SIGKILL');
      await ended;
      rmSync(join(directory.path, 'started-a'));
      for (const name of ['b', 'c', 'd']) writeFileSync(join(directory.path, `release-${name}`), '');
      // From another directory: paths in the journal are those of where the run was started.
      const resumed = await futures(['resume', 'run.journal'], { cwd: directory.path });
      assert.equal(resumed.code, 0, resumed.stderr);
      assert.deepEqual(outcomes(resumed.lines), ['a', 'b', 'c', 'd']);
      assert.equal(existsSync(join(directory.path, 'started-a')), false, 'what was done was not run again');
      const indexes = linesOf(journal).flatMap(({ index }) => (index === undefined ? [] : [index]));
      assert.deepEqual(indexes, [0, 1, 2, 3]);
    });
  }

  it('takes off a last line that was cut', async () => {
    using directory = temporaryDirectory();
    const journal = join(directory.path, 'run.journal');
    await futures(['map', './tasks.mjs#square', '1', '2', '3', '-w', '1', '-j', journal]);
    const whole = readFileSync(journal, 'utf8');
    // At any byte of what follows the first line: the file is a journal, and nothing is lost or there twice.
    const from = whole.indexOf('\n') + 1;
    for (const length of [from, from + 1, from + 60, whole.lastIndexOf('\n', whole.length - 2), whole.length - 1]) {
      writeFileSync(journal, whole);
      truncateSync(journal, length);
      const { code, lines, stderr } = await futures(['resume', journal]);
      assert.equal(code, 0, stderr);
      assert.deepEqual(outcomes(lines), [1, 4, 9]);
      assert.deepEqual(
        linesOf(journal)
          .flatMap(({ index }) => (index === undefined ? [] : [index as number]))
          .sort(),
        [0, 1, 2],
      );
    }
  });

  it('gives results in the order of the inputs where that was asked for', async () => {
    using directory = temporaryDirectory();
    const journal = join(directory.path, 'run.journal');
    const output = join(directory.path, 'out.jsonl');
    const numbers = Array.from({ length: 200 }, (_, index) => String(index));
    const args = ['map', './tasks.mjs#square', ...numbers, '-j', journal, '--order', 'input', '-o', output];
    assert.equal((await futures(args)).code, 0);
    const whole = linesOf(journal);
    // As if it had been stopped in the middle: every third task is missing.
    const kept = whole.filter(({ index }) => index === undefined || Number(index) % 3 !== 1);
    writeFileSync(journal, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
    assert.equal((await futures(['resume', journal])).code, 0);
    const written = linesOf(output);
    assert.deepEqual(
      written.map(({ value }) => value),
      numbers.map((number) => Number(number) ** 2),
    );
  });

  it('runs what failed again only with --failed, and the new result is the one that counts', async () => {
    using directory = temporaryDirectory();
    const flag = join(directory.path, 'mended');
    const body = `import { existsSync } from 'node:fs';
      export const task = (text) => { if (text === 'b' && !existsSync(${JSON.stringify(flag)})) throw new Error('no'); return text; };`;
    const journal = join(directory.path, 'run.journal');
    const args = ['map', module(directory, body), 'a', 'b', 'c', '-j', journal];
    assert.equal((await futures(args)).code, 1);
    writeFileSync(flag, '');
    assert.deepEqual(outcomes((await futures(['resume', journal])).lines), ['a', 'Error: no', 'c']);
    assert.deepEqual(outcomes((await futures(['resume', journal, '--failed'])).lines), ['a', 'b', 'c']);
    const { lines, stderr } = await futures(['resume', journal]);
    assert.deepEqual(outcomes(lines), ['a', 'b', 'c']);
    assert.match(stderr, /3 succeeded/);
  });

  it('takes other options than the first run had', async () => {
    using directory = temporaryDirectory();
    const [journal, other] = [join(directory.path, 'run.journal'), join(directory.path, 'other.jsonl')];
    await futures(['map', './tasks.mjs#square', '2', '-j', journal, '-o', join(directory.path, 'out.jsonl')]);
    const { code, stdout } = await futures(['resume', journal, '-o', other, '-e', 'process']);
    assert.equal(code, 0);
    assert.equal(stdout, '');
    assert.deepEqual(outcomes(parseLines(readFileSync(other, 'utf8'))), [4]);
  });

  it('refuses when the module has changed, or one that it imports, unless forced', async () => {
    using directory = temporaryDirectory();
    directory.write('part.mjs', 'export const factor = 2;');
    const body = "import { factor } from './part.mjs'; export const task = (text) => factor * Number(text);";
    const [path, journal] = [module(directory, body), join(directory.path, 'run.journal')];
    await futures(['map', path, '1', '2', '-j', journal]);
    directory.write('part.mjs', 'export const factor = 3;');
    const refused = await futures(['resume', journal]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /module\.mjs has changed since the run was started.*--force/);
    // What is done stays as it is.
    assert.deepEqual(outcomes((await futures(['resume', journal, '--force'])).lines), [2, 4]);
  });

  it('refuses when the inputs have changed, unless forced, and then runs what is new', async () => {
    using directory = temporaryDirectory();
    const input = directory.write('in.txt', 'a\nbb\nccc\n');
    const journal = join(directory.path, 'run.journal');
    await futures(['map', module(directory), '-i', input, '-j', journal]);
    writeFileSync(input, 'a\nbbbbb\nccc\ndddd\n');
    const refused = await futures(['resume', journal]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /the inputs have changed since the run was started.*--force/);
    assert.deepEqual(outcomes((await futures(['resume', journal, '--force'])).lines), [1, 5, 3, 4]);
  });

  it('needs standard input once more, and stops where that is not what it was', async () => {
    using directory = temporaryDirectory();
    const journal = join(directory.path, 'run.journal');
    await futures(['map', module(directory), '-i', '-', '-j', journal], { stdin: 'a\nbb\n' });
    const again = await futures(['resume', journal], { stdin: 'a\nbb\nccc\n' });
    assert.deepEqual(outcomes(again.lines), [1, 2, 3]);
    const other = await futures(['resume', journal], { stdin: 'a\nzz\nccc\n' });
    assert.equal(other.code, 2);
    assert.match(other.stderr, /input 1 is not what it was when .* was written \("bb" then, "zz" now\)/);
  });

  it('keeps malformed inputs as they were', async () => {
    using directory = temporaryDirectory();
    const input = directory.write('in.jsonl', '1\n{\n3\n');
    const journal = join(directory.path, 'run.journal');
    const first = await futures(['map', './tasks.mjs#echo', '-i', input, '-j', journal]);
    const again = await futures(['resume', journal]);
    assert.deepEqual([first.code, again.code], [1, 1]);
    assert.deepEqual(outcomes(again.lines), outcomes(first.lines));
    assert.equal(again.lines.length, 3);
  });

  it('says so when the file is no journal', async () => {
    using directory = temporaryDirectory();
    for (const [text, message] of [
      ['', /is not a journal/],
      ['{"a":1}\n', /is not a journal/],
      ['hello\nworld\n', /line 1: this is not a line of a journal/],
      ['{"journal":2}\n', /newer version/],
    ] as const) {
      const { code, stderr } = await futures(['resume', directory.write('x', text)]);
      assert.equal(code, 2);
      assert.match(stderr, message);
    }
    const { code, stderr } = await futures(['resume', join(directory.path, 'missing')]);
    assert.equal(code, 2);
    assert.match(stderr, /can't read the journal .*: no such file/);
  });

  it('is what the last line says after Ctrl-C', async () => {
    using directory = temporaryDirectory();
    const journal = join(directory.path, "it's a run");
    const inputs = ['a', 'b', 'c'].map((name) => ({ directory: directory.path, name }));
    const input = directory.write('in.json', JSON.stringify(inputs));
    const { child, ended, seen } = start(['map', './tasks.mjs#gate', '-i', input, '-w', '1', '-j', journal]);
    await untilExists(join(directory.path, 'started-a'));
    child.kill('SIGINT');
    await seen('stderr', 'SIGINT: no more inputs');
    for (const name of ['a', 'b', 'c']) writeFileSync(join(directory.path, `release-${name}`), '');
    const { code, stderr } = await ended;
    assert.equal(code, 130);
    const said = /^to go on: futures resume (.*)\n$/m.exec(stderr)?.[1];
    assert.equal(said, `'${journal.replace("'", String.raw`'\''`)}'`, stderr);
    assert.equal(linesOf(journal).at(-1)?.['ended'], 'interrupted');
    assert.deepEqual(outcomes((await futures(['resume', journal])).lines), ['a', 'b', 'c']);
  });

  it('goes on with a journal that is written to when the run is stopped now', async () => {
    using directory = temporaryDirectory();
    const journal = join(directory.path, 'run.journal');
    const inputs = ['a', 'b'].map((name) => ({ directory: directory.path, name }));
    const input = directory.write('in.json', JSON.stringify(inputs));
    const { child, ended, seen } = start([
      'map',
      './tasks.mjs#spin',
      '-i',
      input,
      '-w',
      '2',
      '-j',
      journal,
      '-g',
      '1h',
    ]);
    await Promise.all(['a', 'b'].map((name) => untilExists(join(directory.path, `started-${name}`))));
    child.kill('SIGINT');
    await seen('stderr', 'SIGINT: no more inputs');
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    assert.equal(code, 130);
    assert.match(stderr, /\nto go on: futures resume .*run\.journal\n$/);
    await until(() => readFileSync(journal, 'utf8').endsWith('\n'));
    assert.equal(linesOf(journal).length, 1, 'nothing was done');
  });
});
