/** What arguments and results may be, and what happens to those that can't be copied. */

import { strict as assert } from 'node:assert';
import { createServer } from 'node:net';
import { type Future, NotSerializableError } from 'concurrent-futures';
import { pooled, threads } from './executors.js';
import { resultThatThrows, resultWithFunction } from './fixtures/faults.js';
import { byteLength, identity, pow, zeros } from './fixtures/tasks.js';
import { contract } from './harness.js';

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;
const shared = { rows: [1] };

const copied: Record<string, unknown> = {
  undefined: undefined,
  null: null,
  'not a number': Number.NaN,
  'minus zero': -0,
  infinity: Number.POSITIVE_INFINITY,
  'a large integer': 2n ** 80n,
  'an empty text': '',
  'text beyond ASCII': 'naïve 文字 🙂 \u0000 end',
  'a lone surrogate': '\ud800',
  'a long text': 'x'.repeat(1_000_000),
  'a sparse array': Object.assign([1], { 2: 3 }),
  'a nested object': { a: { b: [{ c: undefined }] } },
  'a map': new Map<unknown, unknown>([[{ key: 1 }, new Map([['in', new Set([1, 2])]])]]),
  'a date': new Date(0),
  'a regular expression': /a(?<b>c)/giu,
  bytes: new Uint8Array([1, 2, 3]),
  floats: new Float64Array([1.5, Number.NaN]),
  'an array buffer': new Uint8Array([1, 2, 3]).buffer,
  'a data view': new DataView(new Uint8Array([1, 2, 3]).buffer, 1),
  'a cycle': cyclic,
  sharing: [shared, shared],
  'an object with the key __proto__': JSON.parse('{"__proto__":1,"constructor":2,"then":3}'),
};

for (const [name, value] of Object.entries(copied)) {
  contract(`${name} arrives and comes back equal`, { options: { maxWorkers: 1 } }, async ({ executor }) => {
    assert.deepStrictEqual(await executor.submit(identity, value), value);
  });
}

contract('sharing inside a value is kept', async ({ executor }) => {
  const [first, second] = await executor.submit(identity, [shared, shared]);
  assert.equal(first, second);
});

contract('a result with a property named then is a value, not a promise', async ({ executor }) => {
  const value: unknown = JSON.parse('{"then":42}');
  assert.deepEqual(await executor.submit(identity, value), value);
});

contract('memory that is shared stays shared', { on: threads }, async ({ executor }) => {
  const words = new Int32Array(new SharedArrayBuffer(8));
  const same = await executor.submit(identity, words);
  Atomics.store(words, 0, 7);
  assert.equal(Atomics.load(same, 0), 7);
});

contract('megabytes go both ways', { on: pooled }, async ({ executor }) => {
  const size = 16 * 1024 * 1024;
  assert.equal(await executor.submit(byteLength, new Uint8Array(size)), size);
  assert.equal((await executor.submit(zeros, size)).byteLength, size);
});

async function checkRefused(future: Future<unknown>, path: string, what?: RegExp): Promise<void> {
  const error = await future.exception();
  assert.ok(error instanceof NotSerializableError, String(error));
  assert.equal(error.code, 'NOT_SERIALIZABLE');
  assert.equal(error.path, path);
  assert.ok(error.message.includes(path), error.message);
  if (what !== undefined) assert.match(error.message, what);
}

contract('an argument that cannot be copied fails its future, with the path to it', async ({ executor }) => {
  const submit = (...args: unknown[]): Future<unknown> => executor.submit(identity, ...(args as [unknown]));
  await checkRefused(submit({ onDone: () => {} }), 'args[0].onDone', /function/);
  await checkRefused(submit(Symbol('no')), 'args[0]', /symbol/);
  await checkRefused(submit(1, [0, { deep: [new WeakMap()] }]), 'args[1][1].deep[0]', /WeakMap/);
  await checkRefused(submit({ 'not a name': Promise.resolve() }), 'args[0]["not a name"]', /Promise/);
  assert.equal(await executor.submit(pow, 2, 8), 256);
});

contract('an argument whose getter throws fails its future', async ({ executor }) => {
  const hostile = {
    get total(): never {
      throw new RangeError('no total');
    },
  };
  await checkRefused(executor.submit(identity, { rows: [hostile] }), 'args[0].rows[0].total', /no total/);
  assert.equal(await executor.submit(pow, 2, 8), 256);
});

contract('a socket or a hostile proxy as an argument fails its future', async ({ executor }) => {
  const server = createServer().listen(0);
  const error = await executor.submit(identity<unknown>, { server }).exception();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(error instanceof NotSerializableError && error.path.startsWith('args[0].server'), String(error));
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  await checkRefused(executor.submit(identity, [proxy]), 'args[0][0]');
  assert.equal(await executor.submit(pow, 2, 8), 256);
});

contract('one bad argument among good tasks fails its own future alone', async ({ executor }) => {
  const futures = Array.from({ length: 100 }, (_, index) =>
    executor.submit(identity<unknown>, index === 50 ? () => {} : index),
  );
  const errors = await Promise.all(futures.map((future) => future.exception()));
  for (const [index, error] of errors.entries()) {
    assert.equal(error instanceof NotSerializableError, index === 50, `task ${index}: ${String(error)}`);
  }
});

contract(
  'what is too long to be copied says how long it is, what the limit is and what to do',
  async ({ executor }) => {
    // Memory that nobody has written to costs nothing.
    const tooLong = /an? \w+ of 4 GiB, and one of 4 GiB or more can't be copied.*smaller pieces.*file.*transfer/;
    await checkRefused(executor.submit(identity, [new ArrayBuffer(2 ** 32)]), 'args[0][0]', tooLong);
    await checkRefused(executor.submit(zeros, 2 ** 32), 'result', tooLong);
    assert.equal(await executor.submit(pow, 2, 2), 4);
  },
);

contract('a result that cannot be copied fails its future, with the path to it', async ({ executor }) => {
  await checkRefused(executor.submit(resultWithFunction), 'result.rows[0].onDone', /function/);
  assert.equal(await executor.submit(pow, 2, 8), 256);
});

contract('a result whose getter throws fails its future', async ({ executor }) => {
  await checkRefused(executor.submit(resultThatThrows), 'result.rows[0].total', /no total/);
  assert.equal(await executor.submit(pow, 2, 8), 256);
});

contract('bad results among good ones fail their own futures alone', async ({ executor }) => {
  const futures = Array.from({ length: 60 }, (_, index) =>
    index % 3 === 0 ? executor.submit(resultWithFunction) : executor.submit(pow, index, 2),
  );
  const errors = await Promise.all(futures.map((future) => future.exception()));
  assert.deepEqual(
    errors.map((error) => error instanceof NotSerializableError),
    futures.map((_, index) => index % 3 === 0),
  );
});
