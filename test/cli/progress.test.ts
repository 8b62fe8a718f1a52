import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from './bounded-test.js';
import { futures, start, temporaryDirectory } from './command.js';

interface Snapshot {
  readonly state: string;
  readonly done: number;
  readonly failed: number;
  readonly running: number;
  readonly total: number | null;
  readonly perSecond: number;
  readonly leftMs: number | null;
  readonly elapsedMs: number;
  readonly workers: readonly {
    readonly name: string;
    readonly task: string | null;
    readonly ms: number | null;
    readonly report: unknown;
  }[];
}

function snapshots(stderr: string): Snapshot[] {
  const rows = stderr.split('\n').filter((row) => row.startsWith('{'));
  return rows.map((row) => JSON.parse(row) as Snapshot);
}

describe('--progress json', () => {
  it('writes what each worker does, and at the end what has become of all', async () => {
    using directory = temporaryDirectory();
    const output = join(directory.path, 'out.jsonl');
    const running = start(['map', './acts.mjs#perform', 'a', '--progress', 'json', '-w', '1', '-o', output], {
      env: { ACTS: directory.path },
    });
    directory.write('0-1', '{"report":{"done":1,"total":2,"message":"halfway"}}');
    await running.seen('stderr', 'halfway');
    directory.write('0-2', '{"fail":"no"}');
    const { code, stderr } = await running.ended;
    assert.equal(code, 1);
    const all = snapshots(stderr);
    const during = all.find(({ workers }) => workers[0]?.report !== null);
    assert.deepEqual(
      [during?.state, during?.done, during?.running, during?.total, during?.leftMs],
      ['running', 0, 1, 1, null],
    );
    const [worker] = during?.workers ?? [];
    assert.deepEqual([worker?.task, worker?.report], ['#0 a', { done: 1, total: 2, message: 'halfway' }]);
    assert.equal(typeof worker?.ms, 'number');
    const last = all.at(-1);
    assert.deepEqual([last?.state, last?.done, last?.failed, last?.running], ['ended', 1, 1, 0]);
    assert.ok(all.slice(0, -1).every(({ state }) => state === 'running'));
  });

  it('has no total where nobody knows it, and with --quiet nothing else on its stream', async () => {
    const args = ['map', './tasks.mjs#square', '--input', '-', '--progress', 'json', '--quiet'];
    const { stderr } = await futures(args, { stdin: '1\n2\n' });
    const all = snapshots(stderr);
    assert.equal(`${all.map((snapshot) => JSON.stringify(snapshot)).join('\n')}\n`, stderr);
    assert.deepEqual([all.at(-1)?.done, all.at(-1)?.total], [2, null]);
  });
});

describe('--progress', () => {
  it('none shows nothing but the summary', async () => {
    const { stderr } = await futures(['map', './tasks.mjs#square', '1', '--progress', 'none']);
    assert.match(stderr, /^1 task in .*\n(time of the task: .*\n)?$/);
  });

  it('plain writes a line now and then, without a terminal also by default', async () => {
    using directory = temporaryDirectory();
    for (const kind of [[], ['--progress', 'plain']]) {
      const running = start(['map', './acts.mjs#perform', 'a', '-w', '1', ...kind], { env: { ACTS: directory.path } });
      await running.seen('stderr', '0/1 done · 1 running\n');
      running.child.kill('SIGKILL');
      await running.ended;
    }
  });

  it('live draws the view wherever it goes when it is asked for', async () => {
    const { stderr } = await futures(['map', './tasks.mjs#square', '1', '--progress', 'live']);
    assert.ok(stderr.startsWith('\x1b[?25l'), 'the cursor is hidden');
    assert.match(stderr, /0\/1/);
    assert.ok(stderr.lastIndexOf('\x1b[?25h') > stderr.lastIndexOf('\x1b[?25l'), 'and shown again');
  });
});
