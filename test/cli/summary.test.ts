import assert from 'node:assert/strict';
import { join } from 'node:path';
import pc from 'picocolors';
import stringWidth from 'string-width';
import type { TaskRecord } from '../../src/cli/records.js';
import { summaryLines } from '../../src/cli/summary.js';
import { Tally } from '../../src/cli/tally.js';
import { describe, it } from './bounded-test.js';
import { executors, futures, start, temporaryDirectory } from './command.js';

function record(index: number, ms: number, message?: string): TaskRecord {
  const head = { index, input: `photos/${index}.jpg`, ms, attempts: 1, worker: 'ThreadPoolExecutor-1_0', endedAt: 0 };
  if (message === undefined) return { ...head, status: 'ok', value: null };
  return { ...head, status: 'failed', error: { name: 'Error', message } };
}

/** As it is written on a terminal of so many columns. */
function lines(tally: Tally, notStarted: number | undefined, columns = Number.POSITIVE_INFINITY): string[] {
  return summaryLines(tally, notStarted, { colors: pc.createColors(false), width: () => columns });
}

function tallyOf(records: readonly TaskRecord[]): Tally {
  const tally = new Tally(() => 2000);
  for (const each of records) tally.count(each);
  return tally;
}

describe('the summary', () => {
  it('is one line where there was nothing to do', async () => {
    assert.deepEqual(lines(new Tally(() => 2000), 0), ['0 tasks in 2.0 s: 0 succeeded']);
  });

  it('tells one task by its time', async () => {
    assert.deepEqual(lines(tallyOf([record(0, 12)]), 0), [
      '1 task in 2.0 s (0.50 tasks/s): 1 succeeded',
      'time of the task: 12 ms',
    ]);
  });

  it('tells many by their percentiles and the slowest of them', async () => {
    const tally = tallyOf(Array.from({ length: 1000 }, (_, index) => record(index, index + 1)));
    const [counts, times, ...slowest] = lines(tally, 0);
    assert.equal(counts, '1000 tasks in 2.0 s (500 tasks/s): 1000 succeeded');
    assert.match(times ?? '', /^time per task: p50 50\d ms, p90 90\d ms, p99 99\d ms, max 1\.0 s$/);
    assert.deepEqual(slowest, [
      'slowest:',
      '   1.0 s  #999 photos/999.jpg',
      '  999 ms  #998 photos/998.jpg',
      '  998 ms  #997 photos/997.jpg',
    ]);
  });

  it('groups failures by their message, and names some of their inputs', async () => {
    const failed = Array.from({ length: 12 }, (_, index) => record(index, 1, index % 4 === 3 ? 'rare' : 'frequent'));
    const shown = lines(tallyOf(failed), undefined);
    assert.equal(shown[0], '12 tasks in 2.0 s (6.0 tasks/s): 0 succeeded, 12 failed, the rest not started');
    assert.deepEqual(shown.slice(shown.indexOf('failures:')), [
      'failures:',
      '  9 × Error: frequent',
      '      of #0 photos/0.jpg, #1 photos/1.jpg, #2 photos/2.jpg, and 6 more',
      '  3 × Error: rare',
      '      of #3 photos/3.jpg, #7 photos/7.jpg, #11 photos/11.jpg',
    ]);
  });

  it('stays in the columns of its terminal, and loses none of the numbers', async () => {
    const many = [...Array(2000).keys()].map((index) =>
      record(index, index / 7, index % 3 === 0 ? 'x'.repeat(100) : undefined),
    );
    for (const columns of [40, 80]) {
      const shown = lines(tallyOf(many), 12, columns);
      for (const line of shown) assert.ok(stringWidth(line) <= columns, line);
      assert.match(shown.join(' '), /1333 succeeded, +667 failed, +12 not started/);
      assert.match(shown.join(' '), /p50 .* p90 .* p99 .* max /);
    }
  });

  it('does not grow with a million tasks and as many messages', async () => {
    const tally = new Tally(() => 2000);
    for (let index = 0; index < 1_000_000; index += 1)
      tally.count(record(index, index % 100, index % 2 === 0 ? undefined : `no ${index}`));
    const shown = lines(tally, 0, 80);
    assert.ok(shown.length < 30, shown.join('\n'));
    assert.match(shown.at(-1) ?? '', /^ {2}and 499995 more, with other messages$/);
  });

  for (const executor of executors) {
    it(`says where in the module a failure was thrown (${executor})`, async () => {
      const { stderr } = await futures(['map', './report-tasks.mjs#check', 'fail', 'fail', '-e', executor]);
      assert.match(
        stderr,
        /\n {2}2 × RangeError: fail\n {6}at check \(report-tasks\.mjs:3:\d+\)\n {6}of #0 fail, #1 fail\n/,
      );
      assert.doesNotMatch(stderr, /node:|dist/);
    });

    it(`makes one group of all tasks that ran out of time (${executor})`, async () => {
      const inputs = ['a "b"', 'c'];
      const { stderr } = await futures(['map', './tasks.mjs#neverEnds', ...inputs, '-t', '50ms', '-e', executor]);
      assert.match(stderr, /\n {2}2 × TimeoutError: the task ran longer than its timeout of 50 ms/);
    });
  }

  it('says how many tasks an earlier run has done', async () => {
    using directory = temporaryDirectory();
    const journal = join(directory.path, 'journal');
    const running = start(['map', './report-tasks.mjs#check', '--input', '-', '--journal', journal, '-w', '1']);
    running.child.stdin?.write('one\ntwo\n');
    await running.seen('stdout', '"two"');
    running.child.kill('SIGINT');
    await running.ended;
    const again = await futures(['resume', journal], { stdin: 'one\ntwo\nthree\n' });
    assert.match(again.stderr, /^3 tasks, 2 of them by an earlier run, in .* \(.* tasks\/s\): 3 succeeded\n/);
    const once = await futures(['resume', journal], { stdin: 'one\ntwo\nthree\n' });
    assert.match(once.stderr, /^3 tasks, all of them by an earlier run, in [^(]*: 3 succeeded\n/);
  });
});
