/**
 * The code in the documents runs and prints what the documents say.
 *
 * A fenced block marked `ts run` or `js run` is a program; the `text` block right after it, if there is one, is exactly what
 * it prints. A block marked `file=NAME` is written next to the programs that follow it in the same document. In a block
 * marked `console run`, the lines after each `$ futures …` are its standard output.
 */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { root, run, runFutures, runTypeScript } from './run-program.js';

interface Block {
  readonly info: string;
  readonly code: string;
  readonly line: number;
  /** What follows: the `text` block that says what a program prints. */
  readonly prints: string | undefined;
}

function blocksOf(document: string): Block[] {
  const text = readFileSync(`${root}${document}`, 'utf8');
  return [...text.matchAll(/^```([^\n]*)\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?/gms)].map((match) => ({
    info: match[1] as string,
    code: match[2] as string,
    prints: match[3],
    line: text.slice(0, match.index).split('\n').length,
  }));
}

/** A user's project, with this package installed. */
function makeProject(): string {
  const directory = mkdtempSync(join(tmpdir(), 'docs-'));
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(root, join(directory, 'node_modules', 'concurrent-futures'));
  const bin = join(directory, 'node_modules', '.bin');
  mkdirSync(bin);
  symlinkSync(`${root}dist/cli/main.js`, join(bin, 'futures'));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }\n');
  return directory;
}

for (const document of ['README.md', 'docs/guide.md', 'docs/functions.md']) {
  describe(`the code in ${document}`, { timeout: 300_000 }, () => {
    const project = makeProject();
    after(() => rmSync(project, { recursive: true }));
    const blocks = blocksOf(document);

    it('has programs in it', () => {
      assert.ok(blocks.some(({ info }) => / run\b/.test(info)));
    });

    for (const { info, code, line, prints } of blocks) {
      const file = /\bfile=(\S+)/.exec(info)?.[1];
      if (file !== undefined) writeFileSync(join(project, file), code);
      if (!/ run\b/.test(info)) continue;
      it(`runs, and prints what it says it does (line ${line})`, async () => {
        const program = join(project, `line-${line}.${info.startsWith('ts') ? 'ts' : 'js'}`);
        writeFileSync(program, code);
        const ended = await runTypeScript([program], {}, project);
        assert.equal(ended.code, 0, ended.stderr);
        assert.equal(ended.stderr, '');
        if (prints !== undefined) assert.equal(ended.stdout, prints);
      });
    }
  });
}

describe('docs/command.md', { timeout: 120_000 }, () => {
  const project = makeProject();
  after(() => rmSync(project, { recursive: true }));
  const path = `${join(project, 'node_modules', '.bin')}:${process.env['PATH']}`;

  for (const { info, code, line } of blocksOf('docs/command.md')) {
    const file = /\bfile=(\S+)/.exec(info)?.[1];
    if (file !== undefined) writeFileSync(join(project, file), code);
    if (info !== 'console run') continue;
    for (const [, command, printed] of code.matchAll(/^\$ (.*)\n((?:(?!\$ ).*\n)*)/gm)) {
      it(`shows what the command prints (line ${line}): ${command}`, async () => {
        const ended = await run('sh', ['-c', command as string], { PATH: path }, project);
        assert.equal(ended.code, 0, ended.stderr);
        assert.equal(withoutTimes(ended.stdout), withoutTimes(printed as string));
      });
    }
  }

  for (const command of ['map', 'resume', 'report', 'worker', 'top', 'doctor']) {
    it(`has every option of futures ${command}`, async () => {
      const { stdout } = await runFutures([command, '--help']);
      const options = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, option]) => option as string);
      assert.ok(options.length > 1);
      const document = readFileSync(`${root}docs/command.md`, 'utf8');
      assert.deepEqual(
        options.filter((option) => option !== '--help' && !document.includes(`\`${option}`)),
        [],
      );
    });
  }

  it('has no option that the help has not', async () => {
    const helps = await Promise.all(
      ['map', 'resume', 'report', 'worker', 'top', 'doctor'].map((command) => runFutures([command, '--help'])),
    );
    const help = helps.map(({ stdout }) => stdout).join('');
    const document = readFileSync(`${root}docs/command.md`, 'utf8');
    const options = [...document.matchAll(/^\| (?:`-\w`, )?`(--[a-z-]+)/gm)].map(([, option]) => option as string);
    assert.deepEqual(
      options.filter((option) => !help.includes(option)),
      [],
    );
  });
});

describe('the documents', () => {
  for (const document of [
    'README.md',
    'CONTRIBUTING.md',
    'docs/guide.md',
    'docs/functions.md',
    'docs/command.md',
    'deploy/README.md',
  ]) {
    it(`link to files that exist (${document})`, () => {
      const links = [...readFileSync(`${root}${document}`, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)];
      const missing = links
        .map((match) => match[1] as string)
        .filter((link) => !existsSync(join(root, document, '..', link)));
      assert.deepEqual(missing, []);
    });
  }
});

function withoutTimes(text: string): string {
  return text.replaceAll(/"ms":[\d.]+/g, '"ms":0');
}
