/** Functions that no module exports travel by their text, with what they capture. */

import { strict as assert } from 'node:assert';
import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { FunctionNotPortableError, Future, InlineExecutor } from 'concurrent-futures';
import { cases, early, setCounter, snapshots, table } from './fixtures/captures.js';
import { changing, cases as objectCases, readers } from './fixtures/objects.js';
import { contract } from './harness.js';

contract('a function takes what it captures along', async ({ executor }) => {
  for (const [what, fn, args, expected] of cases as [string, (...args: unknown[]) => unknown, unknown[], unknown][]) {
    assert.deepEqual(await executor.submit(fn, ...args), expected, what);
  }
});

contract('objects with functions, instances and bound functions are captured whole', async ({ executor }) => {
  for (const [what, fn, args, expected] of objectCases as [
    string,
    (...args: unknown[]) => unknown,
    unknown[],
    unknown,
  ][]) {
    assert.deepEqual(await executor.submit(fn, ...args), expected, what);
  }
});

contract('an instance and an object of functions are as they were at the call to submit', async ({ executor }) => {
  const before = executor.submit(readers.x);
  changing.point.x = 30;
  const after = executor.submit(readers.x);
  changing.point.x = 3;
  assert.deepEqual([await before, await after], [3, 30]);
  const { double } = changing.operations;
  const doubled = executor.submit(readers.double);
  changing.operations.double = (n: number) => n * 200;
  const changed = executor.submit(readers.double);
  changing.operations.double = double;
  assert.deepEqual([await doubled, await changed], [4, 400]);
});

contract(
  'what is put on a captured function or its prototype later is there in the next submit',
  async ({ executor }) => {
    const helper: { (): unknown; extra?: number } = () => helper.extra ?? 'none';
    const call = (): unknown => helper();
    const before = executor.submit(call);
    helper.extra = 5;
    assert.deepEqual([await before, await executor.submit(call)], ['none', 5]);
    const { Old, twice } = readers;
    const original = Old.prototype.twice;
    const first = executor.submit(twice);
    Old.prototype.twice = function () {
      return this.n * 20;
    };
    const second = executor.submit(twice);
    Old.prototype.twice = original;
    assert.deepEqual([await first, await second], [6, 60]);
  },
);

contract('a constant that is not declared yet is undefined, and itself in the next submit', async ({ executor }) => {
  const [before, after] = early((fn: () => string) => executor.submit(fn));
  assert.deepEqual([await before, await after], ['undefined', 'number']);
});

contract('an instance whose class has a tag of its own is taken without a look at it', async ({ executor }) => {
  class Tagged {
    a = 1;
    get [Symbol.toStringTag](): string {
      throw new Error('looked at');
    }
  }
  const tagged = new Tagged();
  assert.equal(await executor.submit(() => tagged.a), 1);
});

contract('closures of a loop over one large object each see their own element', async ({ executor }) => {
  const big = Array.from({ length: 20_000 }, (_, i) => ({ i }));
  const futures = Array.from({ length: 20 }, (_, i) => executor.submit(() => big[i * 1_000]?.i));
  assert.deepEqual(
    await Promise.all(futures),
    Array.from({ length: 20 }, (_, i) => i * 1_000),
  );
});

contract(
  'what is left behind of a function says why when it is looked at, and not before',
  async ({ executor, kind }) => {
    const helper = Object.assign((n: number) => n + 1, { pending: Promise.resolve(1) });
    assert.equal(await executor.submit(() => helper(1)), 2);
    if (kind.name === 'inline') return;
    await assert.rejects(
      executor.submit(() => helper.pending.then((n: number) => n)),
      { name: 'FunctionNotPortableError', message: /helper\.pending/ },
    );
  },
);

contract(
  'a variable with the name of something that is required elsewhere in the file is itself',
  async ({ executor }) => {
    const { sameNames } = createRequire(import.meta.url)('./fixtures/same-names.cjs') as {
      sameNames: [string, () => unknown, unknown][];
    };
    for (const [what, fn, expected] of sameNames) assert.deepEqual(await executor.submit(fn), expected, what);
  },
);

