/** The same program gives the same result whichever bundler made one file of it. (esbuild: situations.test.ts.) */

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import ncc from '@vercel/ncc';
import { rollup } from 'rollup';
import { build } from 'vite';
import webpack, { type Configuration, type WebpackPluginInstance } from 'webpack';
import { programText } from './program.js';
import { base, check, folder, options, project } from './projects.js';

type Format = 'esm' | 'cjs';
const formats = ['esm', 'cjs'] as const;
const fileNames = { esm: 'out.mjs', cjs: 'out.cjs' } as const;

/** The program as an ES module; only an ES module that comes of it may have a top-level `await`. */
function sources(format: Format): Record<string, string> {
  return { 'main.mjs': programText('esm', format === 'esm' ? undefined : 'void main();\n') };
}

/** Where the bundle goes: outside of the project, where no package is installed. */
function outside(name: string): string {
  return join(base, `${name}.out`);
}

for (const format of formats) {
  test(`bundled by rollup to one ${format} file`, options, async () => {
    const name = `rollup-${format}`;
    const cwd = project(name, sources(format));
    const bundle = await rollup({
      input: join(cwd, 'main.mjs'),
      plugins: [nodeResolve({ preferBuiltins: true })],
      external: /^node:/,
      onLog: (_level, log) => assert.fail(log.message),
    });
    await bundle.write({ file: join(outside(name), fileNames[format]), format });
    await bundle.close();
    await check({ cwd: outside(name), args: [fileNames[format]] });
  });
}

for (const format of formats) {
  for (const mode of ['development', 'production'] as const) {
    test(`bundled by webpack to one ${format} file, in mode ${mode}`, options, async () => {
      const name = `webpack-${format}-${mode}`;
      const output = { path: outside(name), filename: fileNames[format] };
      await runWebpack({
        context: project(name, sources(format)),
        entry: './main.mjs',
        target: 'node20',
        mode,
        output: format === 'esm' ? { ...output, module: true, library: { type: 'module' } } : output,
        experiments: { outputModule: format === 'esm' },
        ...(mode === 'production' && { optimization: { minimizer: [nameKeepingMinimizer()] } }),
      });
      await check({ cwd: outside(name), args: [fileNames[format]] });
    });
  }
}

function runWebpack(configuration: Configuration): Promise<void> {
  return new Promise((resolve, reject) => {
    webpack(configuration, (error, stats) => {
      if (error) reject(error);
      else if (stats?.hasErrors() || stats?.hasWarnings()) reject(new Error(stats.toString('errors-warnings')));
      else resolve();
    });
  });
}

/** Webpack's own minifier; it renames classes and functions unless told otherwise, and a task shows their names. */
function nameKeepingMinimizer(): WebpackPluginInstance {
  const fromWebpack = createRequire(createRequire(import.meta.url).resolve('webpack'));
  const Minimizer = fromWebpack('minimizer-webpack-plugin') as new (options: object) => WebpackPluginInstance;
  return new Minimizer({ terserOptions: { keep_classnames: true, keep_fnames: true } });
}

test('built by vite for the server, with everything in one file', options, async () => {
  await build({
    root: project('vite', sources('esm')),
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: 'main.mjs',
      target: 'node20',
      outDir: outside('vite'),
      rollupOptions: { output: { entryFileNames: fileNames.esm } },
    },
  });
  await check({ cwd: outside('vite'), args: [fileNames.esm] });
});

for (const minify of [false, true]) {
  test(`bundled by ncc${minify ? ', minified' : ''}`, options, async () => {
    const name = `ncc-${minify}`;
    const cwd = project(name, { 'main.cjs': programText('cjs') });
    const { code, assets } = await ncc(join(cwd, 'main.cjs'), { cache: false, quiet: true, minify });
    assert.deepEqual(Object.keys(assets), []);
    await check({ cwd: folder(`${name}.out`, { [fileNames.cjs]: code }), args: [fileNames.cjs] });
  });
}
