/** The upgrade, by the command and called directly. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { InlineExecutor, ProcessPoolExecutor, type Progress, TimeoutError } from 'concurrent-futures';
import { runner } from '../../examples/upgrade-careful.js';
import { lines, runFutures, sorted } from './run-program.js';

const limit = { timeout: 120_000 };
const names = ['python', 'java', 'golang', 'php', 'rust', 'shell', 'c'];

interface Line {
  readonly index: number;
  readonly input: [number, string];
  readonly status: 'ok' | 'failed';
  readonly value?: string;
  readonly error?: { readonly name: string; readonly message: string };
}

function records(text: string): Line[] {
  return lines(text)
    .map((line) => JSON.parse(line) as Line)
    .sort((a, b) => a.index - b.index);
}

function upgrade(module: string, input: string, ...options: string[]): string[] {
  const fixed = ['--spread', '--max-workers', '3', '--timeout', '3m'];
  return ['map', `examples/${module}.ts#runner`, '--input', input, ...fixed, ...options];
}

function inputFile(content: string): { readonly path: string; [Symbol.dispose](): void } {
  const directory = mkdtempSync(join(tmpdir(), 'upgrade-'));
  const path = join(directory, 'inputs.jsonl');
  writeFileSync(path, content);
  return { path, [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
}

describe('the upgrade, by the command', limit, () => {
  for (const module of ['upgrade', 'upgrade-careful']) {
    it(`gives the result of each of the seven inputs (${module})`, async () => {
      const ended = await runFutures(upgrade(module, 'examples/upgrade.jsonl'), { SLEEP_MS: '20' });
      assert.equal(ended.code, 0, ended.stderr);
      const expected = names.map((name, index) => ({ index, input: [index, name], status: 'ok', value: name }));
      const found = records(ended.stdout).map(({ index, input, status, value }) => ({ index, input, status, value }));
      assert.deepEqual(found, expected);
      assert.match(ended.stderr, /7 tasks in .*: 7 succeeded/);
    });
  }

  it('prints the start, the input and the end of each, away from the results', async () => {
    const ended = await runFutures(upgrade('upgrade', 'examples/upgrade.jsonl'), { SLEEP_MS: '20' });
    const untagged = ended.stderr.replaceAll(/^\[#\d+ [^\]]*\]\] /gm, '');
    const printed = sorted(untagged).filter((line) => line.startsWith('runner ') || names.includes(line));
    const expected = names.flatMap((name, index) => [`runner ${index} starts`, name, `runner ${index} ends`]);
    assert.deepEqual(printed, expected.sort());
  });

  it('fails the inputs that are wrong, says what was expected, and runs the others', async () => {
    using inputs = inputFile('[0, "python"]\n["1", "java"]\n[2]\n');
    const ended = await runFutures(upgrade('upgrade-careful', inputs.path), { SLEEP_MS: '20' });
    assert.equal(ended.code, 1, ended.stderr);
    const messages = records(ended.stdout).map(({ value, error }) => value ?? error?.message);
    assert.deepEqual(messages, [
      'python',
      'index must be a whole number; got "1"',
      'name must be some text; got undefined',
    ]);
  });

  it('names the input whose time was over, and keeps the results in the file', async () => {
    using inputs = inputFile('[0, "python"]\n');
    const output = `${inputs.path}.results`;
    const args = upgrade('upgrade-careful', inputs.path, '--timeout', '1s', '--output', output);
    const ended = await runFutures(args, { SLEEP_MS: '600000' });
    assert.equal(ended.code, 1, ended.stderr);
    assert.equal(ended.stdout, '');
    const [line] = records(readFileSync(output, 'utf8'));
    assert.deepEqual(line?.input, [0, 'python']);
    assert.equal(line?.error?.name, 'TimeoutError');
  });
});

describe('the careful upgrade', limit, () => {
  it('runs outside of tasks, for tests', async () => {
    process.env['SLEEP_MS'] = '10';
    assert.equal(await runner(0, 'python'), 'python');
  });

  it('reports how far it is', async () => {
    process.env['SLEEP_MS'] = '10';
    const reports: (number | Progress)[] = [];
    const executor = new InlineExecutor();
    await executor.with({ onReport: (progress) => reports.push(progress) }).submit(runner, 0, 'python');
    await executor.shutdown();
    assert.equal(reports.length, 10);
    assert.deepEqual(reports.at(-1), { done: 10, total: 10, message: 'python' });
  });

  it('stops by itself when its time is over, so that its worker lives on', async () => {
    process.env['SLEEP_MS'] = '600000';
    const executor = new ProcessPoolExecutor({ maxWorkers: 1 });
    const before = await executor.submit(() => process.pid);
    // Loads the module, so that the limit below is not spent on that.
    await assert.rejects(executor.submit(runner, 0, '').result(), TypeError);
    await assert.rejects(executor.with({ timeout: 1000 }).submit(runner, 0, 'python').result(), TimeoutError);
    assert.equal(await executor.submit(() => process.pid), before);
    await executor.shutdown();
  });
});
