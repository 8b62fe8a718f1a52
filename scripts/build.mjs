// Builds dist/: one CommonJS core, an ES module door to it, one whole ES module for bundlers, declarations, the command.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
// Built beside the old one and put in its place at the end: whoever runs the old one meanwhile is not disturbed.
const out = `dist.${process.pid}.tmp`;
const dist = join(root, out);
const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
  define: { 'process.env.PACKAGE_VERSION': JSON.stringify(version) },
};

/**
 * Loaded on first use, with what is used of each: a program that only imports the library need not pay for them. Of our own, each
 * stands in one file only, so that its state and its classes exist once.
 */
const lazyPackages = {
  acorn: { file: './acorn.js', names: ['parse', 'parseExpressionAt', 'tokenizer', 'tokTypes'] },
  'node:child_process': { file: 'node:child_process', names: ['spawn', 'spawnSync'] },
  'node:v8': { file: 'node:v8', names: ['Serializer', 'Deserializer', 'serialize'] },
};
/** How functions travel, with what runs them in this thread; and processes. */
const lazyFiles = {
  'functions/handle': { file: './functions.js', names: ['functionHandle', 'handleById', 'FunctionHandle'] },
  'hosts/inline': { file: './functions.js', names: ['InlineHost'] },
  'hosts/process': { file: './process.js', names: ['ProcessHost'] },
};
/** What these in turn need of the core by identity. */
const coreFiles = { errors: { file: './index.js', names: errorNames() } };

/** What the entry point of the cluster shares with the main one. */
const sharedNames = namesOf('src/internals.ts');
const sharedFiles = {
  errors: coreFiles.errors,
  ...Object.fromEntries(
    sharedNames.map(([from, names]) => [from, { file: './index.js', member: 'internals', names }]),
  ),
};

/** `export { a, b } from './c.js'`, file by file. */
function namesOf(file) {
  const source = readFileSync(join(root, file), 'utf8');
  return [...source.matchAll(/^export \{([^}]*)\} from '\.\/(.*)\.js';/gm)].map(([, names, from]) => [
    from,
    names.split(',').map((name) => name.trim()),
  ]);
}

function errorNames() {
  const source = readFileSync(join(root, 'src/errors.ts'), 'utf8');
  return [...source.matchAll(/^export (?:abstract )?(?:class|function|const) (\w+)/gm)].map(([, name]) => name);
}

const onFirstUse = (files, folder = '.') => ({
  name: 'on-first-use',
  setup({ onResolve, onLoad }) {
    const namespace = 'on-first-use';
    const pluginData = 'own';
    onResolve({ filter: /^(acorn|node:child_process|node:v8)$/, namespace: 'file' }, ({ path }) => ({
      path,
      namespace,
    }));
    onResolve({ filter: /^\.\.?\//, namespace: 'file' }, ({ path, resolveDir }) => {
      const name = relative(join(root, 'src'), join(resolveDir, path)).replace(/\.js$/, '');
      return name in files ? { path: name, namespace, pluginData } : undefined;
    });
    onResolve({ filter: /.*/, namespace }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /.*/, namespace }, ({ path, pluginData: whose }) => {
      const { file, names, member } = (whose === pluginData ? files : lazyPackages)[path];
      const from = `require('${file.replace(/^\./, folder)}')${member === undefined ? '' : `.${member}`}`;
      // Kept, since each use asks for it: `require` would take two microseconds to find it again.
      const contents = `let loaded; for (const name of ${JSON.stringify(names)}) Object.defineProperty(exports, name, { enumerable: true, get: () => (loaded ??= ${from})[name] });`;
      return { contents };
    });
  },
});

/** Bundles a worker's entry point to one text, and makes that text a module. */
const workerSources = {
  name: 'worker-source',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^worker-source:/ }, ({ path }) => ({
      path: path.slice('worker-source:'.length),
      namespace: 'worker-source',
    }));
    onLoad({ filter: /.*/, namespace: 'worker-source' }, async ({ path }) => {
      const { outputFiles } = await build({
        ...common,
        entryPoints: [`src/worker/${path}.ts`],
        format: 'cjs',
        minify: true,
        write: false,
        plugins: [onFirstUse({})],
      });
      // In a function, since a thread evaluates it as a script, whose names every task would see as globals. It bears the name
      // under which the runtime's own frames stand in stacks, so that they can be left out.
      const contents = `(() => {${outputFiles[0].text}\n})();\n//# sourceURL=concurrent-futures:worker\n`;
      return { contents, loader: 'text' };
    });
  },
};

/** What the command's report page is made of, each built to one text: its style sheet, and the script that a browser runs. */
const pageParts = {
  name: 'page-part',
  setup({ onResolve, onLoad }) {
    const namespace = 'page-part';
    onResolve({ filter: /^page-part:/ }, ({ path }) => ({ path: path.slice('page-part:'.length), namespace }));
    onLoad({ filter: /.*/, namespace }, async ({ path }) => {
      const { outputFiles } = await build({
        absWorkingDir: root,
        bundle: true,
        logLevel: 'warning',
        entryPoints: [`src/cli/report/${path}`],
        format: 'iife',
        target: ['chrome109', 'firefox115', 'safari16'],
        minify: true,
        write: false,
      });
      return { contents: outputFiles[0].text, loader: 'text' };
    });
  },
};

