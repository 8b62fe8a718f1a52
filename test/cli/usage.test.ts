import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from './bounded-test.js';
import { executors, futures, temporaryDirectory } from './command.js';

/** Arguments, and what the message must say. */
const misuses: readonly (readonly [args: string, message: RegExp])[] = [
  ['mpa ./tasks.mjs#square 1', /unknown command 'mpa'\n\(Did you mean map\?\)/],
  ['map ./tasks.mjs#square 1 --exector thread', /unknown option '--exector'\n\(Did you mean --executor\?\)/],
  ['map', /missing required argument/],
  ['map ./tasks.mjs#square', /there are no inputs: .*--input FILE.*--input -/],
  ['map ./tasks.mjs#square 1 --executor cluster', /Allowed choices are thread, process, inline/],
  [
    'map ./tasks.mjs#square 1 --max-workers 0',
    /'--?w?.*--max-workers <n>' argument '0' is invalid.*whole number from 1/,
  ],
  ['map ./tasks.mjs#square 1 --max-workers=-2', /argument '-2' is invalid/],
  ['map ./tasks.mjs#square 1 --max-workers 1.5', /argument '1\.5' is invalid/],
  ['map ./tasks.mjs#square 1 --max-workers many', /argument 'many' is invalid/],
  ['map ./tasks.mjs#square 1 --retries=-1', /argument '-1' is invalid.*0 or more/],
  ['map ./tasks.mjs#square 1 --timeout 3x', /argument '3x' is invalid.*250ms, 30s, 3m or 1h/],
  ['map ./tasks.mjs#square 1 --timeout 0', /argument '0' is invalid/],
  ['map ./tasks.mjs#square --input in.txt --input-format xml', /Allowed choices are lines, json, jsonl, csv, tsv/],
  ['map ./tasks.mjs#square 1 --max-workers 0%', /argument '0%' is invalid.*percentage of the cores like 50%, or auto/],
  ['map ./tasks.mjs#square 1 --limit=-1', /'-n, --limit <n>' argument '-1' is invalid.*0 or more/],
  ['map ./tasks.mjs#square 1 --total-timeout 0', /'-T, --total-timeout <duration>' argument '0' is invalid/],
  ['map ./tasks.mjs#square 1 --grace never', /'-g, --grace <duration>' argument 'never' is invalid/],
  [
    'map ./tasks.mjs#square 1 --max-failures 0%',
    /argument '0%' is invalid.*whole number or a percentage, like 10 or 5%/,
  ],
  ['map ./tasks.mjs#square 1 --max-failures some', /argument 'some' is invalid/],
  ['map ./tasks.mjs#square 1 --max-failures 2 --fail-fast', /--fail-fast stops at the first failure.*give one of them/],
  ['map ./tasks.mjs#square 1 --backoff 1s', /--backoff is the wait before a retry.*add --retries N/],
  ['map ./tasks.mjs#square 1 --backoff 1s --retries 0', /add --retries N/],
  ['map ./tasks.mjs#square 1 --max-memory 12x', /argument '12x' is invalid.*like 512M or 2G/],
  ['map ./tasks.mjs#square 1 --max-memory 0', /argument '0' is invalid/],
  [
    'map ./tasks.mjs#square 1 --max-memory 1G --executor inline',
    /--max-memory is about workers, and --executor inline/,
  ],
  ['map ./tasks.mjs#square 1 --max-tasks-per-worker 0', /argument '0' is invalid.*1 or more/],
  ['map ./tasks.mjs#square 1 --max-tasks-per-worker 2 -e inline', /--max-tasks-per-worker is about workers/],
  ['map ./tasks.mjs#square 1 --order random', /Allowed choices are completion, input/],
  ['map ./tasks.mjs#square 1 --progress bar', /Allowed choices are auto, live, plain, json, none/],
  ['map ./tasks.mjs#square 1 --init ./tasks.mjs#nope', /\.\/tasks\.mjs has no export "nope"/],
  ['map ./tasks.mjs#square 1 --init ./tasks.mjs#answer', /the export "answer" of \.\/tasks\.mjs is not a function/],
  ['map ./tasks.mjs#square 1 --init ./nowhere.mjs', /there is no module \.\/nowhere\.mjs/],
  ['map ./tasks.mjs#square --glob *.mjs --input x', /inputs come from one place, not from --input and from --glob/],
  ['map ./tasks.mjs#square 1 --glob', /'--glob <pattern\.\.\.>' argument missing/],
  ['map ./tasks.mjs#square --glob *.xyz', /no file matches --glob '\*\.xyz'/],
  ['map ./tasks.mjs#square --glob *.mjs -f csv', /--input-format says what --input holds, and there is no --input/],
  [
    'map --glob *.mjs ./tasks.mjs#square',
    /missing required argument.*\n.*\n\(what follows --glob is taken for patterns/,
  ],
  ['resume', /missing required argument 'journal'/],
  ['resume no.journal', /can't read the journal no\.journal: no such file/],
  ['resume tasks.mjs', /tasks\.mjs, line 1: this is not a line of a journal/],
  ['doctor now', /too many arguments for 'doctor'/],
  ['completion', /missing required argument 'shell'/],
  ['--verison', /unknown option '--verison'\n\(Did you mean --version\?\)/],
  ['map ./tasks.mjs#square 1 --input-format csv', /there is no --input/],
  ['map ./tasks.mjs#square 1 --input in.txt', /inputs come from one place, not after the module and from --input/],
  ['map ./tasks.mjs#square --input missing.txt', /can't read the inputs in missing\.txt: no such file/],
  ['map ./tasks.mjs#square --input .', /can't read the inputs in \.: it is a directory/],
  [
    'map ./tasks.mjs#square 1 --output no/such/out.jsonl',
    /can't write --output no\/such\/out\.jsonl: its directory does not exist/,
  ],
  ['map ./tasks.mjs#square 1 --output .', /can't write --output \.: it is a directory/],
  ['map ./taks.mjs#square 1', /there is no module \.\/taks\.mjs \(did you mean "tasks\.mjs"\?\)/],
  ['map ./tasks#square 1', /there is no module \.\/tasks \(did you mean "tasks\.mjs"\?\)/],
  ['map . 1', /\. is a directory/],
  ['map file:///no/such.mjs 1', /there is no module file:\/\/\/no\/such\.mjs/],
  ['map https://example.org/x.mjs 1', /loaded from this computer only/],
  ['map no-such-package#x 1', /there is no file no-such-package, and no package of that name is installed here/],
  ['map ./tasks.mjs#sqare 1', /has no export "sqare"; its functions are .*square.*; did you mean "square"\?/],
  ['map ./tasks.mjs# 1', /names no export/],
  ['map ./tasks.mjs#answer 1', /the export "answer" of \.\/tasks\.mjs is not a function; its functions are add, /],
  ['map ./tasks.mjs#NotAFunction 1', /the export "NotAFunction" .* is a class/],
  [
    'map ./tasks.mjs 1',
    /no default export and more than one function: name one, for example \.\/tasks\.mjs#\w+ \(it exports /,
  ],
  ['map ./no-function.mjs 1', /exports no function/],
  ['map ./no-function.mjs#x 1', /has no export "x"; it exports no function/],
  ['map ./throws.mjs 1', /can't load \.\/throws\.mjs: Error: the database is not there/],
  ['map ./exits-on-load.mjs 1', /can't load \.\/exits-on-load\.mjs: .*exit code 7/],
];

describe('a mistake on the command line', () => {
  for (const [args, message] of misuses) {
    it(`is told in one message, with exit code 2: futures ${args}`, async () => {
      const { code, stdout, stderr } = await futures(args.split(' '));
      assert.match(stderr, message);
      assert.match(stderr, /^error: /);
      assert.doesNotMatch(stderr, /\n +at /);
      assert.ok(stderr.trimEnd().split('\n').length <= 3, stderr);
      assert.equal(stdout, '');
      assert.equal(code, 2);
    });
  }

  it('can be in the module: a syntax error is told with its line', async () => {
    using directory = temporaryDirectory();
    directory.write('broken.mjs', '\nexport const a = (;\n');
    const { code, stderr } = await futures(['map', './broken.mjs', '1'], { cwd: directory.path });
    assert.equal(code, 2);
    assert.match(stderr, /^error: can't load \.\/broken\.mjs: SyntaxError: .*broken\.mjs:2\)\n$/);
  });

  it('leaves an output file of an earlier run as it is', async () => {
    using directory = temporaryDirectory();
    const output = directory.write('out.jsonl', 'older\n');
    const missing = join(directory.path, 'missing.txt');
    for (const args of [
      ['./tasks.mjs#sqare', '1'],
      ['./taks.mjs', '1'],
      ['./tasks.mjs#square', '-i', missing],
    ]) {
      assert.equal((await futures(['map', ...args, '-o', output])).code, 2);
      assert.equal(readFileSync(output, 'utf8'), 'older\n');
    }
  });

  it('can not make the output overwrite the input', async () => {
    using directory = temporaryDirectory();
    const input = directory.write('in.txt', '1\n2\n');
    const { code, stderr } = await futures(['map', './tasks.mjs#square', '-i', input, '-o', input]);
    assert.equal(code, 2);
    assert.match(stderr, /is the file that the inputs are read from/);
    assert.equal(readFileSync(input, 'utf8'), '1\n2\n');
  });
});

describe('futures', () => {
  it('prints its help, with examples, and its version', async () => {
    const help = await futures(['map', '--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /--max-workers <n>[\s\S]*Examples:\n {2}futures map /);
    const version = await futures(['--version']);
    assert.equal(version.code, 0);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  });

  it('has a help that fits a screen of 80 by 24, with an example of each command', async () => {
    const { code, stdout } = await futures(['--help']);
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split('\n');
    // One is the command line's own, one the prompt's that follows.
    assert.ok(lines.length <= 22, `${lines.length} lines`);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map((match) => match[1] as string);
    assert.ok(commands.length >= 4, stdout);
    for (const command of commands) {
      if (command === 'help') continue;
      assert.match(stdout, new RegExp(`Examples:[\\s\\S]*futures ${command}`));
      const own = await futures(['help', command]);
      assert.equal(own.code, 0);
      assert.match(own.stdout, new RegExp(`Examples:\\n[\\s\\S]*futures ${command}`));
      lines.push(...own.stdout.split('\n'));
    }
    assert.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
    );
  });

  for (const executor of executors) {
    it(`says that it was --init that failed, and starts no task: ${executor}`, async () => {
      using directory = temporaryDirectory();
      const init = directory.write('init.mjs', "export const open = () => { throw new TypeError('no database'); };\n");
      const ended = await futures([
        'map',
        './tasks.mjs#square',
        '1',
        '2',
        '3',
        '-e',
        executor,
        '--init',
        `${init}#open`,
      ]);
      assert.equal(ended.code, 1);
      assert.equal(ended.stdout, '');
      assert.match(ended.stderr, /error: (.* InitError: )?--init \S+init\.mjs#open failed: TypeError: no database\n$/);
    });
  }

  it('says what a worker calls first, where it ends in that', async () => {
    const ended = await futures(['map', './tasks.mjs#square', '1', '--init', './tasks.mjs#exits']);
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /error: .*exited with code 3.* \(which calls --init \.\/tasks\.mjs#exits first\)\n$/);
  });

  it('prints its help to standard error, with exit code 2, when no command is given', async () => {
    const { code, stderr } = await futures([]);
    assert.equal(code, 2);
    assert.match(stderr, /Usage: futures/);
  });

  it('writes no control characters where standard error is no terminal', async () => {
    const { stderr } = await futures(['map', './tasks.mjs#square', '1', 'x'], { env: { FORCE_COLOR: '' } });
    assert.ok(!stderr.includes('\u001b'), stderr);
  });
});
