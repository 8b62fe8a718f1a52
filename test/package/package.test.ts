/**
 * The package as its users get it: packed, installed into an empty project, and used there in every way that there is.
 *
 * `npm run build` comes first. The registry is asked for the package's own dependencies only.
 */

import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build, type Format } from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import {
  bothUser,
  bundledUser,
  cjsTasks,
  cjsUser,
  esmTasks,
  esmUser,
  expectedReport,
  typescriptUser,
} from './users.js';

const repo = fileURLToPath(new URL('../../', import.meta.url));
const options = { timeout: 120_000 };
const manifest = JSON.parse(readFileSync(join(repo, 'package.json'), 'utf8')) as {
  readonly name: string;
  readonly version: string;
};

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program; an error that shows what it printed when it fails. */
async function run(file: string, args: readonly string[], cwd: string): Promise<Output> {
  // What this test runner and npm tell their own children is not for the users' programs.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NODE_|npm_)/i.test(name)));
  try {
    return await promisify(execFile)(file, args, { cwd, env, maxBuffer: 2 ** 26 });
  } catch (error) {
    const { stdout, stderr, message } = error as Output & Error;
    throw new assert.AssertionError({ message: `${message}\n${stdout}\n${stderr}` });
  }
}

const node = (args: readonly string[], cwd: string): Promise<Output> => run(process.execPath, args, cwd);

/** A folder for everything, so that one removal leaves nothing. */
let folder: string;
/** A project that has installed the package and nothing else. */
let project: string;
let tarball: string;

interface PackedFile {
  readonly path: string;
  readonly mode: number;
}
let packed: readonly PackedFile[];

before(async () => {
  assert.ok(existsSync(join(repo, 'dist/index.js')), 'run `npm run build` first');
  folder = mkdtempSync(join(tmpdir(), 'package-test-'));
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], repo);
  const [report] = JSON.parse(stdout) as { filename: string; files: PackedFile[] }[];
  assert.ok(report !== undefined);
  packed = report.files;
  tarball = join(folder, report.filename);
  project = makeProject('project', { type: 'module' });
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', tarball], project);
  write(project, { 'tasks.mjs': esmTasks, 'tasks.cjs': cjsTasks });
}, options);

after(() => rmSync(folder, { recursive: true, force: true }));

function makeProject(name: string, fields: object): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  write(path, { 'package.json': JSON.stringify({ name, version: '1.0.0', private: true, ...fields }) });
  return path;
}

function write(path: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
}

/** A project with the installed package in its `node_modules`, and none of the package's dependencies. */
function makeBareProject(name: string, fields: object): string {
  const path = makeProject(name, fields);
  const installed = join('node_modules', manifest.name);
  cpSync(join(project, installed), join(path, installed), { recursive: true });
  return path;
}

// ── What is in it ──