/** What the cluster's entry point for bundlers takes from the main one's. */
const importShared = {
  name: 'import-shared',
  setup({ onResolve, onLoad }) {
    const namespace = 'import-shared';
    onResolve({ filter: /^\.\.?\//, namespace: 'file' }, ({ path, resolveDir }) => {
      const name = relative(join(root, 'src'), join(resolveDir, path)).replace(/\.js$/, '');
      return name in sharedFiles ? { path: name, namespace } : undefined;
    });
    onResolve({ filter: /.*/, namespace }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /.*/, namespace }, ({ path }) => {
      const { file, names, member } = sharedFiles[path];
      return member === undefined
        ? { contents: `export { ${names.join(', ')} } from '${file}';` }
        : { contents: `import { ${member} } from '${file}';\nexport const { ${names.join(', ')} } = ${member};` };
    });
  },
};

/**
 * Bundlers evaluate calls of a `createRequire` that is imported by its name, and put `undefined` in the place of those they
 * can't (webpack); as a property they leave it alone.
 */
const hiddenCreateRequire = {
  name: 'hidden-create-require',
  setup({ onResolve, onLoad }) {
    const namespace = 'hidden-create-require';
    onResolve({ filter: /^node:module$/ }, (from) =>
      from.namespace === namespace ? { path: from.path, external: true } : { path: from.path, namespace },
    );
    onLoad({ filter: /.*/, namespace }, () => ({
      contents:
        "import module from 'node:module';\nexport const { builtinModules, createRequire, findSourceMap } = module;\n",
    }));
  },
};

/** One of the files beside the core. */
const part = (outfile) =>
  build({
    ...common,
    stdin: {
      contents: Object.entries(lazyFiles)
        .filter(([, { file }]) => file === outfile)
        .map(([from, { names }]) => `export { ${names.join(', ')} } from './src/${from}.ts';`)
        .join('\n'),
      resolveDir: root,
      loader: 'ts',
    },
    outfile: join(root, out, 'cjs', outfile),
    format: 'cjs',
    plugins: [workerSources, onFirstUse(coreFiles)],
  });

mkdirSync(join(dist, 'cjs'), { recursive: true });
await Promise.all([
  build({
    ...common,
    entryPoints: ['src/core.ts'],
    outfile: `${out}/cjs/index.js`,
    format: 'cjs',
    plugins: [workerSources, onFirstUse(lazyFiles)],
  }),
  ...[...new Set(Object.values(lazyFiles).map(({ file }) => file))].map(part),
  build({
    ...common,
    stdin: { contents: "export { parse, parseExpressionAt, tokenizer, tokTypes } from 'acorn';", resolveDir: root },
    outfile: `${out}/cjs/acorn.js`,
    format: 'cjs',
    minify: true,
  }),
  build({
    ...common,
    entryPoints: ['src/core.ts'],
    outfile: `${out}/bundler/index.js`,
    format: 'esm',
    plugins: [workerSources, hiddenCreateRequire],
  }),
  build({
    ...common,
    entryPoints: ['src/cluster/index.ts'],
    outfile: `${out}/cjs/cluster/index.js`,
    format: 'cjs',
    packages: 'external',
    plugins: [onFirstUse(sharedFiles, '..')],
  }),
  build({
    ...common,
    entryPoints: ['src/cluster/index.ts'],
    outfile: `${out}/bundler/cluster.js`,
    format: 'esm',
    packages: 'external',
    plugins: [importShared],
  }),
]);
writeFileSync(join(dist, 'cjs/package.json'), '{ "type": "commonjs" }\n');

// Node's ES module entry only hands the CommonJS core on, so that each class exists once whichever way it is loaded.
door('index.js', './cjs/index.js');
door('cluster.js', './cjs/cluster/index.js');

function door(file, core) {
  const exported = Object.keys(createRequire(import.meta.url)(join(dist, core)));
  const names = exported.filter((name) => name !== 'internals').sort();
  writeFileSync(
    join(dist, file),
    `import { createRequire } from 'node:module';\n// Not by import: Node would read the whole text for its exports' names first, which costs more than all the rest.\nexport const {\n  ${names.join(',\n  ')},\n} = createRequire(import.meta.url)('${core}');\n`,
  );
}

execFileSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', `${out}/cjs`],
  { cwd: root, stdio: 'inherit' },
);
writeFileSync(join(dist, 'index.d.ts'), "export * from './cjs/index.js';\n");
writeFileSync(join(dist, 'cluster.d.ts'), "export * from './cjs/cluster/index.js';\n");

if (existsSync(join(root, 'src/cli/main.ts'))) {
  await build({
    ...common,
    entryPoints: [
      'src/cli/main.ts',
      ...(existsSync(join(root, 'src/cli/describe-module.ts')) ? ['src/cli/describe-module.ts'] : []),
    ],
    outdir: `${out}/cli`,
    format: 'esm',
    packages: 'external',
    // What few runs need (the report) is loaded by those alone.
    splitting: true,
    plugins: [pageParts],
  });
  chmodSync(join(dist, 'cli/main.js'), 0o755);
}

const old = join(root, `${out}.old`);
if (existsSync(join(root, 'dist'))) renameSync(join(root, 'dist'), old);
renameSync(dist, join(root, 'dist'));
rmSync(old, { recursive: true, force: true });
