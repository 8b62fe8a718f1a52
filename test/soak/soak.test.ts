/** A minute of the soak (`npm run soak` is ten), in a program of its own, whose descriptors and memory are nobody else's. */

import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const seconds = '60';

test('a minute of random work, deaths and shutdowns loses nothing, runs nothing twice and leaves nothing behind', {
  timeout: 300_000,
  skip: process.platform === 'linux' ? false : 'what is left is looked for in /proc',
}, async (t) => {
  const child = spawn(process.execPath, ['--import', 'tsx', main, '--seconds', seconds], { signal: t.signal });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  assert.equal(code, 0, said);
  t.diagnostic(said);
});
