/** The same program gives the same result however it is started. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expected, programText, typedProgramText } from './program.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const base = mkdtempSync(join(tmpdir(), 'situations-'));
after(() => rmSync(base, { recursive: true, force: true }));
const options = { timeout: 120_000 };
const limitMs = 30_000;

/** A project folder with the given files, in which `concurrent-futures` and this repository's packages are installed. */
function project(name: string, files: Record<string, string>): string {
  const folder = join(base, name);
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  symlinkSync(root, join(folder, 'node_modules/concurrent-futures'));
  symlinkSync(join(root, 'node_modules/tsx'), join(folder, 'node_modules/tsx'));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

function check(cwd: string, args: readonly string[], input?: string): void {
  const ended = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', timeout: limitMs, input: input ?? '' });
  assert.equal(ended.error, undefined, `it did not end: ${ended.stderr}`);
  assert.equal(ended.status, 0, ended.stderr);
  assert.deepEqual(JSON.parse(ended.stdout), expected);
}

const esm = { 'package.json': '{ "type": "module" }', 'main.js': programText('esm') };

test('an ES module with a top-level await', options, () => check(project('esm', esm), ['main.js']));

test('a CommonJS file', options, () => check(project('cjs', { 'main.cjs': programText('cjs') }), ['main.cjs']));

test('a path with spaces and letters of all kinds', options, () => {
  check(project('a pâth with späces 文', esm), ['main.js']);
});

test('a symlinked working directory', options, () => {
  const folder = project('real', esm);
  symlinkSync(folder, join(base, 'link'));
  check(join(base, 'link'), ['main.js']);
});

test('node -e', options, () => check(project('e', {}), ['-e', programText('cjs')]));

test('node --input-type=module -e', options, () => {
  check(project('em', {}), ['--input-type=module', '-e', programText('esm')]);
});

test('a program on standard input', options, () => check(project('stdin', {}), ['-'], programText('cjs')));

test('an ES module on standard input', options, () => {
  check(project('stdinm', {}), ['--input-type=module', '-'], programText('esm'));
});

test('with --enable-source-maps', options, () => check(project('maps', esm), ['--enable-source-maps', 'main.js']));

test('TypeScript by tsx, as an ES module', options, () => {
  const folder = project('tsx', { 'package.json': '{ "type": "module" }', 'main.ts': typedProgramText() });
  check(folder, ['--import', 'tsx', 'main.ts']);
});

test('TypeScript by tsx, as CommonJS', options, () => {
  const folder = project('tsx-cjs', {
    'package.json': '{ "type": "commonjs" }',
    'main.ts': typedProgramText().replace('await main();', 'void main();'),
  });
  check(folder, ['--import', 'tsx', 'main.ts']);
});

const strips = Boolean((process.features as { typescript?: unknown }).typescript);

test('TypeScript by native stripping', { ...options, skip: strips ? false : 'this Node does not strip types' }, () => {
  check(project('strip', { 'package.json': '{ "type": "module" }', 'main.ts': typedProgramText() }), ['main.ts']);
});

for (const format of ['esm', 'cjs'] as const) {
  for (const minify of [false, true]) {
    test(`bundled by esbuild to one ${format} file${minify ? ', minified' : ''}`, options, async () => {
      const name = `bundle-${format}-${minify}`;
      const end = format === 'esm' ? undefined : 'void main();\n';
      const folder = project(name, { 'main.mjs': programText('esm', end) });
      const outfile = join(base, `${name}.out`, format === 'esm' ? 'out.mjs' : 'out.cjs');
      // Minifiers rename classes and functions unless told otherwise, here as everywhere; the task shows their names.
      await build({
        absWorkingDir: folder,
        entryPoints: ['main.mjs'],
        outfile,
        format,
        minify,
        keepNames: true,
        bundle: true,
        platform: 'node',
        logLevel: 'error',
      });
      check(join(outfile, '..'), [outfile]);
    });
  }
}

test('inside a worker thread', options, () => {
  const start = `import { Worker } from 'node:worker_threads'; new Worker(new URL('./main.js', import.meta.url));`;
  check(project('thread', { ...esm, 'start.js': start }), ['start.js']);
});

test('an entry file that exports its own tasks', options, () => {
  const text = programText('esm', 'export { triple, isEven, cases };\nawait main();\n');
  check(project('exports', { ...esm, 'main.js': text }), ['main.js']);
});

test('tasks of a module in a cycle with the entry', options, () => {
  const files = {
    'package.json': '{ "type": "module" }',
    'main.js': "import { main } from './tasks.js';\nexport const offset = 0;\nawait main();\n",
    'tasks.js': `import './main.js';\n${programText('esm', 'export { main };\n')}`,
  };
  check(project('cycle', files), ['main.js']);
});

test('an installed command that works while its package is being imported', options, () => {
  const files = {
    'package.json': '{ "type": "module" }',
    'command.js': "#!/usr/bin/env node\nimport './main.js';\n",
    'main.js': programText('esm'),
  };
  check(project('command', files), ['command.js']);
});
