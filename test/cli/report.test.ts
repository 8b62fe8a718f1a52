import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from './bounded-test.js';
import { executors, futures, outcomes, parseLines, start, temporaryDirectory, untilExists } from './command.js';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly s?: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** Parses a trace, checks it by the format's rules, and gives its events. */
function traceOf(path: string): TraceEvent[] {
  const events = JSON.parse(readFileSync(path, 'utf8')) as TraceEvent[];
  const ends = new Map<number, number>();
  for (const { ph, ts, name, pid, tid, dur, s, args } of events) {
    assert.ok(['M', 'X', 'C', 'i'].includes(ph), `the phase ${ph}`);
    assert.ok(Number.isInteger(ts) && ts >= 0 && Number.isInteger(pid) && Number.isInteger(tid));
    assert.ok(typeof name === 'string' && typeof args === 'object');
    if (ph === 'X') assert.ok(Number.isInteger(dur) && (dur as number) >= 0);
    if (ph === 'i') assert.ok(['g', 'p', 't'].includes(s as string));
    if (ph === 'C') for (const value of Object.values(args)) assert.equal(typeof value, 'number');
  }
  const named = events.filter(({ ph, name }) => ph === 'M' && name === 'thread_name').map(({ tid }) => tid);
  const complete = events.filter(({ ph }) => ph === 'X').sort((one, other) => one.ts - other.ts);
  for (const { ts, dur, tid, name } of complete) {
    assert.ok(named.includes(tid), `thread ${tid} has a name`);
    // Viewers draw what overlaps as if the one had called the other.
    assert.ok(ts >= (ends.get(tid) ?? 0), `${name} overlaps`);
    ends.set(tid, ts + (dur ?? 0));
  }
  return events;
}

function tasksOf(events: readonly TraceEvent[]): TraceEvent[] {
  return events
    .filter(({ ph }) => ph === 'X')
    .sort((one, other) => Number(one.args['index']) - Number(other.args['index']));
}

const inputs = ['5', '-1', '8', '1'];

describe('--trace', () => {
  for (const executor of executors) {
    it(`has an event for each task, on a thread for each worker (${executor})`, async () => {
      using directory = temporaryDirectory();
      const path = join(directory.path, 'trace.json');
      await futures(['map', './report-tasks.mjs#rest', '-e', executor, '--trace', path, '--', ...inputs]);
      const events = traceOf(path);
      const tasks = tasksOf(events);
      assert.deepEqual(
        tasks.map(({ name }) => name),
        ['#0 5', '#1 -1', '#2 8', '#3 1'],
      );
      assert.deepEqual(tasks[1]?.args, {
        index: 1,
        input: '-1',
        status: 'failed',
        attempts: 1,
        error: 'TypeError: time does not run backwards',
      });
      assert.ok((tasks[2]?.dur ?? 0) >= 7000, 'times are in microseconds');
      const last = events.findLast(({ ph }) => ph === 'C');
      assert.deepEqual(last?.args, { succeeded: 3, failed: 1 });
      assert.ok(events.some(({ name, args }) => name === 'thread_name' && args['name'] === 'worker 0'));
    });
  }

  it('has thousands of short tasks one after the other', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'trace.json');
    const stdin = Array.from({ length: 20_000 }, (_, index) => `${index}\n`).join('');
    await futures(['map', './report-tasks.mjs#check', '-i', '-', '-w', '2', '--trace', path], { stdin });
    assert.deepEqual(
      tasksOf(traceOf(path)).map(({ args }) => args['index']),
      [...Array(20_000).keys()],
    );
  });

  it('has what no worker has run as well: a malformed input', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'trace.json');
    await futures(['map', './report-tasks.mjs#check', '-i', '-', '-f', 'jsonl', '--trace', path], {
      stdin: '"a"\n{no\n"b"\n',
    });
    const events = traceOf(path);
    assert.equal(tasksOf(events).length, 2);
    assert.equal(events.find(({ ph }) => ph === 'i')?.args['input'], '{no');
  });

  it('is whole when the run is interrupted', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'trace.json');
    const running = start(['map', './report-tasks.mjs#check', '--input', '-', '-w', '1', '--trace', path]);
    running.child.stdin?.write('one\ntwo\n');
    await running.seen('stdout', '"two"');
    running.child.kill('SIGINT');
    await running.ended;
    assert.equal(tasksOf(traceOf(path)).length, 2);
  });

  it('is whole when a second signal ends the command at once', async () => {
    using directory = temporaryDirectory();
    const [path, page] = [join(directory.path, 'trace.json'), join(directory.path, 'report.html')];
    const gate = JSON.stringify({ directory: directory.path, name: 'a' });
    const args = ['map', './tasks.mjs#gate', '-f', 'jsonl', '-i', '-', '--trace', path, '--report', page];
    const running = start(args, { stdin: `${gate}\n` });
    await untilExists(join(directory.path, 'started-a'));
    running.child.kill('SIGINT');
    await running.seen('stderr', 'no more inputs');
    running.child.kill('SIGINT');
    assert.equal((await running.ended).code, 130);
    traceOf(path);
    assert.match(readFileSync(page, 'utf8'), /interrupted/);
  });

  it('and what an earlier run has done is in the trace and the page of the one that resumes it', async () => {
    using directory = temporaryDirectory();
    const [journal, trace, page] = ['journal', 'trace.json', 'report.html'].map((name) =>
      join(directory.path, name),
    ) as [string, string, string];
    const running = start(['map', './report-tasks.mjs#check', '-i', '-', '-w', '1', '--journal', journal]);
    running.child.stdin?.write('one\ntwo\n');
    await running.seen('stdout', '"two"');
    running.child.kill('SIGKILL');
    await running.ended;
    await futures(['resume', journal, '--trace', trace, '--report', page], { stdin: 'one\ntwo\nthree\nfour\n' });
    const events = traceOf(trace);
    assert.deepEqual(
      tasksOf(events).map(({ name }) => name),
      ['#0 one', '#1 two', '#2 three', '#3 four'],
    );
    assert.equal(events.filter(({ name }) => name === 'resumed').length, 1);
    const text = readFileSync(page, 'utf8');
    assert.equal(text.match(/class="bar /g)?.length, 4);
    assert.match(text, /resumed 1 time/);
  });
});

