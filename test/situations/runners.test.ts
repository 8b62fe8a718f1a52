/** The same program gives the same result inside a test of vitest or jest, instrumented or not, and the runner ends by itself. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { helpersAsTest, mocksAsTest, programAsTest, testCount, typed } from './runner-texts.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const base = mkdtempSync(join(tmpdir(), 'runners-'));
after(() => rmSync(base, { recursive: true, force: true }));
const options = { timeout: 60_000 };
const limitMs = 30_000;

/** A project folder in which the library is installed as from the registry: runners treat a linked one as the user's own. */
function project(name: string, files: Record<string, string>): string {
  const folder = join(base, name);
  const library = join(folder, 'node_modules/concurrent-futures');
  mkdirSync(library, { recursive: true });
  cpSync(join(root, 'dist'), join(library, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(library, 'package.json'));
  for (const installed of readdirSync(join(root, 'node_modules'))) {
    if (installed.startsWith('.') || installed === 'concurrent-futures') continue;
    symlinkSync(join(root, 'node_modules', installed), join(folder, 'node_modules', installed));
  }
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

/** Runs it; what it prints with its reporter for programs is the same for both runners. */
function run(cwd: string, args: readonly string[], count = testCount): void {
  const env: NodeJS.ProcessEnv = { ...process.env, CI: 'true' };
  // This very test runs in a worker of Node's runner; the runner inside is none.
  delete env['NODE_TEST_CONTEXT'];
  const ended = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', timeout: limitMs, env });
  assert.equal(ended.error, undefined, `it did not end: ${ended.stdout}${ended.stderr}`);
  assert.equal(ended.status, 0, ended.stdout + ended.stderr);
  const { numPassedTests } = JSON.parse(ended.stdout.slice(ended.stdout.indexOf('{'))) as { numPassedTests: number };
  assert.equal(numPassedTests, count);
  assert.doesNotMatch(ended.stderr, /did not exit|failed to exit|close timed out/);
}

const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=json'];
const jest = [
  'node_modules/jest/bin/jest.js',
  '--json',
  '--watchman=false',
  '--cacheDirectory=.cache',
  '--maxWorkers=2',
];

const forVitest = {
  imports: "import { afterAll, beforeAll, expect, test, vi } from 'vitest';\n",
  mock: 'vi.fn()',
};
const forJest = { imports: '', mock: 'jest.fn()' };
const isModule = { 'package.json': '{ "type": "module" }' };

test('vitest, in JavaScript', options, () => {
  const files = {
    'program.test.js': programAsTest('esm', forVitest.imports),
    ...helpersAsTest('esm', 'js', forVitest),
  };
  run(project('vitest', { ...isModule, ...files }), vitest);
});

test('vitest, in TypeScript', options, () => {
  const files = {
    'program.test.ts': programAsTest('esm', forVitest.imports),
    ...helpersAsTest('esm', 'ts', forVitest),
  };
  run(project('vitest-ts', { ...isModule, ...typed(files) }), vitest);
});

test('vitest, in threads of its own, with mocked modules', options, () => {
  const files = {
    'program.test.js': programAsTest('esm', forVitest.imports),
    ...helpersAsTest('esm', 'js', forVitest),
  };
  const folder = project('vitest-threads', { ...isModule, ...files, 'mocks.test.js': mocksAsTest });
  run(folder, [...vitest, '--pool=threads'], testCount + 2);
});

test('vitest, with counters of Istanbul', options, () => {
  const config = `
import { createInstrumenter } from 'istanbul-lib-instrument';
const instrument = (code, id) => createInstrumenter({ esModules: true }).instrumentSync(code, id);
const transform = (code, id) => (id.includes('node_modules') ? undefined : { code: instrument(code, id), map: null });
export default { plugins: [{ name: 'counters', enforce: 'post', transform }] };
`;
  const files = {
    'program.test.ts': programAsTest('esm', forVitest.imports),
    ...helpersAsTest('esm', 'ts', forVitest),
  };
  run(project('vitest-counters', { ...isModule, 'vitest.config.mjs': config, ...typed(files) }), vitest);
});

const commonJs = { 'program.test.js': programAsTest('cjs', ''), ...helpersAsTest('cjs', 'js', forJest) };

test('jest, with CommonJS', options, () => run(project('jest', { 'package.json': '{}', ...commonJs }), jest));

test('jest --coverage', options, () => {
  run(project('jest-coverage', { 'package.json': '{}', ...commonJs }), [
    ...jest,
    '--coverage',
    '--coverageReporters=none',
  ]);
});

/** Transforms as projects have them, each with its own way to write an import as a `require`. */
const transforms = {
  esbuild: `
const { transformSync } = require('esbuild');
const options = (sourcefile) => ({ loader: 'ts', format: 'cjs', target: 'node20', sourcemap: 'inline', sourcefile });
module.exports = { process: (source, path) => ({ code: transformSync(source, options(path)).code }) };
`,
  TypeScript: `
const { transpileModule } = require('typescript');
const compilerOptions = { module: 'commonjs', target: 'es2022', esModuleInterop: true, inlineSourceMap: true };
module.exports = { process: (source, fileName) => ({ code: transpileModule(source, { compilerOptions, fileName }).outputText }) };
`,
  // The plugin for CommonJS is a package of its own; this is what is in it.
  Babel: `
const { types: t } = require('@babel/core');
const modules = require('@babel/helper-module-transforms');
const toCommonJs = () => ({ visitor: { Program: { exit(path) {
  if (!modules.isModule(path)) return;
  const { meta, headers } = modules.rewriteModuleStatementsAndPrepareHeader(path, { exportName: 'exports' });
  for (const [source, imported] of meta.source) {
    const load = t.callExpression(t.identifier('require'), [t.stringLiteral(source)]);
    const value = modules.wrapInterop(path, load, imported.interop) || load;
    headers.push(t.variableDeclaration('var', [t.variableDeclarator(t.identifier(imported.name), value)]));
    headers.push(...modules.buildNamespaceInitStatements(meta, imported, false));
  }
  modules.ensureStatementsHoisted(headers);
  path.unshiftContainer('body', headers);
} } } });
module.exports = require('babel-jest').default.createTransformer({ babelrc: false, configFile: false, plugins: [toCommonJs] });
`,
};

for (const [name, transform] of Object.entries(transforms)) {
  for (const coverage of [[], ['--coverage', '--coverageReporters=none']]) {
    test(`jest, with imports that ${name} rewrites${coverage.length > 0 ? ', --coverage' : ''}`, options, () => {
      const extension = name === 'Babel' ? 'js' : 'ts';
      const files = {
        [`program.test.${extension}`]: programAsTest('esm', ''),
        ...helpersAsTest('esm', extension, forJest),
      };
      const config = { transform: { '\\.[jt]s$': './transform.cjs' } };
      run(
        project(`jest-${name}${coverage.length}`, {
          'package.json': JSON.stringify({ jest: config }),
          'transform.cjs': transform,
          ...(extension === 'ts' ? typed(files) : files),
        }),
        [...jest, ...coverage],
      );
    });
  }
}
