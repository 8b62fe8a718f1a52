/** Ten thousand files of this machine, and a command that is killed ten times on the way: nothing is lost, nothing is there twice. */

import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '../soak/random.js';
import { describe, it } from './bounded-test.js';
import { start, temporaryDirectory, until } from './command.js';

const count = 10_000;
const kills = 10;
/** Documentation and sources, as far as the machine has them; this project's dependencies are always there. */
const places = [
  '/usr/share/doc',
  '/usr/include',
  '/usr/lib/python3',
  fileURLToPath(new URL('../../node_modules', import.meta.url)),
];
const sizeMax = 256 * 1024;

function realFiles(): string[] {
  const files: string[] = [];
  for (const place of places.filter((each) => existsSync(each))) {
    for (const entry of readdirSync(place, { recursive: true, encoding: 'utf8' })) {
      const path = join(place, entry);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (!stats?.isFile() || stats.size > sizeMax || /[\r\n]/.test(path)) continue;
      files.push(path);
      if (files.length === count) return files;
    }
  }
  return files;
}

/** The lines in the order of their inputs, without what no two runs share. */
function sorted(path: string): string {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const indexOf = (line: string): number => Number(/^\{"index":(\d+)/.exec(line)?.[1]);
  return lines
    .sort((one, other) => indexOf(one) - indexOf(other))
    .map((line) => line.replace(/,"ms":[\d.]+,"attempts":\d+\}$/, '}'))
    .join('\n');
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

describe(`${count} files, killed ${kills} times and resumed`, () => {
  const files = realFiles();
  const seed = process.env['KILLS_SEED'] ?? `${Date.now() % 100_000}`;

  for (const executor of ['thread', 'process'] as const) {
    it(`gives what an undisturbed run gives (${executor}, KILLS_SEED=${seed})`, async () => {
      assert.equal(files.length, count, 'this machine has files enough');
      using directory = temporaryDirectory();
      const input = directory.write('files.txt', files.map((file) => `${file}\n`).join(''));
      const [whole, pieces] = [join(directory.path, 'whole.jsonl'), join(directory.path, 'pieces.jsonl')];
      const [calm, journal] = [join(directory.path, 'calm.journal'), join(directory.path, 'run.journal')];
      const map = ['map', './words.mjs#words', '-i', input, '-e', executor, '-w', '2', '-q'];
      const undisturbed = await start([...map, '-o', whole, '-j', calm], { stdin: '' }).ended;
      assert.equal(undisturbed.code, 0, undisturbed.stderr);
      // At moments by how much is written, so that each run gets a little further, however fast the machine is.
      const random = new Random(seed);
      const moments = Array.from({ length: kills }, () => random.next() * sizeOf(calm)).sort((a, b) => a - b);
      for (const moment of moments) {
        const args = existsSync(journal) ? ['resume', journal] : [...map, '-o', pieces, '-j', journal];
        const { child, ended } = start(args, { stdin: '' });
        await until(() => sizeOf(journal) >= moment || child.exitCode !== null);
        child.kill('SIGKILL');
        await ended;
      }
      const { code, stderr } = await start(['resume', journal], { stdin: '' }).ended;
      assert.equal(code, 0, stderr);
      // Not deepEqual: it would print all of both.
      assert.ok(sorted(pieces) === sorted(whole), 'the results are the same, byte for byte');
      assert.equal(sorted(pieces).split('\n').length, count);
    });
  }
});