contract('what a function captures is as it was at the call to submit', async ({ executor }) => {
  const before = executor.submit(snapshots.readCounter);
  setCounter(99);
  const after = executor.submit(snapshots.readCounter);
  setCounter(10);
  assert.deepEqual([await before, await after], [10, 99]);
  const three = executor.submit(snapshots.readRows);
  table.rows.push(4);
  const four = executor.submit(snapshots.readRows);
  table.rows.pop();
  assert.deepEqual([await three, await four], [3, 4]);
});

contract('what a task assigns stays in its worker, and no other task sees it', async ({ executor }) => {
  assert.equal(await executor.submit(snapshots.countUp), 11);
  assert.equal(await executor.submit(snapshots.countUp), 11);
  assert.equal(await executor.submit(snapshots.readCounter), 10);
});

contract('closures of a loop each have their own value, in submit and in map', async ({ executor }) => {
  const futures = [1, 2, 3].map((n) => executor.submit(() => n * n));
  assert.deepEqual(await Promise.all(futures), [1, 4, 9]);
  const offset = 100;
  assert.deepEqual(await executor.map((n: number) => n + offset, [1, 2, 3]).toArray(), [101, 102, 103]);
});

contract('a variable may have any name, and a worker is not filled by the closures of a loop', async ({ executor }) => {
  const [v, o, k, make, bind, load, arguments_, f, n] = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const sum = executor.submit(() => v + o + k + make + bind + load + arguments_ + f + n);
  assert.equal(await sum, 45);
  for (let i = 0; i < 600; i++) {
    const row = [i];
    assert.equal(await executor.submit(() => row[0]), i);
  }
  assert.equal(await executor.submit(() => v), 1);
});

contract('a captured error class comes back as itself', async ({ executor }) => {
  class LocalError extends Error {
    detail = 7;
  }
  const error = await executor
    .submit(() => {
      throw new LocalError('local');
    })
    .exception();
  assert.ok(error instanceof LocalError);
  assert.equal(error.detail, 7);
});

const refused: Record<string, () => { value: unknown; close?: () => void }> = {
  Socket: () => ({ value: new Socket() }),
  Server: () => ({ value: createServer() }),
  Readable: () => ({ value: Readable.from([]) }),
  Promise: () => ({ value: Promise.resolve(1) }),
  WeakMap: () => ({ value: new WeakMap() }),
  InlineExecutor: () => ({ value: new InlineExecutor() }),
  Future: () => ({ value: Future.withResolvers().future }),
  'private members': () => ({
    value: new (class Thing {
      #secret = 1;
      reveal(): number {
        return this.#secret;
      }
    })(),
  }),
  EventEmitter: () => ({ value: new EventEmitter() }),
  'precious.deep.list.1': () => ({ value: { deep: { list: [1, Promise.resolve()] } } }),
  proxy: () => ({ value: new Proxy({}, {}) }),
  Generator: () => ({
    value: (function* () {
      yield 1;
    })(),
  }),
};

contract('what can not travel is refused at submit, by name and type, with a way out', async ({ executor }) => {
  for (const [type, make] of Object.entries(refused)) {
    const { value: precious } = make();
    assert.throws(
      () => executor.submit(() => typeof precious),
      (error) => {
        assert.ok(error instanceof FunctionNotPortableError, type);
        assert.equal(error.variable, 'precious');
        assert.ok(error.message.includes(type), error.message);
        assert.match(error.message, /; (make it inside|pass it|await it first)/);
        return true;
      },
    );
  }
  assert.equal(await executor.submit(() => 1), 1, 'the executor is usable afterwards');
});

contract('a value that a function could reach but does not use is no obstacle', async ({ executor }) => {
  const socket = new Socket();
  const answer = 42;
  assert.equal(await executor.submit(() => answer), 42);
  socket.destroy();
});

contract(
  'a variable that functions assign and share is refused, since each would have its own',
  async ({ executor }) => {
    let shared = 0;
    const add = (): void => {
      shared += 1;
    };
    assert.throws(
      () =>
        executor.submit(() => {
          add();
          return shared;
        }),
      { name: 'FunctionNotPortableError', variable: 'shared' },
    );
    assert.equal(shared, 0);
    const count = 10;
    const helper = (): number => count;
    {
      let count = 0;
      const counted = executor.submit(() => {
        count += 1;
        return [count, helper()];
      });
      assert.deepEqual(await counted, [1, 10], 'another variable of that name is no obstacle');
    }
  },
);