describe('a page or a trace that can not be written', () => {
  for (const option of ['--report', '--trace']) {
    it(`is found out before the run starts (${option})`, async () => {
      using directory = temporaryDirectory();
      const started = join(directory.path, 'started-a');
      const gate = directory.write('in.jsonl', JSON.stringify({ directory: directory.path, name: 'a' }));
      const inNoFolder = join(directory.path, 'missing', 'file');
      const none = await futures(['map', './tasks.mjs#gate', '-i', gate, option, inNoFolder]);
      assert.equal(none.code, 2);
      assert.equal(none.stderr, `error: can't write ${option} ${inNoFolder}: its directory does not exist\n`);
      const folder = await futures(['map', './tasks.mjs#gate', '-i', gate, option, directory.path]);
      assert.equal(folder.stderr, `error: can't write ${option} ${directory.path}: it is a directory\n`);
      const input = await futures(['map', './tasks.mjs#gate', '-i', gate, option, gate]);
      assert.equal(input.stderr, `error: ${option} ${gate} is the file that the inputs are read from: name another\n`);
      assert.equal(existsSync(started), false);
    });
  }

  it('does not harm the results, and is told at the end', async () => {
    using directory = temporaryDirectory();
    const page = join(directory.path, 'report.html');
    const running = start(['map', './report-tasks.mjs#check', '-i', '-', '--report', page]);
    running.child.stdin?.write('one\n');
    await running.seen('stdout', '"one"');
    // What was a file that could be written is a folder by the end.
    rmSync(page);
    mkdirSync(page);
    running.child.stdin?.end();
    const { code, stderr, lines } = await running.ended;
    assert.equal(code, 1);
    assert.equal(lines.length, 1);
    assert.match(stderr, /1 succeeded\n.*\nerror: can't write --report .*: it is a directory\n$/);
  });
});

describe('futures report', () => {
  /** A journal of these inputs, of which the second fails. */
  async function journalIn(
    path: string,
  ): Promise<{ readonly journal: string; readonly stdout: string; readonly stderr: string }> {
    const journal = join(path, 'journal');
    const args = ['map', './report-tasks.mjs#rest', '--journal', journal, '-w', '2', '--', ...inputs];
    const { stdout, stderr } = await futures(args);
    return { journal, stdout, stderr };
  }

  it('prints the summary that the run itself has written', async () => {
    using directory = temporaryDirectory();
    const { journal, stderr } = await journalIn(directory.path);
    const ended = await futures(['report', journal]);
    assert.equal(ended.code, 0, ended.stderr);
    const withoutTime = (text: string): string => text.replace(/ in .* tasks\/s\)/, '');
    assert.equal(withoutTime(ended.stdout), withoutTime(stderr));
    assert.match(ended.stdout, /^4 tasks in [\d.]+ m?s \([\d.]+ tasks\/s\): 3 succeeded, 1 failed\n/);
  });

  it('writes the results, the page and the trace', async () => {
    using directory = temporaryDirectory();
    const { journal, stdout } = await journalIn(directory.path);
    const [results, page, trace] = ['results.jsonl', 'page.html', 'trace.json'].map((name) =>
      join(directory.path, name),
    ) as [string, string, string];
    const ended = await futures(['report', journal, '-o', results, '--html', page, '--trace', trace]);
    assert.deepEqual([ended.code, ended.stdout, ended.stderr], [0, '', '']);
    assert.equal(readFileSync(results, 'utf8'), stdout);
    assert.equal(tasksOf(traceOf(trace)).length, 4);
    const text = readFileSync(page, 'utf8');
    assert.equal(text.match(/class="bar /g)?.length, 4);
    assert.ok(text.includes(process.versions.node), 'the Node that it ran on');
    await futures(['report', journal, '-o', results, '--order', 'input']);
    const sorted = parseLines(readFileSync(results, 'utf8'));
    assert.deepEqual(
      sorted.map(({ index }) => index),
      [0, 1, 2, 3],
    );
  });

  it('takes the last record of a task, and counts all sessions', async () => {
    using directory = temporaryDirectory();
    const { journal } = await journalIn(directory.path);
    const again = {
      index: 1,
      input: '-1',
      status: 'ok',
      value: 7,
      ms: 3,
      attempts: 1,
      worker: 'ThreadPoolExecutor-1_0',
    };
    const resumedAt = Date.now() + 3_600_000;
    for (const line of [
      { resumedAt },
      { ...again, endedAt: resumedAt + 500 },
      { ended: 'inputs over', endedAt: resumedAt + 900 },
    ])
      appendFileSync(journal, `${JSON.stringify(line)}\n`);
    const results = join(directory.path, 'results.jsonl');
    await futures(['report', journal, '-o', results]);
    const lines = parseLines(readFileSync(results, 'utf8'));
    assert.equal(lines.length, 4);
    assert.deepEqual(outcomes(lines), [5, 7, 8, 1]);
    const { stdout } = await futures(['report', journal]);
    assert.match(
      stdout,
      /^4 tasks in (9\d\d ms|[1-9]\.\d s) \(.*: 4 succeeded\n/,
      'the hour between is none of the run',
    );
  });

  it('tells of a run that was killed in the middle of a line', async () => {
    using directory = temporaryDirectory();
    const { journal } = await journalIn(directory.path);
    const lines = readFileSync(journal, 'utf8').split('\n');
    const cut = join(directory.path, 'cut');
    writeFileSync(cut, `${lines.slice(0, 3).join('\n')}\n${lines[3]?.slice(0, 20)}`);
    const [before, page] = [statSync(cut).size, join(directory.path, 'page.html')];
    const { stdout, code } = await futures(['report', cut]);
    assert.equal(code, 0);
    assert.match(stdout, /^2 tasks in .*the rest not started\n/);
    assert.match(stdout, /\nthis run has not ended: it goes on, or was killed \(then: futures resume .*cut\)\n$/);
    assert.equal((await futures(['report', cut, '--html', page])).code, 0);
    assert.match(readFileSync(page, 'utf8'), /not ended/);
    assert.equal(statSync(cut).size, before, 'a journal is only read');
  });

  it('tells of a run while it goes on', async () => {
    using directory = temporaryDirectory();
    const journal = join(directory.path, 'journal');
    const running = start(['map', './report-tasks.mjs#check', '-i', '-', '-w', '1', '--journal', journal]);
    running.child.stdin?.write('one\ntwo\n');
    await running.seen('stdout', '"two"');
    assert.match((await futures(['report', journal])).stdout, /^2 tasks in .*2 succeeded, the rest not started\n/);
    running.child.stdin?.end();
    assert.equal((await running.ended).code, 0);
    assert.match((await futures(['report', journal])).stdout, /^2 tasks in .*2 succeeded\n/);
  });

  it('refuses what it can not do, with exit code 2', async () => {
    using directory = temporaryDirectory();
    const { journal } = await journalIn(directory.path);
    const before = readFileSync(journal, 'utf8');
    const wrong: [readonly string[], RegExp][] = [
      [['report', join(directory.path, 'nothing')], /can't read the journal .*: no such file or directory/],
      [['report', 'report-tasks.mjs'], /report-tasks\.mjs, line 1: this is not a line of a journal/],
      [
        ['report', journal, '--order', 'input'],
        /--order is that of the results, and none are written: add --output FILE/,
      ],
      [['report', journal, '-o', journal], /--output .* is the file that the journal is in: name another/],
      [['report', journal, '--html', journal], /--html .* is the file that the journal is in: name another/],
      [['report', journal, '--trace', journal], /--trace .* is the file that the journal is in: name another/],
    ];
    for (const [args, message] of wrong) {
      const { code, stderr } = await futures(args);
      assert.match(stderr, message);
      assert.equal(code, 2);
    }
    assert.equal(readFileSync(journal, 'utf8'), before);
  });
});