test('the package holds what is built and what people read, and nothing else', options, () => {
  const allowed =
    /^(dist\/.*\.(js|cjs|mjs|d\.ts|d\.cts|d\.mts)|dist\/cjs\/package\.json|(cluster\/)?package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
  const strangers = packed.map(({ path }) => path).filter((path) => !allowed.test(path));
  assert.deepEqual(strangers, []);
});

for (const path of [
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'package.json',
  'dist/index.js',
  'dist/index.d.ts',
  'dist/cjs/index.js',
  'dist/cjs/index.d.ts',
  'dist/cli/main.js',
  'dist/cluster.js',
  'dist/cluster.d.ts',
  'dist/cjs/cluster/index.js',
  'cluster/package.json',
]) {
  test(`the package holds ${path}`, options, () => {
    assert.ok(packed.some((file) => file.path === path));
  });
}

test('no file of the package names a folder of the machine that built it', options, () => {
  for (const { path } of packed) {
    assert.equal(readFileSync(join(project, 'node_modules', manifest.name, path), 'utf8').includes(repo), false, path);
  }
});

// ── Users of JavaScript ──

test('a program of ES modules runs threads, processes and inline tasks', options, async () => {
  write(project, { 'user.mjs': esmUser });
  const { stdout, stderr } = await node(['user.mjs'], project);
  assert.deepEqual(JSON.parse(stdout), expectedReport);
  assert.equal(stderr, '');
});

test('a program of CommonJS modules runs threads, processes and inline tasks', options, async () => {
  write(project, { 'user.cjs': cjsUser });
  const { stdout, stderr } = await node(['user.cjs'], project);
  assert.deepEqual(JSON.parse(stdout), expectedReport);
  assert.equal(stderr, '');
});

for (const flags of [
  ['--max-old-space-size=512'],
  ['--inspect=0', '--max-old-space-size=512'],
  ['--cpu-prof', '--expose-gc', '--title=mine'],
  ['--enable-source-maps', '--no-warnings', '--stack-trace-limit=50', '--inspect=0'],
]) {
  test(
    `a program that is started with ${flags.join(' ')} runs threads, processes and inline tasks`,
    options,
    async () => {
      write(project, { 'user.mjs': esmUser });
      const { stdout } = await node([...flags, 'user.mjs'], project);
      assert.deepEqual(JSON.parse(stdout), expectedReport);
    },
  );
}

test('whichever way the library is loaded, each class is the same one', options, async () => {
  write(project, { 'both.mjs': bothUser });
  const { stdout } = await node(['both.mjs'], project);
  assert.equal(stdout.trim(), 'one and the same');
});

test('what is exported under a name is called so itself', options, async () => {
  const script = `for (const entry of ['${manifest.name}', '${manifest.name}/cluster'])
    for (const [name, value] of Object.entries(require(entry)))
      if (typeof value === 'function' && value.name !== name) console.log(name, 'is called', value.name);`;
  const { stdout } = await node(['-e', script], project);
  assert.equal(stdout, '');
});

test('the package tells its version through its manifest', options, async () => {
  const { stdout } = await node(['-p', `require('${manifest.name}/package.json').version`], project);
  assert.equal(stdout.trim(), manifest.version);
});

test('loading the library loads no other package', options, async () => {
  const script = `require('${manifest.name}'); console.log(JSON.stringify(Object.keys(require.cache)))`;
  const { stdout } = await node(['-e', script], project);
  const outside = (JSON.parse(stdout) as string[]).filter(
    (path) => !path.includes(join('node_modules', manifest.name)),
  );
  assert.deepEqual(outside, []);
});

test(
  'the library works where none of its dependencies is installed, since only the command needs them',
  options,
  async () => {
    const bare = makeBareProject('bare', { type: 'module' });
    write(bare, { 'tasks.mjs': esmTasks, 'user.mjs': esmUser, 'tasks.cjs': cjsTasks, 'user.cjs': cjsUser });
    for (const user of ['user.mjs', 'user.cjs']) {
      const { stdout } = await node([user], bare);
      assert.deepEqual(JSON.parse(stdout), expectedReport);
    }
  },
);

// ── The command ──

test('the installed command tells its version', options, async () => {
  const { stdout } = await run(join(project, 'node_modules/.bin/futures'), ['--version'], project);
  assert.equal(stdout.trim(), manifest.version);
});

test('npx finds the installed command', options, async () => {
  const { stdout } = await run('npx', ['--no-install', 'futures', '--version'], project);
  assert.equal(stdout.trim(), manifest.version);
});

test('the installed command runs a function of the project over a list', options, async () => {
  const { stdout } = await run(
    join(project, 'node_modules/.bin/futures'),
    ['map', 'tasks.mjs#double', '1', '2'],
    project,
  );
  assert.deepEqual(stdout.trim().split('\n').length, 2);
});

// ── Users of TypeScript ──

/** A project that has the package, Node's types, and a user's program. */
function makeTypescriptProject(name: string, type: 'module' | 'commonjs', compilerOptions: object): string {
  const path = makeBareProject(name, { type });
  mkdirSync(join(path, 'node_modules/@types'), { recursive: true });
  symlinkSync(join(repo, 'node_modules/@types/node'), join(path, 'node_modules/@types/node'));
  write(path, {
    'user.ts': typescriptUser,
    'tsconfig.json': JSON.stringify({
      compilerOptions: { strict: true, noEmit: true, target: 'ES2022', types: ['node'], ...compilerOptions },
      files: ['user.ts'],
    }),
  });
  return path;
}

const strictest = {
  lib: ['ES2022'],
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  skipLibCheck: false,
};

const compilers: Readonly<Record<string, { readonly type: 'module' | 'commonjs'; readonly compilerOptions: object }>> =
  {
    'an ES module under nodenext': { type: 'module', compilerOptions: { module: 'nodenext', ...strictest } },
    'a CommonJS module under nodenext': {
      type: 'commonjs',
      compilerOptions: { module: 'nodenext', skipLibCheck: true },
    },
    'a module for a bundler': {
      type: 'module',
      compilerOptions: { module: 'esnext', moduleResolution: 'bundler', ...strictest },
    },
    'a module for a bundler that asks for its own build': {
      type: 'module',
      compilerOptions: {
        module: 'esnext',
        moduleResolution: 'bundler',
        customConditions: ['module'],
        skipLibCheck: true,
      },
    },
  };

for (const [what, { type, compilerOptions }] of Object.entries(compilers)) {
  test(
    `a strict TypeScript user who writes ${what} gets every type inferred, and wrong arguments refused`,
    options,
    async () => {
      const path = makeTypescriptProject(`typescript ${what}`, type, compilerOptions);
      const { stdout } = await node(
        [join(repo, 'node_modules/typescript/bin/tsc'), '-p', '.', '--pretty', 'false'],
        path,
      );
      assert.equal(stdout, '');
    },
  );
}

// ── The judges ──

test('publint has nothing to say', options, async () => {
  const pkgDir = join(project, 'node_modules', manifest.name);
  const { messages, pkg } = await publint({ pkgDir, pack: false, strict: true });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg, { color: false })),
    [],
  );
});

test('are the types wrong? No, for any way of resolving any entry point', options, async () => {
  const attw = join(repo, 'node_modules/@arethetypeswrong/cli/dist/index.js');
  const { stdout } = await node([attw, tarball, '--profile', 'strict', '--format', 'ascii', '--no-emoji'], folder);
  assert.match(stdout, /No problems found/);
});

// ── Bundled into one file ──

const bundles: readonly { readonly format: Format; readonly extension: string; readonly minify: boolean }[] = [
  { format: 'esm', extension: 'mjs', minify: false },
  { format: 'cjs', extension: 'cjs', minify: false },
  { format: 'esm', extension: 'mjs', minify: true },
  { format: 'cjs', extension: 'cjs', minify: true },
];

for (const { format, extension, minify } of bundles) {
  test(
    `a program bundled into one ${minify ? 'minified ' : ''}${format} file runs threads and processes from that file alone`,
    options,
    async () => {
      write(project, { 'bundled.mjs': bundledUser });
      const path = makeProject(`bundle ${format} ${minify}`, {});
      const outfile = join(path, `program.${extension}`);
      const { warnings } = await build({
        absWorkingDir: project,
        entryPoints: ['bundled.mjs'],
        outfile,
        bundle: true,
        platform: 'node',
        target: 'node20',
        format,
        minify,
        logLevel: 'silent',
      });
      assert.deepEqual(warnings, []);
      const { stdout } = await node([basename(outfile)], dirname(outfile));
      assert.deepEqual(JSON.parse(stdout), expectedReport);
    },
  );
}
