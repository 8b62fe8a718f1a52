import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from './bounded-test.js';
import { commandPath, type Ended, fixtures, futures, outcomes, parseLines, temporaryDirectory } from './command.js';

const echo = ['map', './tasks.mjs#echo'];

/** What the tasks got, when the inputs are this file. */
async function echoed(name: string, text: string): Promise<unknown[]> {
  using directory = temporaryDirectory();
  const ended = await futures([...echo, '--input', directory.write(name, text)]);
  assert.equal(ended.code, 0, ended.stderr);
  return outcomes(ended.lines);
}

describe('--input', () => {
  it('reads lines, whatever ends them, with a byte order mark and without a last line end', async () => {
    assert.deepEqual(await echoed('in.txt', '\ufeffone\r\ntwo\n\nfour'), ['one', 'two', '', 'four']);
  });

  it('reads a JSON array', async () => {
    assert.deepEqual(await echoed('in.json', '[1, {"a": [2]}, null]\n'), [1, { a: [2] }, null]);
  });

  it('reads JSON Lines under both their names, and skips blank lines', async () => {
    assert.deepEqual(await echoed('in.jsonl', '1\n\n{"a":2}\n'), [1, { a: 2 }]);
    assert.deepEqual(await echoed('in.NDJSON', '"x"'), ['x']);
  });

  it('reads CSV as objects, with quoted commas and line ends', async () => {
    const text = '\ufeffname,size\r\n"Smith, ""J""",3\r\n\r\n"two\nlines",4\r\n';
    assert.deepEqual(await echoed('in.csv', text), [
      { name: 'Smith, "J"', size: '3' },
      { name: 'two\nlines', size: '4' },
    ]);
  });

  it('reads TSV as objects, with commas and quotes as they are, and quoted fields', async () => {
    const text = 'name\tsize\nSmith, J\t5" disk\n"two\nlines"\t"say ""hi"""\n';
    assert.deepEqual(await echoed('in.tsv', text), [
      { name: 'Smith, J', size: '5" disk' },
      { name: 'two\nlines', size: 'say "hi"' },
    ]);
    const piped = await futures([...echo, '-i', '-', '-f', 'tsv'], { stdin: 'a\tb\r\n1\t2\r\n' });
    assert.deepEqual(outcomes(piped.lines), [{ a: '1', b: '2' }]);
  });

  it('reads columns whatever they are called', async () => {
    const text = '__proto__,constructor\n1,2\n';
    assert.deepEqual(await echoed('in.csv', text), [JSON.parse('{"__proto__":"1","constructor":"2"}')]);
  });

  it('reads standard input as lines, or as --input-format says', async () => {
    const read = async (...args: string[]): Promise<Ended> =>
      futures([...echo, '--input', '-', ...args], { stdin: '[1]\n[2]\n' });
    assert.deepEqual(outcomes((await read()).lines), ['[1]', '[2]']);
    assert.deepEqual(outcomes((await read('--input-format', 'jsonl')).lines), [[1], [2]]);
  });

  it('takes --input-format over the name of the file', async () => {
    using directory = temporaryDirectory();
    const input = directory.write('in.json', 'a,b\n1,2\n');
    assert.deepEqual(outcomes((await futures([...echo, '-i', input, '-f', 'csv'])).lines), [{ a: '1', b: '2' }]);
  });

  it('takes inputs that start with a dash after --', async () => {
    assert.deepEqual(outcomes((await futures([...echo, '--', '-1', '--x'])).lines), ['-1', '--x']);
  });

  for (const name of ['in.txt', 'in.json', 'in.jsonl', 'in.csv', 'in.tsv']) {
    it(`ends well with no tasks for an empty ${name}`, async () => {
      using directory = temporaryDirectory();
      const ended = await futures([...echo, '-i', directory.write(name, '')]);
      assert.equal(ended.code, 0, ended.stderr);
      assert.equal(ended.stdout, '');
      assert.match(ended.stderr, /^0 tasks in [^(]*: 0 succeeded\n$/);
    });
  }

  it('reads an endless pipe, and ends quietly when the reader of its output has gone', async () => {
    const command = `yes | "${process.execPath}" "${commandPath}" map ./tasks.mjs#echo --input - | head -n 1; echo "\${PIPESTATUS[1]}"`;
    const child = spawn('bash', ['-c', command], { cwd: fixtures, stdio: ['ignore', 'pipe', 'pipe'] });
    const texts = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => (texts.stdout += String(chunk)));
    child.stderr.on('data', (chunk) => (texts.stderr += String(chunk)));
    await new Promise((resolve) => child.on('close', resolve));
    const [line, code] = texts.stdout.split('\n');
    assert.equal((JSON.parse(line ?? '') as { value: unknown }).value, 'y');
    assert.equal(code, '0');
    assert.equal(texts.stderr, '');
  });
});

