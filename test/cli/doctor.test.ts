/** `futures doctor`, with the faults that it is to find really there. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { describe, it } from './bounded-test.js';
import { commandPath, type Ended, futures, type StartOptions, temporaryDirectory } from './command.js';

interface Report {
  readonly name: string;
  readonly status: 'ok' | 'failed' | 'note';
  readonly message: string;
  readonly advice?: string;
  readonly ms: number;
}

interface Diagnosis {
  readonly ok: boolean;
  readonly reports: ReadonlyMap<string, Report>;
  readonly failed: readonly string[];
}

function read({ stdout, code }: Pick<Ended, 'stdout' | 'code'>): Diagnosis {
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Report[] };
  assert.equal(code, ok ? 0 : 1);
  const failed = checks.filter(({ status }) => status === 'failed').map(({ name }) => name);
  return { ok, failed, reports: new Map(checks.map((report) => [report.name, report])) };
}

const examine = async (args: readonly string[] = [], options: StartOptions = {}): Promise<Diagnosis> =>
  read(await futures(['doctor', '--json', ...args], options));

const unlessLinux = process.platform === 'linux' ? false : 'only Linux has these limits';

describe('futures doctor', () => {
  it('says line by line what works, with exit code 0 where pools work', async () => {
    const { code, stdout } = await futures(['doctor']);
    assert.equal(code, 0, stdout);
    for (const name of ['node', 'processors', 'memory', 'threads', 'processes', 'closures', 'claims']) {
      assert.match(stdout, new RegExp(`^✓ ${name}: .* \\(\\d+(\\.\\d)? ms\\)$`, 'm'));
    }
    assert.match(stdout, /^✓ death of the parent: a spinning worker ended/m);
    assert.match(stdout, /^– terminal: standard output is not a terminal/m);
    assert.match(stdout, /\npools can work here\n$/);
  });

  it('gives the same as one JSON object', async () => {
    const { ok, failed, reports } = await examine();
    assert.deepEqual([ok, failed], [true, []]);
    assert.match(reports.get('node')?.message ?? '', new RegExp(process.versions.node));
    for (const { ms } of reports.values()) assert.ok(ms >= 0);
  });

  it('is listed in the help', async () => {
    assert.match((await futures(['--help'])).stdout, /doctor .*check whether pools can work/);
  });

  it('finds NODE_OPTIONS that break workers, and says that it is these', async () => {
    using directory = temporaryDirectory();
    const preload = directory.write(
      'preload.cjs',
      "const { isMainThread } = require('node:worker_threads');\n" +
        "if (!isMainThread || process.argv[1] === undefined) throw new Error('the preload is broken');\n",
    );
    const { failed, reports } = await examine([], { env: { NODE_OPTIONS: `--require ${preload}` } });
    assert.deepEqual(failed, ['threads', 'processes']);
    for (const name of failed) {
      assert.match(reports.get(name)?.message ?? '', /the preload is broken/);
      assert.match(reports.get(name)?.advice ?? '', /Without NODE_OPTIONS it works: .*preload\.cjs/);
    }
    assert.match(reports.get('claims')?.message ?? '', /not tried, since the check of processes failed/);
  });

  it('finds a folder for temporary files that is not there', async () => {
    const { failed, reports } = await examine([], { env: { TMPDIR: '/no/such/folder' } });
    assert.deepEqual(failed, ['temporary files', 'processes']);
    const { message, advice } = reports.get('temporary files') as Report;
    assert.match(message, /\/no\/such\/folder can't be written to: no such file or directory/);
    assert.match(advice ?? '', /TMPDIR/);
  });

  it('finds an executable that is not Node', async () => {
    using directory = temporaryDirectory();
    const wrapper = directory.write('wrapper', '#!/bin/sh\necho "this is no Node" >&2\nexit 3\n');
    chmodSync(wrapper, 0o755);
    const { failed, reports } = await examine(['--exec-path', wrapper]);
    assert.deepEqual(failed, ['processes']);
    const { message, advice } = reports.get('processes') as Report;
    assert.match(message, /exited with code 3 .*this is no Node/s);
    assert.match(advice ?? '', /execPath/);
    const missing = await examine(['--exec-path', '/no/such/node']);
    assert.match(missing.reports.get('processes')?.message ?? '', /ENOENT/);
  });

  it('names the flags that the permission model lacks', async () => {
    const flag = Number.parseInt(process.versions.node, 10) < 23 ? '--experimental-permission' : '--permission';
    const command = [flag, '--allow-fs-read=*', commandPath, 'doctor', '--json'];
    const { failed, reports } = read(await run(process.execPath, command));
    for (const name of ['threads', 'processes']) assert.ok(failed.includes(name), name);
    assert.match(reports.get('threads')?.message ?? '', /--allow-worker/);
    assert.match(reports.get('processes')?.message ?? '', /--allow-child-process/);
  });

  it('finds too low a limit on open files', { skip: unlessLinux }, async () => {
    const script = (limit: number): string => `ulimit -n ${limit}; exec "$0" "$1" doctor --json`;
    const withLimit = (limit: number): Promise<Ended> =>
      run('/bin/sh', ['-c', script(limit), process.execPath, commandPath]);
    const { open = 0 } =
      /(?<open>\d+) open/.exec((await examine()).reports.get('open files')?.message ?? '')?.groups ?? {};
    // Node opens every file that the command is loaded from at a time.
    const low = Number(open) + 14;
    const { failed, reports } = read(await withLimit(low));
    assert.ok(failed.includes('open files'));
    assert.match(reports.get('open files')?.message ?? '', new RegExp(`\\d+ open, and the limit is ${low}$`));
    assert.match(reports.get('open files')?.advice ?? '', /ulimit -n/);
    // Somewhere between, processes can't be started; below it, Node can't load the command.
    for (const limit of [low - 4, low - 2]) {
      const ended = await withLimit(limit);
      assert.equal(ended.code, 1, ended.stderr);
      assert.doesNotMatch(ended.stderr, /Unhandled 'error' event/);
      if (ended.stdout !== '') assert.ok(read(ended).failed.includes('open files'));
    }
  });
});

/** Runs a program to its end. */
function run(program: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '' } });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...texts, lines: [] }));
  });
}
