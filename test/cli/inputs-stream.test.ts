import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';
import { describe, it } from './bounded-test.js';
import { commandPath, fixtures, futures, outcomes, start, temporaryDirectory } from './command.js';

const echo = ['map', './tasks.mjs#echo'];

const skip = process.platform === 'win32' ? 'no named pipes' : false;

describe('--limit', () => {
  it('takes the first inputs of an endless pipe, and lets go of it', async () => {
    // The pipe's writer ends by the signal that says that nobody reads; without that, this would never end.
    const script = `yes | "${process.execPath}" "${commandPath}" map ./tasks.mjs#echo --input - --limit 3 --quiet`;
    const child = spawn('bash', ['-c', `${script}; echo "\${PIPESTATUS[*]}"`], { cwd: fixtures, stdio: 'pipe' });
    let stdout = '';
    child.stdout.on('data', (chunk) => (stdout += String(chunk)));
    await new Promise((resolve) => child.on('close', resolve));
    const lines = stdout.trimEnd().split('\n');
    assert.equal(lines.length, 4, stdout);
    // 141: SIGPIPE; 1 where that is ignored.
    assert.match(lines[3] ?? '', /^(141|1) 0$/);
  });

  it('lets go of a pipe with the last input, before the tasks are done', { skip }, async () => {
    using directory = temporaryDirectory();
    const pipe = join(directory.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const { child, ended } = start(['map', './tasks.mjs#gate', '-i', pipe, '-f', 'jsonl', '--limit', '1', '-w', '1']);
    const writer = createWriteStream(pipe);
    const isClosed = new Promise((resolve) => writer.once('error', resolve));
    writer.write(`${JSON.stringify({ directory: directory.path, name: 'only' })}\n`);
    const writing = setInterval(() => writer.write('1\n'), 5);
    await isClosed;
    clearInterval(writing);
    assert.equal(child.exitCode, null);
    directory.write('release-only', '');
    const { code, lines } = await ended;
    assert.equal(code, 0);
    assert.deepEqual(outcomes(lines), ['only']);
  });

  it('says of how many inputs, where they are counted', async () => {
    using directory = temporaryDirectory();
    const input = directory.write('in.json', '[1,2,3,4]');
    for (const [args, values] of [
      [
        ['-i', input, '--limit', '2'],
        [1, 2],
      ],
      [
        ['-i', input, '--limit', '9'],
        [1, 2, 3, 4],
      ],
      [['a', 'b', '--limit', '1'], ['a']],
      [['-i', input, '--limit', '0'], []],
    ] as const) {
      const ended = await futures([...echo, ...args]);
      assert.equal(ended.code, 0, ended.stderr);
      assert.deepEqual(outcomes(ended.lines), values);
      assert.match(ended.stderr, new RegExp(`^${values.length} tasks? in [^:]*: ${values.length} succeeded\n`));
    }
  });

  it('counts malformed inputs, too', async () => {
    const ended = await futures([...echo, '-i', '-', '-f', 'jsonl', '--limit', '2'], { stdin: 'x\n1\n2\n' });
    assert.equal(ended.code, 1);
    assert.deepEqual(ended.lines.map(({ index }) => index).sort(), [0, 1]);
  });
});

describe('--spread', () => {
  it('makes arguments of an array, and gives anything else as the one argument', async () => {
    const stdin = '[1,2]\n[]\n"text"\n{"a":1}\nnull\n[[3]]\n';
    const ended = await futures([...echo, '-s', '-i', '-', '-f', 'jsonl'], { stdin });
    assert.deepEqual(outcomes(ended.lines), [[1, 2], [], 'text', { a: 1 }, null, [3]]);
  });
});

describe('an input that has no end', () => {
  for (const isGzipped of [false, true]) {
    it(`costs no memory, ${isGzipped ? 'gzipped' : 'as it is'}`, async () => {
      const few = await peakBytes(5_000, isGzipped);
      const many = await peakBytes(isGzipped ? 40_000 : 80_000, isGzipped);
      assert.ok(many < few * 1.4, `${few} kB for few lines, ${many} kB for many`);
    });
  }
});

/** The most memory that the command ever had, in kilobytes, while it ran a task for each line of standard input. */
async function peakBytes(lines: number, isGzipped: boolean): Promise<number> {
  using directory = temporaryDirectory();
  const peak = join(directory.path, 'peak');
  const hook = join(directory.path, 'hook.cjs');
  writeFileSync(
    hook,
    `if (require('node:worker_threads').isMainThread) process.on('exit', () =>
      require('node:fs').writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS)));`,
  );
  const { child, ended } = start([...echo, '-i', '-', '-w', '1', '-q', '-o', join(directory.path, 'out')], {
    // A small heap: V8 would rather grow than sweep, up to some hundred megabytes.
    env: { NODE_OPTIONS: `--require ${hook} --max-semi-space-size=2 --max-old-space-size=40` },
  });
  assert.ok(child.stdin);
  const { stdin } = child;
  const gzip = createGzip();
  gzip.pipe(stdin);
  const input = isGzipped ? gzip : stdin;
  const padding = 'x'.repeat(100);
  for (let line = 0; line < lines; line += 1) {
    if (!input.write(`${line} ${padding}\n`)) await new Promise((resolve) => input.once('drain', resolve));
  }
  input.end();
  const { code, stderr } = await ended;
  assert.equal(code, 0, stderr);
  return Number(readFileSync(peak, 'utf8'));
}
