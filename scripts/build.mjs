// Builds dist/: one CommonJS core, an ES module door to it, one whole ES module for bundlers, declarations, the command.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
  define: { 'process.env.PACKAGE_VERSION': JSON.stringify(version) },
};

/** Bundles a worker's entry point to one text, and makes that text a module. */
const workerSources = {
  name: 'worker-source',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^worker-source:/ }, ({ path }) => ({ path: path.slice('worker-source:'.length), namespace: 'worker-source' }));
    onLoad({ filter: /.*/, namespace: 'worker-source' }, async ({ path }) => {
      const { outputFiles } = await build({
        ...common,
        entryPoints: [`src/worker/${path}.ts`],
        format: 'cjs',
        minify: true,
        keepNames: false,
        write: false,
      });
      return { contents: outputFiles[0].text, loader: 'text' };
    });
  },
};

rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, 'cjs'), { recursive: true });
await Promise.all([
  build({ ...common, entryPoints: ['src/index.ts'], outfile: 'dist/cjs/index.js', format: 'cjs', plugins: [workerSources], keepNames: true }),
  build({ ...common, entryPoints: ['src/index.ts'], outfile: 'dist/bundler/index.js', format: 'esm', plugins: [workerSources], keepNames: true }),
]);
writeFileSync(join(dist, 'cjs/package.json'), '{ "type": "commonjs" }\n');

// Node's ES module entry only hands the CommonJS core on, so that each class exists once whichever way it is loaded.
const names = Object.keys(createRequire(import.meta.url)(join(dist, 'cjs/index.js'))).sort();
writeFileSync(join(dist, 'index.js'), `import core from './cjs/index.js';\nexport const {\n  ${names.join(',\n  ')},\n} = core;\n`);

execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
writeFileSync(join(dist, 'index.d.ts'), "export * from './cjs/index.js';\n");

if (existsSync(join(root, 'src/cli/main.ts'))) {
  await build({
    ...common,
    entryPoints: ['src/cli/main.ts', ...(existsSync(join(root, 'src/cli/describe-module.ts')) ? ['src/cli/describe-module.ts'] : [])],
    outdir: 'dist/cli',
    format: 'esm',
    packages: 'external',
  });
  chmodSync(join(dist, 'cli/main.js'), 0o755);
}
