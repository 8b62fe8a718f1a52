import assert from 'node:assert/strict';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from './bounded-test.js';
import { executors, futures, outcomes, temporaryDirectory } from './command.js';

const stripsTypes = Boolean((process.features as { typescript?: unknown }).typescript);
const repository = fileURLToPath(new URL('../../', import.meta.url));

describe('a TypeScript module', () => {
  for (const executor of executors) {
    it(`runs, with the TypeScript that it imports (${executor})`, async () => {
      const ended = await futures(['map', './typed.ts#shout', 'hey', 'you', '-e', executor]);
      assert.equal(ended.code, 0, ended.stderr);
      assert.deepEqual(outcomes(ended.lines), ['hey!!', 'you!!']);
    });

    it(`runs when its package does not say "type": "module" (${executor})`, async () => {
      const ended = await futures(['map', './plain/typed.ts', 'hey', '-e', executor]);
      assert.deepEqual(outcomes(ended.lines), ['hey?'], ended.stderr);
    });
  }

  it('can be .mts, and can be called by its only function', async () => {
    assert.deepEqual(outcomes((await futures(['map', './typed.mts', '8'])).lines), [4]);
  });

  it('needs tsx on a Node that does not strip types, and says how to get it', {
    skip: stripsTypes && 'this Node strips types',
  }, async () => {
    using directory = temporaryDirectory();
    const modules = join(directory.path, 'node_modules');
    const home = join(modules, 'concurrent-futures');
    mkdirSync(home, { recursive: true });
    for (const part of ['dist', 'package.json']) cpSync(join(repository, part), join(home, part), { recursive: true });
    for (const name of ['commander', 'fast-string-width', 'picocolors']) {
      symlinkSync(join(repository, 'node_modules', name), join(modules, name));
    }
    writeFileSync(join(directory.path, 'tasks.ts'), 'export const one = (): number => 1;');
    const ended = await futures(['map', './tasks.ts', 'x'], {
      cwd: directory.path,
      command: join(home, 'dist', 'cli', 'main.js'),
    });
    assert.equal(ended.code, 2);
    assert.match(
      ended.stderr,
      /^error: .*tasks\.ts is TypeScript.*npm install --save-dev tsx.*Node 22\.18 or newer\n$/,
    );
  });
});