describe('a malformed input', () => {
  const cases = [
    ['in.jsonl', '1\n2\n\n{"a":\n4\n', 4, '{"a":', 'not valid JSON: ', [1, 2, 4]],
    ['in.csv', 'a,b\n1,2\n3\n', 3, '3', 'the header has 2 columns (a, b), this record has 1', [{ a: '1', b: '2' }]],
    [
      'in.csv',
      'a\r\n1\r\n\r\n3,"\r\n",5\r\n',
      4,
      '3,"\r\n",5',
      'the header has 1 column (a), this record has 3',
      [{ a: '1' }],
    ],
    [
      'in.tsv',
      'a\tb\n"1\n2"\t3\nx,y\n',
      4,
      'x,y',
      'the header has 2 columns (a, b), this record has 1',
      [{ a: '1\n2', b: '3' }],
    ],
  ] as const;
  for (const [name, text, line, input, problem, others] of cases) {
    it(`is a failed record that says where, and the others are run: ${JSON.stringify(text)}`, async () => {
      using directory = temporaryDirectory();
      const source = directory.write(name, text);
      const ended = await futures([...echo, '--input', source]);
      assert.equal(ended.code, 1, ended.stderr);
      const failed = ended.lines.filter(({ status }) => status === 'failed');
      assert.deepEqual(
        failed.map((record) => [record.input, record.attempts, record.error?.['source'], record.error?.['line']]),
        [[input, 0, source, line]],
      );
      const message = failed[0]?.error?.['message'] as string;
      assert.ok(message.startsWith(`${source}, line ${line}: ${problem}`), message);
      assert.deepEqual(outcomes(ended.lines.filter(({ status }) => status === 'ok')), others);
      assert.deepEqual(
        ended.lines.map(({ index }) => index).sort(),
        ended.lines.map((_, index) => index),
      );
    });

    it(`ends the reading, not what was read, with --strict: ${JSON.stringify(text)}`, async () => {
      using directory = temporaryDirectory();
      const source = directory.write(name, text);
      const output = join(directory.path, 'out.jsonl');
      const ended = await futures([...echo, '--strict', '--input', source, '--output', output]);
      assert.equal(ended.code, 2);
      assert.ok(ended.stderr.includes(`error: ${source}, line ${line}: ${problem}`), ended.stderr);
      assert.doesNotMatch(ended.stderr, /\n +at /);
      const before = others.filter((value) => value !== 4);
      assert.deepEqual(outcomes(parseLines(readFileSync(output, 'utf8'))), before);
    });
  }

  it('counts for --max-failures, and all of them as one kind of failure', async () => {
    const ended = await futures([...echo, '-i', '-', '-f', 'jsonl'], { stdin: 'a\n1\nb: 2\n{\n' });
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /failures:\n {2}3 × InputError: standard input: not valid JSON\n/);
    const stopped = await futures([...echo, '-i', '-', '-f', 'jsonl', '--fail-fast'], { stdin: 'a\n1\nb\nc\n' });
    assert.equal(stopped.code, 1);
    assert.match(stopped.stderr, /1 failed[\s\S]*error: stopped after a failure/);
  });

  it('is a quote that is never closed, after which nothing can be read', async () => {
    using directory = temporaryDirectory();
    for (const [name, text] of [
      ['in.csv', 'a,b\n1,2\n"x,4\n5,6\n'],
      ['in.tsv', 'a\tb\n1\t2\n"x\t4\n5\t6\n'],
    ] as const) {
      const input = directory.write(name, text);
      const ended = await futures([...echo, '--input', input]);
      assert.equal(ended.code, 2);
      assert.ok(
        ended.stderr.includes(`error: ${input}, line 3: a quote that is opened here is never closed`),
        ended.stderr,
      );
      assert.deepEqual(outcomes(ended.lines), [{ a: '1', b: '2' }]);
    }
  });

  it('is named with its line on standard input too', async () => {
    const ended = await futures([...echo, '--strict', '-i', '-', '-f', 'jsonl'], { stdin: '1\n\nnope\n' });
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /error: standard input, line 3: not valid JSON: .*nope/);
    assert.deepEqual(outcomes(ended.lines), [1]);
  });

  it('is a column twice in a CSV header', async () => {
    const ended = await futures([...echo, '-i', '-', '-f', 'csv'], { stdin: 'a,b,a\n1,2,3\n' });
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /error: standard input, line 1: the header has the column "a" twice/);
  });

  it('fails before anything starts in a JSON file, which is read whole', async () => {
    using directory = temporaryDirectory();
    const output = directory.write('out.jsonl', 'older\n');
    for (const [text, problem] of [
      ['[1,\n2', /in\.json, line 2: not valid JSON/],
      ['{"a":1}', /in\.json: a JSON array of inputs is needed, and this is an object/],
    ] as const) {
      const ended = await futures([...echo, '-i', directory.write('in.json', text), '-o', output]);
      assert.equal(ended.code, 2);
      assert.match(ended.stderr, problem);
      assert.equal(readFileSync(output, 'utf8'), 'older\n');
    }
  });
});
