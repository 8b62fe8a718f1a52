import assert from 'node:assert/strict';
import { describe, it } from './bounded-test.js';
import { futures } from './command.js';

// In a file of its own, since it waits for half a minute.
describe('a module that never finishes loading', () => {
  it('is given up with a message and exit code 2', async () => {
    const { code, stderr } = await futures(['map', './never-loads.mjs', '1']);
    assert.equal(code, 2);
    assert.equal(stderr, "error: can't load ./never-loads.mjs: it is still loading after 30 s\n");
  });
});
