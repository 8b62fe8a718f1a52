import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, it } from './bounded-test.js';
import { type Ended, fixtures, futures, outcomes, type TemporaryDirectory, temporaryDirectory } from './command.js';

const echo = `${pathToFileURL(join(fixtures, 'tasks.mjs')).href}#echo`;

/** A tree of files, in an order that is not theirs. */
function tree(): TemporaryDirectory {
  const directory = temporaryDirectory();
  for (const folder of ['photos', 'photos/deep', 'photos/.trash']) mkdirSync(join(directory.path, folder));
  for (const name of ['photos/b.jpg', 'a.txt', 'photos/deep/d.jpg', 'photos/a.jpg', 'photos/.hidden.jpg', 'B.txt'])
    directory.write(name, name);
  directory.write('photos/.trash/x.jpg', '');
  directory.write('photos/odd[1].jpg', '');
  directory.write('photos/odd1.jpg', '');
  return directory;
}

async function matched(directory: TemporaryDirectory, ...patterns: string[]): Promise<unknown[]> {
  const ended = await run(directory, ...patterns);
  assert.equal(ended.code, 0, ended.stderr);
  return outcomes(ended.lines);
}

function run(directory: TemporaryDirectory, ...patterns: string[]): Promise<Ended> {
  return futures(['map', echo, '--glob', ...patterns], { cwd: directory.path });
}

describe('--glob', () => {
  it('gives the files that match, sorted, as one would write them, without hidden ones and directories', async () => {
    using directory = tree();
    const photos = ['photos/a.jpg', 'photos/b.jpg', 'photos/deep/d.jpg', 'photos/odd1.jpg', 'photos/odd[1].jpg'];
    assert.deepEqual(await matched(directory, 'photos/**/*.jpg'), photos);
    assert.deepEqual(await matched(directory, './*.txt'), ['B.txt', 'a.txt']);
    assert.deepEqual(await matched(directory, 'photos/.*.jpg'), ['photos/.hidden.jpg']);
    assert.deepEqual(await matched(directory, join(directory.path, '{a,B}.txt')), [
      join(directory.path, 'B.txt'),
      join(directory.path, 'a.txt'),
    ]);
  });

  it('takes several patterns, and each file once; those after ! take files away', async () => {
    using directory = tree();
    assert.deepEqual(await matched(directory, '*.txt', 'a*', 'photos/?.jpg', '!**/b.*'), [
      'B.txt',
      'a.txt',
      'photos/a.jpg',
    ]);
    assert.deepEqual(await matched(directory, 'a.txt', 'B.txt', '!B*'), ['a.txt']);
  });

  it('takes the names to which a shell has expanded a pattern, whatever is in them', async () => {
    using directory = tree();
    assert.deepEqual(await matched(directory, 'photos/odd[1].jpg', 'photos/deep', 'photos/.hidden.jpg'), [
      'photos/.hidden.jpg',
      'photos/odd[1].jpg',
    ]);
  });

  it('knows how many there are, for --limit and what was not started', async () => {
    using directory = tree();
    const ended = await futures(['map', echo, '--glob', '*.txt', '--limit', '1'], { cwd: directory.path });
    assert.deepEqual(outcomes(ended.lines), ['B.txt']);
    assert.match(ended.stderr, /^1 task in [^:]*: 1 succeeded\n/);
  });

  it('is a mistake where nothing matches, and says so of a directory', async () => {
    using directory = tree();
    const nothing = await run(directory, '*.xyz', 'no/*');
    assert.equal(nothing.code, 2);
    assert.equal(nothing.stderr, "error: no file matches --glob '*.xyz', 'no/*'\n");
    const folder = await run(directory, 'photos/');
    assert.equal(folder.code, 2);
    assert.equal(
      folder.stderr,
      "error: no file matches --glob 'photos/': for the files in a directory, write 'photos/**'\n",
    );
  });

  it('refuses to resume when other files match by then', async () => {
    using directory = tree();
    const journal = join(directory.path, 'run.journal');
    const first = await futures(['map', echo, '--journal', journal, '--glob', '*.txt'], { cwd: directory.path });
    assert.equal(first.code, 0, first.stderr);
    assert.equal((await futures(['resume', journal])).code, 0);
    directory.write('c.txt', '');
    const { code, stderr } = await futures(['resume', journal]);
    assert.equal(code, 2);
    assert.match(stderr, /^error: the inputs have changed/);
  });
});
