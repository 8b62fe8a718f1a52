/** Functions that travel by their text and capture nothing, and those that can't travel; for captures see captures.test.ts. */

import { strict as assert } from 'node:assert';
import vm from 'node:vm';
import { FunctionNotPortableError } from 'concurrent-futures';
import { pooled } from './executors.js';
import { contract } from './harness.js';

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

contract('a task sees no names of the library among its globals', { on: pooled }, async ({ executor }) => {
  // The library is minified in a worker, so its own names would be single letters.
  const names = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$'];
  const found = executor.submit(
    (all: string[]) => all.filter((name) => vm.runInThisContext(`typeof ${name}`) !== 'undefined'),
    names,
  );
  assert.deepEqual(await found, []);
});

contract('a native function without a public path is refused', { on: pooled }, async ({ executor }) => {
  const { resolve } = await new Promise<{ resolve: (value: number) => void }>((done) => {
    new Promise<number>((inner) => done({ resolve: inner }));
  });
  assert.throws(() => executor.submit(resolve, 1), FunctionNotPortableError);
});
