/** The same program gives the same result under tools and flags that change what a Node process may or does do. */

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { programText } from './program.js';
import { base, check, options, project, root, run } from './projects.js';

const require = createRequire(import.meta.url);

// ── Test runner, coverage ──

const testFile = {
  'package.json': '{ "type": "module" }',
  'main.test.js': programText('esm', "import { test } from 'node:test';\ntest('the program', main);\n"),
};

test('a test file run by node --test', options, async () => {
  await check({ cwd: project('test', testFile), args: ['--test'] }, true);
});

test('a test file run by node --test with coverage', options, async () => {
  await check({ cwd: project('test-coverage', testFile), args: ['--test', '--experimental-test-coverage'] }, true);
});

const isolation = ['--test-isolation', '--experimental-test-isolation'].find((flag) =>
  process.allowedNodeEnvironmentFlags.has(flag),
);

test('a test file run by node --test in the process of the runner', {
  ...options,
  skip: isolation === undefined && 'this Node runs each test file in a process of its own',
}, async () => {
  await check({ cwd: project('test-inside', testFile), args: ['--test', `${isolation}=none`] }, true);
});

const esm = { 'package.json': '{ "type": "module" }', 'main.js': programText('esm') };

test('under c8', options, async () => {
  const c8 = require.resolve('c8/bin/c8.js');
  const { stdout } = await check({ cwd: project('c8', esm), args: [c8, process.execPath, 'main.js'] }, true);
  assert.match(stdout, /main\.js +\| +\d/);
});

test('with options that are for this process alone, their values standing apart', options, async () => {
  const cwd = project('profiled', esm);
  await check({ cwd, args: ['--cpu-prof', '--cpu-prof-dir', cwd, '--cpu-prof-interval', '1000', 'main.js'] });
});

// ── The permission model ──

const allowed = process.allowedNodeEnvironmentFlags;
const permission = allowed.has('--permission') ? '--permission' : '--experimental-permission';
const claimsFiles = join(tmpdir(), 'concurrent-futures-*');
const reading = [permission, '--no-warnings', `--allow-fs-read=${base}`, `--allow-fs-read=${root}`];
const threadFlags = ['--allow-worker', '--allow-fs-read=/dev/null'];
const processFlags = [
  '--allow-child-process',
  '--allow-worker',
  `--allow-fs-read=${claimsFiles}`,
  `--allow-fs-write=${claimsFiles}`,
];
const inspector = '--allow-inspector';

test('under the permission model, with the flags for threads, processes and the inspector', {
  ...options,
  skip: !allowed.has(inspector) && 'the permission model of this Node always forbids the inspector',
}, async () => {
  const cwd = project('permission', esm);
  await check({ cwd, args: [...reading, ...threadFlags, ...processFlags, inspector, 'main.js'] });
});

/** Prints what becomes of one task: its result, or the error's code and message. */
const oneTask = (Pool: string, task: string) => `import { ${Pool} } from 'concurrent-futures';
const captured = 1;
try {
  const executor = new ${Pool}({ maxWorkers: 1 });
  console.log(await executor.submit(${task}, 1));
  await executor.shutdown();
} catch (error) {
  console.log(error.code, error.message);
}
`;

/** What one task gives, of a program that has these flags besides those with which it can be read. */
async function outcome(name: string, text: string, flags: readonly string[]): Promise<string> {
  const cwd = project(name, { 'main.mjs': text });
  return (await run({ cwd, args: [...reading, ...flags, 'main.mjs'] })).stdout.trim();
}

for (const [Pool, flags] of [
  ['ThreadPoolExecutor', threadFlags],
  ['ProcessPoolExecutor', processFlags],
] as const) {
  test(
    `under the permission model, a ${Pool} runs functions that capture nothing without the inspector`,
    options,
    async () => {
      assert.equal(await outcome(`bare-${Pool}`, oneTask(Pool, '(n) => n + 1'), flags), '2');
    },
  );

  test(`under the permission model, a ${Pool} refuses at once to capture without the inspector`, options, async () => {
    const said = await outcome(`captures-${Pool}`, oneTask(Pool, '(n) => n + captured'), flags);
    assert.match(said, /^FUNCTION_NOT_PORTABLE .*`captured`.*the permission model forbids the inspector/);
  });

  for (const flag of flags) {
    test(`under the permission model without ${flag}, a ${Pool} can't be made, and says so`, options, async () => {
      const name = `${Pool}-${flags.indexOf(flag)}`;
      const said = await outcome(
        name,
        oneTask(Pool, '(n) => n + 1'),
        flags.filter((other) => other !== flag),
      );
      assert.match(said, /^BOOTSTRAP .*permission model/);
      assert.ok(said.endsWith(`Start node with ${flag} as well.`), said);
    });
  }
}

test('under the permission model without any flag, all that are needed are named', options, async () => {
  const said = await outcome('none', oneTask('ProcessPoolExecutor', '(n) => n + 1'), []);
  assert.ok(said.endsWith(`Start node with ${processFlags.join(' ')} as well.`), said);
});
