import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from './bounded-test.js';
import {
  executors,
  outcomes,
  parseLines,
  type Running,
  start,
  temporaryDirectory,
  until,
  untilExists,
} from './command.js';

/** Four inputs for one worker; the first has started. */
async function startedGate(directory: string, task: string, ...args: string[]): Promise<Running> {
  const rows = JSON.stringify(['a', 'b', 'c', 'd'].map((name) => ({ directory, name })));
  const inputs = join(directory, 'in.json');
  writeFileSync(inputs, rows);
  const running = start(['map', `./tasks.mjs#${task}`, '-i', inputs, '-w', '1', ...args], { ownGroup: true });
  await untilExists(join(directory, 'started-a'));
  return running;
}

/** Whether any process is left of a command that has a group of its own: the command, or a worker. */
function isGroupAlive(pid: number): boolean {
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}

describe('a signal', () => {
  for (const executor of executors) {
    it(`lets the running task finish and starts no other (${executor})`, async () => {
      using directory = temporaryDirectory();
      const output = join(directory.path, 'out.jsonl');
      const running = await startedGate(directory.path, 'gate', '-e', executor, '-o', output);
      running.child.kill('SIGINT');
      await running.seen('stderr', 'SIGINT: no more inputs');
      writeFileSync(join(directory.path, 'release-a'), '');
      const ended = await running.ended;
      assert.equal(ended.code, 130, ended.stderr);
      assert.deepEqual(outcomes(parseLines(readFileSync(output, 'utf8'))), ['a']);
      assert.match(ended.stderr, /1 task in .*: 1 succeeded, 3 not started/);
    });
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`lets the task in a process finish when the whole terminal or service gets it (${signal})`, async () => {
      using directory = temporaryDirectory();
      const running = await startedGate(directory.path, 'gate', '-e', 'process');
      process.kill(-(running.child.pid as number), signal);
      await running.seen('stderr', `${signal}: no more inputs`);
      writeFileSync(join(directory.path, 'release-a'), '');
      assert.deepEqual(outcomes((await running.ended).lines), ['a']);
    });
  }

  it('is SIGTERM as well, with its own exit code', async () => {
    using directory = temporaryDirectory();
    const running = await startedGate(directory.path, 'gate');
    running.child.kill('SIGTERM');
    await running.seen('stderr', 'SIGTERM: no more inputs');
    writeFileSync(join(directory.path, 'release-a'), '');
    assert.equal((await running.ended).code, 143);
  });

  for (const executor of ['thread', 'process'] as const) {
    it(`stops a task that goes on when its time is over, and writes it down as failed (${executor})`, async () => {
      using directory = temporaryDirectory();
      const running = await startedGate(directory.path, 'spin', '-e', executor, '--grace', '200ms');
      running.child.kill('SIGINT');
      await running.seen('stderr', 'running tasks have 200 ms to end');
      const ended = await running.ended;
      assert.equal(ended.code, 130, ended.stderr);
      assert.deepEqual(
        ended.lines.map(({ index, error }) => [index, error?.['code']]),
        [[0, 'CANCELLED']],
      );
      assert.match(ended.stderr, /1 task in .*: 0 succeeded, 1 failed, 3 not started/);
      // What the command has to say, and no stack of a worker's.
      assert.doesNotMatch(ended.stderr, /^ {4}at /m);
      await until(() => !isGroupAlive(running.child.pid as number));
    });

    it(`ends the command at once when it comes a second time (${executor})`, async () => {
      using directory = temporaryDirectory();
      const running = await startedGate(directory.path, 'spin', '-e', executor);
      running.child.kill('SIGINT');
      await running.seen('stderr', 'SIGINT: no more inputs');
      running.child.kill('SIGINT');
      const ended = await running.ended;
      assert.equal(ended.code, 130);
      assert.equal(ended.stdout, '');
      assert.doesNotMatch(ended.stderr, /^ {4}at /m);
      await until(() => !isGroupAlive(running.child.pid as number));
    });
  }

  for (const executor of ['thread', 'process'] as const) {
    it(`reaches spinning workers as well where the whole terminal gets it, and they say nothing (${executor})`, async () => {
      using directory = temporaryDirectory();
      const running = await startedGate(directory.path, 'spin', '-e', executor, '--grace', '0');
      process.kill(-(running.child.pid as number), 'SIGINT');
      const ended = await running.ended;
      assert.equal(ended.code, 130);
      assert.match(ended.stderr, /SIGINT: no more inputs; running tasks are stopped/);
      assert.doesNotMatch(ended.stderr, /^ {4}at |Warning/m);
      await until(() => !isGroupAlive(running.child.pid as number));
    });
  }

  it('ends the command at once when it comes a second time, also where a thread is in native code', async () => {
    using directory = temporaryDirectory();
    const running = await startedGate(directory.path, 'native', '-e', 'thread');
    running.child.kill('SIGINT');
    await running.seen('stderr', 'SIGINT: no more inputs');
    running.child.kill('SIGINT');
    const { code, signal } = await running.ended;
    // Nothing but the signal itself ends a process whose thread is in native code.
    assert.deepEqual({ code, signal }, { code: null, signal: 'SIGINT' });
  });

  it('ends a command that is done and waits for a thread in native code', async () => {
    using directory = temporaryDirectory();
    const running = await startedGate(directory.path, 'native', '-e', 'thread', '--timeout', '100ms', '--limit', '1');
    await running.seen('stderr', 'waits: a task is in native code');
    running.child.kill('SIGTERM');
    const { signal, stderr } = await running.ended;
    assert.equal(signal, 'SIGTERM');
    assert.match(stderr, /1 × TimeoutError: .*native code/);
  });

  it('ends the wait for an input that does not come', async () => {
    const running = start(['map', './tasks.mjs#square', '--input', '-']);
    running.child.stdin?.write('2\n');
    await running.seen('stdout', '"value":4');
    running.child.kill('SIGINT');
    const ended = await running.ended;
    assert.equal(ended.code, 130);
    assert.match(ended.stderr, /1 task in .*: 1 succeeded, the rest not started\n/);
  });
});
