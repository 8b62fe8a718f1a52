/**
 * The code in the documents runs and prints what the documents say.
 *
 * A fenced block marked `ts run` or `js run` is a program; the `text` block right after it, if there is one, is exactly what
 * it prints. A block marked `file=NAME` is written next to the programs that follow it in the same document.
 */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { root, runTypeScript } from './run-program.js';

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
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }\n');
  return directory;
}

for (const document of ['README.md', 'docs/guide.md']) {
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
