/** The same program gives the same result however it is started. */

import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { programText, typedProgramText } from './program.js';
import { base, check as checkStart, options, project } from './projects.js';

async function check(cwd: string, args: readonly string[], input?: string): Promise<void> {
  await checkStart({ cwd, args, ...(input !== undefined && { input }) });
}

const esm = { 'package.json': '{ "type": "module" }', 'main.js': programText('esm') };

test('an ES module with a top-level await', options, () => check(project('esm', esm), ['main.js']));

test('a CommonJS file', options, () => check(project('cjs', { 'main.cjs': programText('cjs') }), ['main.cjs']));

test('a path with spaces and letters of all kinds', options, async () => {
  await check(project('a pâth with späces 文', esm), ['main.js']);
});

test('a symlinked working directory', options, async () => {
  const folder = project('real', esm);
  symlinkSync(folder, join(base, 'link'));
  await check(join(base, 'link'), ['main.js']);
});

test('node -e', options, () => check(project('e', {}), ['-e', programText('cjs')]));

test('node --input-type=module -e', options, async () => {
  await check(project('em', {}), ['--input-type=module', '-e', programText('esm')]);
});

test('a program on standard input', options, () => check(project('stdin', {}), ['-'], programText('cjs')));

test('an ES module on standard input', options, async () => {
  await check(project('stdinm', {}), ['--input-type=module', '-'], programText('esm'));
});

test('with --enable-source-maps', options, () => check(project('maps', esm), ['--enable-source-maps', 'main.js']));

test('TypeScript by tsx, as an ES module', options, async () => {
  const folder = project('tsx', { 'package.json': '{ "type": "module" }', 'main.ts': typedProgramText() });
  await check(folder, ['--import', 'tsx', 'main.ts']);
});

test('TypeScript by tsx, as CommonJS', options, async () => {
  const folder = project('tsx-cjs', {
    'package.json': '{ "type": "commonjs" }',
    'main.ts': typedProgramText().replace('await main();', 'void main();'),
  });
  await check(folder, ['--import', 'tsx', 'main.ts']);
});

const strips = Boolean((process.features as { typescript?: unknown }).typescript);

test('TypeScript by native stripping', {
  ...options,
  skip: strips ? false : 'this Node does not strip types',
}, async () => {
  await check(project('strip', { 'package.json': '{ "type": "module" }', 'main.ts': typedProgramText() }), ['main.ts']);
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
      await check(join(outfile, '..'), [outfile]);
    });
  }
}

test('inside a worker thread', options, async () => {
  const start = `import { Worker } from 'node:worker_threads'; new Worker(new URL('./main.js', import.meta.url));`;
  await check(project('thread', { ...esm, 'start.js': start }), ['start.js']);
});

test('an entry file that exports its own tasks', options, async () => {
  const text = programText('esm', 'export { triple, isEven, cases };\nawait main();\n');
  await check(project('exports', { ...esm, 'main.js': text }), ['main.js']);
});

test('tasks of a module in a cycle with the entry', options, async () => {
  const files = {
    'package.json': '{ "type": "module" }',
    'main.js': "import { main } from './tasks.js';\nexport const offset = 0;\nawait main();\n",
    'tasks.js': `import './main.js';\n${programText('esm', 'export { main };\n')}`,
  };
  await check(project('cycle', files), ['main.js']);
});

test('an installed command that works while its package is being imported', options, async () => {
  const files = {
    'package.json': '{ "type": "module" }',
    'command.js': "#!/usr/bin/env node\nimport './main.js';\n",
    'main.js': programText('esm'),
  };
  await check(project('command', files), ['command.js']);
});

test('a module that submits its own exported tasks while it is being imported', options, async () => {
  const files = {
    'package.json': '{ "type": "module" }',
    'command.js': "#!/usr/bin/env node\nimport './main.js';\n",
    'main.js': programText(
      'esm',
      'export { triple, isEven, isOdd, Base, Derived };\nawait main();\nexport const last = 1;\n',
    ),
  };
  await check(project('exporting', files), ['command.js']);
});
