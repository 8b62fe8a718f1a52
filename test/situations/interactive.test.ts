/** The same program gives the same result in the REPL, and what a user types there line by line works as well. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { programText } from './program.js';
import { check, options, printed, project, run } from './projects.js';

const prompt = '> ';

test('the program pasted into the REPL', options, async () => {
  let isPasted = false;
  const input = (output: string) => {
    if (!output.endsWith(prompt)) return {};
    if (!isPasted) {
      isPasted = true;
      return { write: programText('cjs', 'await main();\n') };
    }
    // The REPL waits for what a line awaits, so the next prompt after the result is the last one.
    return output.includes('[{"constant"') ? { write: '.exit\n', end: true } : {};
  };
  await check({ cwd: project('pasted', {}), args: ['-i'], input }, true);
});

/** What is typed, line by line, and what the REPL says to each; `undefined` where that is all the same. */
type Dialogue = readonly (readonly [line: string, answer?: string])[];

async function type(name: string, dialogue: Dialogue): Promise<void> {
  const answers: string[] = [];
  let seen = 0;
  const input = (output: string) => {
    if (!output.endsWith(prompt)) return {};
    answers.push(output.slice(seen, -prompt.length).trim());
    seen = output.length;
    const next = dialogue[answers.length - 1];
    return next === undefined ? { write: '.exit\n', end: true } : { write: `${next[0]}\n` };
  };
  const ended = await run({ cwd: project(name, {}), args: ['-i'], input });
  assert.equal(ended.status, 0, printed(ended));
  // The first of them is the greeting.
  for (const [i, [line, answer]] of dialogue.entries()) {
    if (answer !== undefined) assert.equal(answers[i + 1], answer, line);
  }
}

for (const Pool of ['ThreadPoolExecutor', 'ProcessPoolExecutor']) {
  test(`lines typed one by one into the REPL, for a ${Pool}`, options, () =>
    type(Pool, [
      [`const { ${Pool} } = require('concurrent-futures')`],
      ["const { createHash } = require('node:crypto')"],
      [`const executor = new ${Pool}({ maxWorkers: 1 })`],
      ['const factor = 3'],
      ['let counter = 10'],
      ['var loose = { a: 1 }'],
      ['function triple(n) { return n * factor; }'],
      ['class Secret { #value = 7; get value() { return this.#value; } }'],
      ['class OwnError extends Error {}'],
      ['await executor.submit(triple, 2)', '6'],
      ['await executor.submit(() => triple(counter))', '30'],
      ['await executor.submit(() => loose.a)', '1'],
      ['await executor.submit(() => new Secret().value)', '7'],
      ["await executor.submit((text) => createHash('md5').update(text).digest('hex').slice(0, 6), 'a')", "'0cc175'"],
      ["const { basename } = await import('node:path')"],
      ["await executor.submit(() => basename('x/y'))", "'y'"],
      ['const kept = await executor.submit(() => factor + 1)'],
      ['await executor.map((n) => n + kept, [1, 2]).toArray()', '[ 5, 6 ]'],
      ['executor.submit(triple, 3)', '<Future "triple" state=pending>'],
      ['await _', '9'],
      ["const error = await executor.submit(() => { throw new OwnError('own'); }).exception()"],
      ['error instanceof OwnError', 'true'],
      ['await executor.shutdown()', '{ unfinished: [] }'],
    ]),
  );

  test(`what the REPL redefines on a later line counts, for a ${Pool}`, options, () =>
    type(`redefined-${Pool}`, [
      [`const { ${Pool} } = require('concurrent-futures')`],
      [`const executor = new ${Pool}({ maxWorkers: 1 })`],
      ['let counter = 1'],
      ['function step() { return 1; }'],
      ['const next = () => counter + step()'],
      ['await executor.submit(next)', '2'],
      ['counter = 10'],
      ['await executor.submit(next)', '11'],
      ['function step() { return 2; }'],
      ['await executor.submit(next)', '12'],
      ['await executor.shutdown()'],
    ]),
  );

  test(`a module that the REPL loaded on an earlier line travels, for a ${Pool}`, options, () =>
    type(`module-${Pool}`, [
      [`const { ${Pool} } = require('concurrent-futures')`],
      [`const executor = new ${Pool}({ maxWorkers: 1 })`],
      ["const required = require('node:path')"],
      ["await executor.submit(() => required.basename('x/y'))", "'y'"],
      ["const imported = await import('node:path')"],
      ["await executor.submit(() => imported.basename('x/y'))", "'y'"],
      ['await executor.shutdown()'],
    ]),
  );
}
