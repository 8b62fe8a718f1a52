import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from './bounded-test.js';
import { type Ended, executors, futures, outcomes, temporaryDirectory } from './command.js';

const task = (name: string, ...args: string[]): Promise<Ended> => futures(['map', `./prints.mjs#${name}`, ...args]);

/** What came on standard error before the summary. */
function printed({ stderr }: Ended): string[] {
  const lines = stderr.split('\n');
  return lines.slice(
    0,
    lines.findIndex((line) => /^\d+ tasks? in /.test(line)),
  );
}

function tagged(ended: Ended): string[] {
  return printed(ended).filter((line) => line.startsWith('['));
}

function logsIn(folder: string): Record<string, string> {
  const names = readdirSync(folder).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

for (const executor of executors) {
  const on = ['-e', executor, '-w', '1'];

  describe(`what tasks print (${executor})`, () => {
    it('comes on standard error as whole lines with the name of the task, and before the task is counted', async () => {
      const ended = await task('says', 'a', 'b', ...on);
      assert.deepEqual(outcomes(ended.lines), ['a', 'b']);
      assert.deepEqual(tagged(ended), [
        '[#0 a] a on log',
        '[#0 a] a on error',
        '[#0 a] a has no end',
        '[#1 b] b on log',
        '[#1 b] b on error',
        '[#1 b] b has no end',
      ]);
    });

    it('has no name where no task runs: while a module is loaded, and when a task is over', async () => {
      const ended = await task('leavesSomething', 'first', 'last', ...on);
      assert.ok(printed(ended).includes('module loaded'), ended.stderr);
      assert.match(ended.stderr, /left behind/);
      assert.equal(outcomes(ended.lines).length, 2);
    });

    it('is told of the right task after an await', async () => {
      const ended = await task('saysLater', 'a', 'b', ...on);
      assert.deepEqual(tagged(ended), [
        '[#0 a] a 1',
        '[#0 a] a 2',
        '[#0 a] a 3',
        '[#1 b] b 1',
        '[#1 b] b 2',
        '[#1 b] b 3',
      ]);
    });

    it('may be bytes, and in pieces', async () => {
      const ended = await task('saysBytes', 'a', ...on);
      assert.deepEqual(tagged(ended), ['[#0 a] käse', '[#0 a] \ufffd\0', '[#0 a] hi']);
    });

    it('calls back who wants to know that it is written', async () => {
      assert.deepEqual(outcomes((await task('waitsForCallback', 'a', ...on)).lines), ['called back']);
    });

    it('is there in order and in full when it is a flood', async () => {
      const ended = await task('floods', '100000', ...on);
      assert.equal(ended.code, 0, ended.stderr.slice(-500));
      const lines = tagged(ended);
      assert.equal(lines.length, 100_000);
      assert.deepEqual([lines[0], lines.at(-1)], ['[#0 100000] line 0 of many', '[#0 100000] line 99999 of many']);
    });

    it('shows each attempt of a task on lines of its own', async () => {
      using directory = temporaryDirectory();
      const file = join(directory.path, 'x');
      const ended = await task('failsOnce', file, '-r', '1', ...on);
      const texts = tagged(ended).map((line) => line.slice(line.indexOf(']') + 2));
      assert.deepEqual(texts, ['attempt 1 prints', 'attempt 2 prints']);
    });

    it('goes to a file for each task that prints with --logs', async () => {
      using directory = temporaryDirectory();
      const logs = join(directory.path, 'new', 'logs');
      const inputs = ['a', '../b c/\u001b.txt', 'é'.repeat(300)];
      const ended = await task('says', ...inputs, '--logs', logs, ...on);
      assert.deepEqual(tagged(ended), []);
      const all = logsIn(logs);
      assert.equal(all['000000-a.log'], 'a on log\na on error\na has no end');
      assert.equal(Object.keys(all)[1], '000001-b_c_.txt.log');
      assert.match(Object.keys(all)[2] as string, /^000002-é+\.log$/);
      await task('silent', 'x', '--logs', join(directory.path, 'none'), ...on);
      assert.deepEqual(logsIn(join(directory.path, 'none')), {});
    });

    it('is added to the file at a retry, and replaces that of an earlier run', async () => {
      using directory = temporaryDirectory();
      const file = join(directory.path, 'x');
      writeFileSync(join(directory.path, 'in.json'), JSON.stringify([file]));
      const logs = join(directory.path, 'logs');
      const run = (): Promise<Ended> =>
        task('failsOnce', '-i', join(directory.path, 'in.json'), '-r', '1', '--logs', logs, ...on);
      await run();
      assert.deepEqual(Object.values(logsIn(logs)), ['attempt 1 prints\n--- attempt 2 ---\nattempt 2 prints']);
      await run();
      assert.deepEqual(Object.values(logsIn(logs)), ['attempt 1 prints']);
    });

    it('replaces that of an earlier run also where only a retry prints', async () => {
      using directory = temporaryDirectory();
      const logs = join(directory.path, 'logs');
      for (let run = 0; run < 2; run++) {
        await task('printsAtRetry', directory.path, '-r', '1', '--logs', logs, ...on);
        assert.deepEqual(Object.values(logsIn(logs)), ['--- attempt 2 ---\nattempt 2 prints']);
      }
    });
  });
}

describe('what tasks print', () => {
  for (const executor of ['thread', 'process']) {
    it(`is not lost with a worker that ends (${executor})`, async () => {
      using directory = temporaryDirectory();
      const shown = await task('exits', 'a', '-e', executor);
      assert.deepEqual(tagged(shown), ['[#0 a] last words']);
      const kept = await task('exits', 'a', '-e', executor, '--logs', directory.path);
      assert.equal(kept.code, 1);
      assert.deepEqual(logsIn(directory.path), { '000000-a.log': 'last words\n' });
    });
  }

  it('is shown with --quiet as well, since only the command is quiet', async () => {
    assert.deepEqual(
      (await task('says', 'a', '--quiet', '-w', '1')).stderr.split('\n').filter((line) => line !== 'module loaded'),
      ['[#0 a] a on log', '[#0 a] a on error', '[#0 a] a has no end', ''],
    );
  });

  it('needs a folder for --logs, and says what is in the way', async () => {
    using directory = temporaryDirectory();
    const file = directory.write('file', '');
    const { code, stderr } = await task('says', 'a', '--logs', file);
    assert.equal(code, 2);
    assert.equal(stderr, `error: can't write to --logs ${file}: there is a file of that name\n`);
  });
});
