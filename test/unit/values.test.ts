/** Where in a value the copy refuses, for values of every shape. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { NotSerializableError } from '../../src/errors.js';
import { copyByFrame } from '../../src/protocol/frames.js';
import { type Copy, notSerializable } from '../../src/protocol/values.js';

const options = { timeout: 30_000 };
const copies: Readonly<Record<string, Copy>> = { 'structured clone': structuredClone, frames: copyByFrame };

/** The error for a value, as a host makes it: after its copy has failed. */
function faultOf(value: unknown, copy: Copy, root = 'result'): NotSerializableError {
  try {
    copy(value);
  } catch (cause) {
    return notSerializable(value, root, cause, copy);
  }
  throw new assert.AssertionError({ message: 'the value was copied' });
}

const fn = (): void => {};
class Socketish {
  readonly handler = fn;
}

const table: Readonly<Record<string, { readonly make: () => unknown; readonly path: string; readonly says?: RegExp }>> =
  {
    'a function itself': { make: () => fn, path: 'result', says: /the function fn/ },
    'an anonymous function': { make: () => [() => {}][0], path: 'result', says: /a function/ },
    'a symbol': { make: () => Symbol('key'), path: 'result', says: /the symbol Symbol\(key\)/ },
    'a function in an object': { make: () => ({ onDone: fn }), path: 'result.onDone' },
    'a function in an array': { make: () => [1, { rows: [0, fn] }], path: 'result[1].rows[1]' },
    'a key that is no identifier': { make: () => ({ 'on done': { 0: fn } }), path: 'result["on done"]["0"]' },
    'a key beyond ASCII': { make: () => ({ größe: fn }), path: 'result.größe' },
    'an empty key': { make: () => ({ '': fn }), path: 'result[""]' },
    'a key with a quote': { make: () => ({ 'a"b': fn }), path: 'result["a\\"b"]' },
    'a named property of an array': { make: () => Object.assign([1], { extra: fn }), path: 'result.extra' },
    'a function in a sparse array': { make: () => Object.assign([], { 3: fn }), path: 'result[3]' },
    "a map's value": { make: () => new Map([['k', fn]]), path: 'result.get("k")' },
    "a map's value under a number": { make: () => new Map([[1, fn]]), path: 'result.get(1)' },
    "a map's value under an object": { make: () => new Map([[{}, { deep: fn }]]), path: 'result.get(…).deep' },
    "a map's key": { make: () => new Map([[{ f: fn }, 1]]), path: 'result.keys(…).f' },
    "a set's member": { make: () => new Set([{ a: 1 }, { f: fn }]), path: 'result.values(…).f' },
    'a promise': { make: () => ({ later: Promise.resolve(1) }), path: 'result.later', says: /a Promise/ },
    'an instance with a function': { make: () => ({ socket: new Socketish() }), path: 'result.socket.handler' },
    'a getter that throws': {
      make: () => ({
        get size() {
          throw new RangeError('no size');
        },
      }),
      path: 'result.size',
      says: /a getter that throws \(no size\)/,
    },
    'a getter that gives a function': {
      make: () => ({
        get callback() {
          return fn;
        },
      }),
      path: 'result.callback',
    },
    'a proxy': { make: () => ({ model: new Proxy({}, {}) }), path: 'result.model' },
    'a revoked proxy': {
      make: () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return [proxy];
      },
      path: 'result[0]',
    },
    'a proxy that refuses everything': { make: () => ({ model: new Proxy({}, hostile()) }), path: 'result.model' },
    'a function behind a cycle that comes first': {
      make: () => {
        const value: Record<string, unknown> = {};
        value['self'] = value;
        value['onDone'] = fn;
        return value;
      },
      path: 'result.onDone',
    },
    'a function in a tree whose nodes know their parents': {
      make: () => {
        const root: { name: string; children: unknown[] } = { name: 'root', children: [] };
        root.children.push({ parent: root, name: 'leaf', render: fn });
        return root;
      },
      path: 'result.children[0].render',
    },
    'a function in a part that stands in two places': {
      make: () => {
        const shared = { f: fn };
        return { a: shared, b: shared };
      },
      path: 'result.a.f',
    },
    'the first of several': { make: () => ({ ok: 1, first: fn, second: fn }), path: 'result.first' },
  };

/** A handler whose every trap throws. */
function hostile(): ProxyHandler<object> {
  const refuse = (): never => {
    throw new Error('refused');
  };
  return new Proxy({}, { get: () => refuse }) as ProxyHandler<object>;
}

for (const [kind, copy] of Object.entries(copies)) {
  for (const [what, { make, path, says }] of Object.entries(table)) {
    test(`[${kind}] ${what} is named by its path`, options, () => {
      const error = faultOf(make(), copy);
      assert.ok(error instanceof NotSerializableError);
      assert.equal(error.path, path);
      assert.ok(error.message.startsWith(`${path} `), error.message);
      if (says !== undefined) assert.match(error.message, says);
      assert.ok(error.cause !== undefined);
    });
  }
}

test('the path starts with the name of what was copied', options, () => {
  assert.equal(faultOf([fn], structuredClone, 'args').path, 'args[0]');
});

test('a message stays short whatever the key of a map is', options, () => {
  const long = Object.defineProperty(() => 'x'.repeat(10), 'toString', { value: () => 'x'.repeat(10_000) });
  const { path } = faultOf(new Map<unknown, unknown>([[long, 1]]), structuredClone);
  assert.ok(path.length < 200, `the path has ${path.length} characters`);
});

test('the part at fault is found wherever it was put', options, () => {
  const key = fc.oneof(fc.string(), fc.constantFrom('a', 'b', '__proto__', 'constructor', 'toString'));
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.constant(undefined));
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaf,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(
      fc.array(tree, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      (drawn, route) => {
        const value: object = structuredClone(drawn);
        // Walks down a random route, and puts a function where it ends.
        let holder = value;
        let expected = 'result';
        for (const step of route) {
          const keys = Object.keys(holder);
          const at = keys[step % Math.max(1, keys.length)];
          const below = at === undefined ? undefined : (holder as Record<string, unknown>)[at];
          if (typeof below !== 'object' || below === null) break;
          expected += Array.isArray(holder) ? `[${at}]` : pathOf(at as string);
          holder = below;
        }
        if (Array.isArray(holder)) {
          expected += `[${holder.length}]`;
          holder.push(fn);
        } else {
          expected += '.fault';
          Object.assign(holder, { fault: fn });
        }
        assert.equal(faultOf(value, structuredClone).path, expected);
      },
    ),
    { numRuns: 300 },
  );
});

function pathOf(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

test('a value that is nested a thousand deep has its fault found', options, () => {
  let value: unknown = { f: fn };
  for (let depth = 0; depth < 1000; depth++) value = [value];
  assert.equal(faultOf(value, structuredClone).path, `result${'[0]'.repeat(1000)}.f`);
});
