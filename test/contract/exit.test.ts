/** How a program with an executor ends: by itself, when its work is done, with nothing left. */

import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import './own-tmp.js';
import { all, type Kind, local, localPools, pooled, processes } from './executors.js';
import { eventually } from './gates.js';
import { isAlive } from './leaks.js';

const timeout = 60_000;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of this folder to its end. Its output is read from the start, or once it has said something on standard error. */
function run(
  script: string,
  kind: Kind,
  flags: readonly string[] = [],
  readsAfter = '',
  args: readonly string[] = [],
): Promise<Ended> {
  const path = fileURLToPath(new URL(`./scripts/${script}.js`, import.meta.url));
  // Without the flags and the environment of the test runner: a program as a user starts it.
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const child = spawn(process.execPath, [...flags, path, kind.name, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  const killer = setTimeout(() => child.kill('SIGKILL'), timeout - 5_000);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8');
  const read = (): void => {
    if (child.stdout.listenerCount('data') > 0 || !stderr.includes(readsAfter)) return;
    child.stdout.on('data', (chunk: string) => {
      stdout += chunk;
    });
  };
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    read();
  });
  read();
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // 'close' comes when every process that holds the pipes has ended, so a child left behind would hang here.
    child.once('close', (code, signal) => {
      clearTimeout(killer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

function program(title: string, kinds: readonly Kind[], body: (kind: Kind) => Promise<void>): void {
  for (const kind of kinds) test(`[${kind.name}] ${title}`, { timeout }, () => body(kind));
}

const clean = { code: 0, signal: null, stderr: '' };

program('a program that falls off its end runs what it has submitted', all, async (kind) => {
  assert.deepEqual(await run('falls-off-the-end', kind), { ...clean, stdout: 'apple\n' });
});

program('a program that ends with a full queue runs all of it', all, async (kind) => {
  assert.deepEqual(await run('exits-with-a-queue', kind), { ...clean, stdout: 'apple\n'.repeat(20) });
});

const lines = Array.from({ length: 20_000 }, (_, line) => `line ${line}\n`).join('');

program('a program that ends has printed all that its tasks have', local, async (kind) => {
  const { stdout, ...rest } = await run('prints-much', kind);
  assert.deepEqual(rest, clean);
  assert.ok(stdout === lines, `${stdout.length} of ${lines.length} characters`);
});

program('a shutdown waits until all that tasks have printed is read', local, async (kind) => {
  const { stdout, ...rest } = await run('prints-and-shuts-down', kind, [], 'answered\n');
  assert.deepEqual(rest, { ...clean, stderr: 'answered\n' });
  assert.ok(stdout === lines, `${stdout.length} of ${lines.length} characters`);
});

program('a worker that prints nothing leaves the pipe that it shares as it is', processes, async (kind) => {
  const { stdout, ...rest } = await run('writes-synchronously', kind, [], 'shut down\n');
  assert.deepEqual(rest, { ...clean, stderr: 'shut down\n' });
  assert.ok(stdout === lines, `${stdout.length} of ${lines.length} characters`);
});

for (const how of ['by itself', 'shutdown']) {
  program(`a task that replaces its streams does not hold the program: ${how}`, localPools, async (kind) => {
    assert.deepEqual(await run('breaks-streams', kind, [], '', [how]), { ...clean, stdout: 'before\n' });
  });
}

program(
  'a program ends although a finished task has left something that blocks its worker',
  localPools,
  async (kind) => {
    assert.deepEqual(await run('leaves-a-block', kind), { ...clean, stdout: '' });
  },
);

program('after a shutdown that does not wait, the program ends when the task has', all, async (kind) => {
  assert.deepEqual(await run('shutdown-no-wait', kind), { ...clean, stdout: 'apple\n' });
});

program('after a shutdown that cancels and does not wait, the program ends cleanly', all, async (kind) => {
  const { stdout, ...rest } = await run('shutdown-no-wait-cancel', kind);
  assert.deepEqual(rest, clean);
  assert.ok(['', 'apple\n'].includes(stdout), stdout);
});

program('an idle executor that was never shut down does not keep the program alive', all, async (kind) => {
  assert.deepEqual(await run('stays-open-idle', kind), { ...clean, stdout: '256\n' });
});

program('an executor that was never used does not keep the program alive', all, async (kind) => {
  assert.deepEqual(await run('never-used', kind), { ...clean, stdout: '0\n' });
});

program('submitting while the program exits neither hangs nor changes its code', all, async (kind) => {
  const { stdout, ...rest } = await run('submit-at-exit', kind);
  assert.deepEqual(rest, clean);
  assert.match(stdout, /^(taken|SHUTDOWN)\n$/);
});

program('process.exit in the program ends it at once, and its workers with it', pooled, async (kind) => {
  const { code, stdout, stderr } = await run('process-exit-while-running', kind);
  assert.deepEqual({ code, stderr }, { code: 3, stderr: '' });
  const pids = stdout.trim().split(' ').filter(Boolean).map(Number);
  assert.equal(pids.length, kind.name === 'process' ? 1 : 0);
  await eventually(() => !pids.some(isAlive), 'the spinning worker to end');
});

program('an uncaught error ends the program at once, with that error', all, async (kind) => {
  const { code, stderr } = await run('uncaught-while-running', kind);
  assert.equal(code, 1);
  assert.match(stderr, /RangeError: the program failed/);
});

program('an executor that is dropped ends its workers when it is collected', pooled, async (kind) => {
  const ended = await run('dropped', kind, ['--expose-gc']);
  assert.deepEqual(ended, { ...clean, stdout: '[1,4,9]\nworkers ended\n' });
});

program('an executor is collected together with the object that submitted to it and cancelled', all, async (kind) => {
  assert.deepEqual(await run('dropped-owner', kind, ['--expose-gc']), { ...clean, stdout: 'true collected\n' });
});

program(
  'an executor is collected together with the object that stopped its task and shut it down',
  pooled,
  async (kind) => {
    assert.deepEqual(await run('stopped-owner', kind, ['--expose-gc']), { ...clean, stdout: 'true collected\n' });
  },
);

program('an executor that is dropped with a task pending completes it', all, async (kind) => {
  assert.deepEqual(await run('dropped-while-pending', kind, ['--expose-gc']), { ...clean, stdout: '256\n' });
});

program('a map over more than fits in memory runs in little memory', pooled, async (kind) => {
  const ended = await run('huge-map', kind, ['--max-old-space-size=96']);
  assert.deepEqual(ended, { ...clean, stdout: '200000 true\n' });
});

program('a failure that nobody looked at is on standard error, with its stack', all, async (kind) => {
  const { code, stderr } = await run('unobserved', kind);
  assert.equal(code, 0);
  assert.match(stderr, /nobody looked at its outcome\s+RangeError: nobody looks/);
  assert.match(stderr, /fixtures\/errors\.js/);
  assert.equal(stderr.split('nobody looked at its outcome').length, 2, 'once');
});
