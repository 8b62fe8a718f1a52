/**
 * What of a function can't travel yet. Captured variables come in a later version: the two tests that say that they
 * are refused are to be turned around then.
 */

import { strict as assert } from 'node:assert';
import { FunctionNotPortableError } from 'concurrent-futures';
import { pooled } from './executors.js';
import { pow } from './fixtures/tasks.js';
import { contract } from './harness.js';

const outside = 42;

contract('a function that captures a variable is refused at submit, which names it', { on: pooled }, async (scene) => {
  const { executor } = scene;
  const captured = Date.now();
  assert.throws(
    () => executor.submit(() => captured + 1),
    (error) => {
      assert.ok(error instanceof FunctionNotPortableError);
      assert.equal(error.code, 'FUNCTION_NOT_PORTABLE');
      assert.match(error.message, /captured/);
      return true;
    },
  );
  assert.equal(await executor.submit(pow, 2, 8), 256, 'the executor is usable afterwards');
});

contract('a function that uses a variable of its module is refused at submit', { on: pooled }, async ({ executor }) => {
  assert.throws(() => executor.submit(() => outside), FunctionNotPortableError);
});

contract('a function may use globals, its parameters and its own variables', async ({ executor }) => {
  const area = executor.submit((radius: number) => {
    const squared = radius ** 2;
    return Math.round(Math.PI * squared);
  }, 2);
  assert.equal(await area, 13);
});

contract('a function may be asynchronous, a method, or take any kind of parameters', async ({ executor }) => {
  assert.equal(await executor.submit(async ({ a }: { a: number }, [b = 5]: number[]) => a + b, { a: 1 }, []), 6);
  assert.equal(
    await executor.submit(
      function named(...all: number[]) {
        return all.length;
      },
      1,
      2,
      3,
    ),
    3,
  );
  const holder = {
    method(value: number): number {
      return value + 1;
    },
  };
  assert.equal(await executor.submit(holder.method, 1), 2);
});

contract('a native function without a public path is refused', { on: pooled }, async ({ executor }) => {
  const { resolve } = await new Promise<{ resolve: (value: number) => void }>((done) => {
    new Promise<number>((inner) => done({ resolve: inner }));
  });
  assert.throws(() => executor.submit(resolve, 1), FunctionNotPortableError);
});
