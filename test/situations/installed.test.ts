/** The same program gives the same result as the command of a package that somebody installed. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { programText } from './program.js';
import { base, check, folder, options, printed, root, run } from './projects.js';

const command = 'situations-command';
const offline = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'];
/** The packed library, and a packed package that depends on it and has a command. */
let tarballs: string[];

before(async () => {
  const packed = folder('packed', {});
  const source = folder('source', {
    'package.json': JSON.stringify({
      name: 'situations-package',
      version: '1.0.0',
      type: 'module',
      bin: { [command]: 'main.js' },
      dependencies: { 'concurrent-futures': '*' },
    }),
    'main.js': `#!/usr/bin/env node\n${programText('esm')}`,
  });
  const names = await Promise.all([root, source].map((of) => npm(of, ['pack', '--ignore-scripts', '--json'], packed)));
  tarballs = names.map((report) => join(packed, (JSON.parse(report) as [{ filename: string }])[0].filename));
}, options);

async function npm(cwd: string, args: readonly string[], packed?: string): Promise<string> {
  const all = packed === undefined ? args : [...args, '--pack-destination', packed];
  const ended = await run({ command: 'npm', cwd, args: all });
  assert.equal(ended.status, 0, printed(ended));
  return ended.stdout;
}

test('the command of an installed package, by its path, by npx and by npm exec', options, async (t) => {
  const cwd = folder('project', { 'package.json': '{ "private": true }' });
  await npm(cwd, ['install', ...offline, ...tarballs]);
  await t.test('through node_modules/.bin', async () => {
    await check({ command: join(cwd, 'node_modules/.bin', command), cwd: base, args: [] });
  });
  await t.test('by npx', async () => {
    await check({ command: 'npx', cwd, args: ['--no', command] });
  });
  await t.test('by npm exec', async () => {
    await check({ command: 'npm', cwd, args: ['exec', '--no', command] });
  });
});

test('the command of a globally installed package', options, async () => {
  const prefix = join(base, 'global');
  await npm(base, ['install', '--global', '--prefix', prefix, ...offline, ...tarballs]);
  await check({ command: join(prefix, 'bin', command), cwd: base, args: [] });
});
