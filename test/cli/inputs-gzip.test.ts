import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, it } from './bounded-test.js';
import { futures, outcomes, start, temporaryDirectory } from './command.js';

const echo = ['map', './tasks.mjs#echo'];

describe('gzipped inputs', () => {
  const files = [
    ['in.txt.gz', 'one\ntwo\n', ['one', 'two']],
    ['in.json.gz', '[1, {"a": 2}]', [1, { a: 2 }]],
    ['in.jsonl.GZ', '1\n{"a":2}\n', [1, { a: 2 }]],
    ['in.csv.gz', 'a,b\n1,2\n', [{ a: '1', b: '2' }]],
    ['in.tsv.gz', 'a\tb\n1\t2\n', [{ a: '1', b: '2' }]],
    ['in.gz', 'one\n', ['one']],
  ] as const;
  for (const [name, text, values] of files) {
    it(`are what the name before .gz says: ${name}`, async () => {
      using directory = temporaryDirectory();
      const path = join(directory.path, name);
      writeFileSync(path, gzipSync(text));
      const ended = await futures([...echo, '-i', path]);
      assert.equal(ended.code, 0, ended.stderr);
      assert.deepEqual(outcomes(ended.lines), values);
    });
  }

  it('are known by their first bytes, on standard input and under any name, also in several members', async () => {
    using directory = temporaryDirectory();
    const bytes = Buffer.concat([gzipSync('one\ntw'), gzipSync('o\n')]);
    const path = join(directory.path, 'in.txt');
    writeFileSync(path, bytes);
    assert.deepEqual(outcomes((await futures([...echo, '-i', path])).lines), ['one', 'two']);
    const piped = start([...echo, '-i', '-']);
    // Byte by byte, so that the first ones come alone.
    for (const byte of bytes) piped.child.stdin?.write(Buffer.from([byte]));
    piped.child.stdin?.end();
    assert.deepEqual(outcomes((await piped.ended).lines), ['one', 'two']);
  });

  it('may be shorter than the bytes that tell an archive, where they are none', async () => {
    assert.deepEqual(outcomes((await futures([...echo, '-i', '-'], { stdin: 'x' })).lines), ['x']);
  });

  it('that are cut off end the reading after what could be unpacked, with the place', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'in.txt.gz');
    // What comes after does not compress, so that the first lines can be unpacked from the first half.
    const whole = gzipSync(`one\ntwo\n${randomText(50_000)}`);
    writeFileSync(path, whole.subarray(0, 25_000));
    const ended = await futures([...echo, '-i', path]);
    assert.equal(ended.code, 2);
    assert.ok(
      ended.stderr.includes(`error: ${path}, line 3: the gzip archive is cut off at byte 25000 `),
      ended.stderr,
    );
    assert.deepEqual(outcomes(ended.lines), ['one', 'two']);
  });

  it('that are corrupt end the reading, with the place', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'in.csv.gz');
    const bytes = gzipSync(`a,b\n1,2\n${randomText(50_000)}`);
    bytes.fill(0xff, 30_000, 30_100);
    writeFileSync(path, bytes);
    const ended = await futures([...echo, '-i', path]);
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /error: \S+in\.csv\.gz, line 3: the gzip archive is corrupt \(\w[\w -]+\) at byte \d+ /);
    assert.deepEqual(outcomes(ended.lines), [{ a: '1', b: '2' }]);
  });

  it('are refused where only the name says so', async () => {
    using directory = temporaryDirectory();
    for (const [text, problem] of [
      ['one\ntwo\n', 'this is not a gzip archive, as its name says'],
      ['', 'the file is empty, which no gzip archive is'],
    ] as const) {
      const path = directory.write('in.txt.gz', text);
      const { code, stderr, stdout } = await futures([...echo, '-i', path]);
      assert.equal(code, 2);
      assert.ok(stderr.includes(`error: ${path}: ${problem}`), stderr);
      assert.equal(stdout, '');
    }
  });
});

/** The same each time. */
function randomText(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return String.fromCharCode(97 + (state % 26));
  }).join('');
}
