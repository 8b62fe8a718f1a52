/** Every test that docs/reliability.md names is there, in the file that it names. */

import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

test('each promise in docs/reliability.md has its test', () => {
  const text = readFileSync(`${root}docs/reliability.md`, 'utf8');
  const named = [...text.matchAll(/_([^_]+)_ \(([a-z-]+\/[a-z-]+)\)/g)];
  assert.ok(named.length > 20);
  for (const [, title, file] of named) {
    const source = readFileSync(`${root}test/${file}.test.ts`, 'utf8');
    assert.ok(source.includes(title as string), `test/${file}.test.ts has no test "${title}"`);
  }
});
