/** The same program gives the same result as an executable of its own, or says what to do about it. */

import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { inject } from 'postject';
import { expected, programText } from './program.js';
import { base, check, folder, options, printed, project, run } from './projects.js';

const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** Why this Node can't be made an executable with a program in it. */
function hindrance(): string | false {
  if (process.platform === 'darwin') return 'the executable would have to be signed';
  return readFileSync(process.execPath).includes(fuse) ? false : 'this Node is not a single file';
}

/** Processes run by the executable that is asked for, if any. */
const withExecPath = (text: string) =>
  text.replace(
    'new Pool({ maxWorkers: 1 })',
    'new Pool({ maxWorkers: 1, ...(Pool === ProcessPoolExecutor && { execPath: process.env.EXEC_PATH }) })',
  );

/** What it does follows from its argument. */
const choice = `
const chosen = {
  both: main,
  threads: async () => console.log(JSON.stringify(await run(ThreadPoolExecutor))),
  processes: async () => console.log(JSON.stringify(await run(ProcessPoolExecutor))),
}[process.argv[2]];
chosen().catch((error) => console.log(error.code, error.message));
`;

test('a single executable application', { ...options, skip: hindrance() }, async (t) => {
  const cwd = project('sea', {
    'main.mjs': withExecPath(programText('esm', choice)),
    'sea.json': JSON.stringify({ main: 'out.cjs', output: 'sea.blob', disableExperimentalSEAWarning: true }),
  });
  await build({
    absWorkingDir: cwd,
    entryPoints: ['main.mjs'],
    outfile: join(cwd, 'out.cjs'),
    format: 'cjs',
    bundle: true,
    keepNames: true,
    platform: 'node',
    logLevel: 'error',
  });
  const made = await run({ cwd, args: ['--experimental-sea-config', 'sea.json'] });
  assert.equal(made.status, 0, printed(made));
  const command = join(cwd, 'program');
  copyFileSync(process.execPath, command);
  chmodSync(command, 0o755);
  await inject(command, 'NODE_SEA_BLOB', readFileSync(join(cwd, 'sea.blob')), { sentinelFuse: fuse });

  await t.test('runs threads, and processes of the Node that execPath names', async () => {
    await check({ command, cwd: base, args: ['both'], env: { EXEC_PATH: process.execPath } });
  });
  await t.test('runs threads where there is no other Node', async () => {
    const { stdout, stderr } = await run({ command, cwd: base, args: ['threads'] });
    assert.deepEqual(JSON.parse(stdout), expected[0], stderr);
  });
  await t.test('refuses to be run as a process worker, and says what to set', async () => {
    const { stdout } = await run({ command, cwd: base, args: ['processes'] });
    assert.match(stdout, /^BOOTSTRAP this program is a single executable, .*set the option execPath/);
  });
});

test(
  'a packaged program that is started in place of Node is started a few times at most, and the error says what to set',
  options,
  async () => {
    // What other packagers make: an executable that runs its own program, whatever it is told.
    const cwd = project('packaged', {
      program: `#!/bin/sh\necho started >> "$STARTS"\nexec "$EXEC_PATH" "$(dirname "$0")/main.mjs"\n`,
      'main.mjs': `import { ProcessPoolExecutor } from 'concurrent-futures';
const executor = new ProcessPoolExecutor({ maxWorkers: 2, execPath: process.env.PROGRAM });
try { await executor.submit(() => 1); } catch (error) { console.log(error.code, error.message); process.exitCode = 1; }
`,
    });
    const program = join(cwd, 'program');
    chmodSync(program, 0o755);
    const starts = join(folder('starts', {}), 'starts.txt');
    const env = { PROGRAM: program, STARTS: starts, EXEC_PATH: process.execPath };
    const { status, stdout } = await run({ command: program, cwd, args: [], env });
    assert.equal(status, 1);
    assert.match(stdout, /^BROKEN_EXECUTOR .*set the option execPath/s);
    // Itself, and three workers that did not start.
    assert.equal(readFileSync(starts, 'utf8').split('\n').length - 1, 4);
  },
);
