/** Errors on the wire: what comes out is what went in, and nothing that is thrown breaks the encoding. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { CancelledError, ExecutorError, NotSerializableError, RemoteError, WorkerLostError } from '../../src/errors.js';
import { type ClassLookup, decodeError, encodeError } from '../../src/protocol/errors.js';
import { copyByFrame } from '../../src/protocol/frames.js';
import type { Copy } from '../../src/protocol/values.js';

const options = { timeout: 30_000 };
const copies: Readonly<Record<string, Copy>> = { 'structured clone': structuredClone, frames: copyByFrame };
const unknownClasses: ClassLookup = () => undefined;

/** There and back over the wire. */
function sent(thrown: unknown, copy: Copy = structuredClone, lookup = unknownClasses, submittedAt = ''): unknown {
  const encoded = encodeError(thrown, copy);
  return decodeError(copy(encoded) as typeof encoded, lookup, submittedAt);
}

function sentError(thrown: unknown, lookup = unknownClasses): Error & Record<string, unknown> {
  const error = sent(thrown, structuredClone, lookup);
  assert.ok(error instanceof Error);
  return error as Error & Record<string, unknown>;
}

/** The message and the frame that threw: frames inside Node may be left behind, since they tell a user nothing. */
function topOf(stack: string | undefined): string[] | undefined {
  return stack?.split('\n').slice(0, 2);
}

class AppError extends Error {
  override readonly name = 'AppError';
}
class HttpError extends AppError {
  readonly status: number;
  constructor(status: number) {
    super(`status ${status}`);
    this.status = status;
  }
}
const appClasses: ClassLookup = (name) => ({ AppError, HttpError })[name];

// ── What an error keeps ──

for (const Class of [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]) {
  test(`a ${Class.name} arrives as a ${Class.name} with its message and its stack`, options, () => {
    const error = new Class('message');
    const arrived = sentError(error);
    assert.equal(Object.getPrototypeOf(arrived), Class.prototype);
    assert.equal(arrived.message, 'message');
    assert.equal(arrived.name, Class.name);
    assert.deepEqual(topOf(arrived.stack), topOf(error.stack));
    assert.deepEqual(Object.keys(arrived), []);
  });
}

test('an error of a known class arrives as that class, without its constructor being run', options, () => {
  const arrived = sentError(new HttpError(404), appClasses);
  assert.ok(arrived instanceof HttpError);
  assert.equal(arrived.status, 404);
  assert.equal(arrived.message, 'status 404');
});

test('an error of a class that is not known, and that sets no name, arrives as a RemoteError', options, () => {
  class Unnamed extends Error {}
  const arrived = sentError(new Unnamed('u'));
  assert.ok(arrived instanceof RemoteError);
  assert.equal(arrived.message, 'u');
});

test('an error of a class that is not known keeps its own code', options, () => {
  class CodedError extends Error {
    readonly code = 'MINE';
  }
  const arrived = sentError(new CodedError('c'));
  assert.ok(arrived instanceof RemoteError);
  assert.equal(arrived['code'], 'MINE');
});

test('an error of a class that is not known arrives as a RemoteError with everything else', options, () => {
  const arrived = sentError(new HttpError(404));
  assert.ok(arrived instanceof RemoteError);
  assert.equal(arrived['code'], 'REMOTE');
  assert.equal(arrived.name, 'AppError');
  assert.equal(arrived['status'], 404);
});

test('own properties of an error arrive, in every copyable type', options, () => {
  const fields = {
    count: 1n,
    when: new Date(0),
    tags: new Set(['a']),
    nested: { list: [1, undefined] },
    nothing: undefined,
  };
  const arrived = sentError(Object.assign(new Error('e'), fields));
  assert.deepStrictEqual({ ...arrived }, fields);
});

test('a property that can not be copied is replaced by a text that says so', options, () => {
  const arrived = sentError(Object.assign(new Error('e'), { request: { send() {} }, id: 7 }));
  assert.equal(arrived['id'], 7);
  assert.match(String(arrived['request']), /^\[not copied: /);
});

test('an error of Node keeps its class, its name and its code', options, () => {
  let thrown: unknown;
  try {
    Buffer.alloc(-1);
  } catch (error) {
    thrown = error;
  }
  const arrived = sentError(thrown);
  assert.ok(arrived instanceof RangeError);
  assert.equal(arrived['code'], 'ERR_OUT_OF_RANGE');
  assert.equal(arrived.name, 'RangeError');
});

test("this library's own errors arrive as themselves, with their code and fields", options, () => {
  const lost = new WorkerLostError('lost', {
    exitCode: 3,
    signal: null,
    outOfMemory: false,
    stderr: '',
    workerName: 'w',
    attempt: 2,
  });
  const arrived = sentError(lost);
  assert.equal(Object.getPrototypeOf(arrived), WorkerLostError.prototype);
  assert.equal(arrived['code'], 'WORKER_LOST');
  assert.equal(arrived['exitCode'], 3);
  assert.equal(Object.keys(arrived).includes('code'), false);
  assert.ok(sentError(new CancelledError('stop')) instanceof ExecutorError);
});

test("a user's class with the name of one of ours is not taken for it", options, () => {
  class CancelledError extends Error {}
  assert.ok(sentError(new CancelledError('mine')) instanceof RemoteError);
});

test('a class with the name of a global that is no error is not made from it', options, () => {
  const thrown = new Error('e');
  // biome-ignore lint/suspicious/noShadowRestrictedNames: the very name is what is tested
  Object.setPrototypeOf(thrown, class Map extends Error {}.prototype);
  assert.ok(sentError(thrown) instanceof RemoteError);
});

test('the stack ends with where the task was submitted, and only that of the outermost error', options, () => {
  const error = new Error('outer', { cause: new Error('inner') });
  const arrived = sent(error, structuredClone, unknownClasses, '\n    at submitted here') as Error & { cause: Error };
  assert.ok(arrived.stack?.endsWith('\n    at submitted here'));
  assert.deepEqual(topOf(arrived.cause.stack), topOf((error.cause as Error).stack));
  assert.equal(arrived.cause.stack?.includes('submitted here'), false);
});

test('an error without a stack gets one that names it', options, () => {
  const error = new TypeError('no stack');
  Object.defineProperty(error, 'stack', { value: undefined });
  assert.equal(sentError(error).stack, 'TypeError: no stack');
});

// ── cause and errors ──

test('a chain of causes arrives with each class and message', options, () => {
  const arrived = sentError(new Error('a', { cause: new TypeError('b', { cause: 'text' }) }));
  assert.ok(arrived.cause instanceof TypeError);
  assert.equal(arrived.cause.message, 'b');
  assert.equal(arrived.cause.cause, 'text');
  assert.equal(Object.keys(arrived).includes('cause'), false);
});

test('a cause of undefined is kept apart from none', options, () => {
  assert.equal(Object.hasOwn(sentError(new Error('a', { cause: undefined })), 'cause'), true);
  assert.equal(Object.hasOwn(sentError(new Error('a')), 'cause'), false);
});

test('an error that is its own cause arrives as one that is its own cause', options, () => {
  const error: Error & { cause?: unknown } = new Error('a');
  error.cause = error;
  const arrived = sentError(error);
  assert.equal(arrived.cause, arrived);
});

test('a long cycle of causes, and sharing among errors, arrive as they were', options, () => {
  const a: Error & { cause?: unknown } = new Error('a');
  const b = new Error('b', { cause: a });
  a.cause = new AggregateError([b, a, b], 'all');
  const arrived = sentError(a);
  const all = arrived.cause as AggregateError;
  assert.equal(all.errors[0], all.errors[2]);
  assert.equal(all.errors[1], arrived);
  assert.equal((all.errors[0] as Error).cause, arrived);
});

test('an AggregateError keeps its errors, those that are none included', options, () => {
  const arrived = sentError(new AggregateError([new RangeError('r'), 'text', undefined, { a: 1 }], 'all'));
  assert.ok(arrived instanceof AggregateError);
  assert.ok(arrived.errors[0] instanceof RangeError);
  assert.deepEqual(arrived.errors.slice(1), ['text', undefined, { a: 1 }]);
});

test('an AggregateError nested in another arrives whole', options, () => {
  const arrived = sentError(
    new AggregateError([new AggregateError([new TypeError('deep')])]),
  ) as unknown as AggregateError;
  assert.ok(arrived.errors[0].errors[0] instanceof TypeError);
});

test('a cause that can not be copied becomes the error that says so', options, () => {
  const arrived = sentError(new Error('a', { cause: () => {} }));
  assert.ok(arrived.cause instanceof NotSerializableError);
});

test('a chain of a thousand causes arrives', options, () => {
  let error = new Error('0');
  for (let i = 1; i <= 1000; i++) error = new Error(String(i), { cause: error });
  let arrived: Error | undefined = sentError(error);
  let length = 0;
  for (; arrived !== undefined; arrived = arrived.cause as Error | undefined) length += 1;
  assert.equal(length, 1001);
});

test('any graph of errors arrives with the same shape', options, () => {
  const classes = [Error, TypeError, AggregateError] as const;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(2), fc.option(fc.nat(7)), fc.array(fc.nat(7), { maxLength: 3 })), {
        minLength: 1,
        maxLength: 8,
      }),
      (plan) => {
        const errors = plan.map(
          ([which], i): Error =>
            which === 2 ? new AggregateError([], `${i}`) : new (classes[which] as ErrorConstructor)(`${i}`),
        );
        plan.forEach(([which, cause, nested], i) => {
          const pick = (at: number): Error => errors[at % errors.length] as Error;
          if (cause !== null)
            Object.defineProperty(errors[i], 'cause', { value: pick(cause), configurable: true, writable: true });
          if (which === 2) (errors[i] as AggregateError).errors = nested.map(pick);
        });
        assert.deepEqual(shape(sent(errors[0])), shape(errors[0]));
      },
    ),
  );
});

/** A graph of errors as text: each by its number at first sight. */
function shape(root: unknown): string[] {
  const seen: Error[] = [];
  const lines: string[] = [];
  const visit = (error: Error): string => {
    const known = seen.indexOf(error);
    if (known !== -1) return `#${known}`;
    const at = seen.push(error) - 1;
    const cause = Object.hasOwn(error, 'cause') ? visit(error.cause as Error) : 'none';
    const nested = error instanceof AggregateError ? error.errors.map(visit) : [];
    lines.push(`#${at} ${error.constructor.name} ${error.message} <- ${cause} [${nested.join()}]`);
    return `#${at}`;
  };
  visit(root as Error);
  return lines.sort();
}

// ── What is thrown and is no error ──

test('whatever is thrown and can be copied arrives as itself', options, () => {
  const value = fc.anything({ withBigInt: true, withMap: true, withSet: true, maxDepth: 2 });
  fc.assert(fc.property(value, (thrown) => assert.deepStrictEqual(sent(thrown), thrown)));
});

for (const [what, thrown] of Object.entries({
  'a function': () => {},
  'a symbol': Symbol('s'),
  'an object with a function': { f() {} },
})) {
  test(`${what} that is thrown arrives as the error that says that it can not be copied`, options, () => {
    const arrived = sent(thrown);
    assert.ok(arrived instanceof NotSerializableError);
    assert.match(arrived.path, /^thrown/);
    assert.ok(arrived.cause instanceof Error);
  });
}

// ── Hostile ones ──

class Boom extends Error {}
const boom = (): never => {
  throw new Boom('boom');
};
const hostileText = { toString: boom, [Symbol.toPrimitive]: boom };

function withOwn(properties: PropertyDescriptorMap): Error {
  return Object.defineProperties(new Error('hostile'), properties);
}

function proxied(trap: keyof ProxyHandler<Error>): Error {
  return new Proxy(new Error('proxied'), { [trap]: boom });
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function ofClass(statics: PropertyDescriptorMap, prototype: PropertyDescriptorMap = {}): Error {
  class Odd extends Error {}
  Object.defineProperties(Odd, statics);
  Object.defineProperties(Odd.prototype, prototype);
  return new Odd('odd');
}

const hostile: Readonly<Record<string, () => unknown>> = {
  'a message getter that throws': () => withOwn({ message: { get: boom } }),
  'a stack getter that throws': () => withOwn({ stack: { get: boom } }),
  'a name getter that throws': () => withOwn({ name: { get: boom } }),
  'a cause getter that throws': () => withOwn({ cause: { get: boom } }),
  'an errors getter that throws': () => withOwn({ errors: { get: boom } }),
  'a code getter that throws': () => withOwn({ code: { get: boom } }),
  'a field getter that throws': () => withOwn({ field: { get: boom, enumerable: true } }),
  'a message that is a symbol': () => withOwn({ message: { value: Symbol('m') } }),
  'a message that is no text': () => withOwn({ message: { value: hostileText } }),
  'a name without a prototype': () => withOwn({ name: { value: Object.create(null) } }),
  'a stack that is no text': () => withOwn({ stack: { value: hostileText } }),
  'a stack that is a list': () => withOwn({ stack: { value: [1, 2] } }),
  'a cause that is a revoked proxy': () => withOwn({ cause: { value: revoked({}) } }),
  'errors that are a revoked proxy': () => withOwn({ errors: { value: revoked([]) } }),
  'errors that are no list': () => withOwn({ errors: { value: { 0: 1 } } }),
  'errors with holes': () => withOwn({ errors: { value: Object.assign([], { 2: new Error('c') }) } }),
  'errors with functions': () => withOwn({ errors: { value: [() => {}] } }),
  'a field whose inspection throws': () =>
    withOwn({ field: { value: { [inspect.custom]: boom, f() {} }, enumerable: true } }),
  'a field that is a revoked proxy': () => withOwn({ field: { value: revoked({}), enumerable: true } }),
  'a field named __proto__': () => withOwn({ ['__proto__']: { value: { polluted: true }, enumerable: true } }),
  'a code that is an object': () => withOwn({ code: { value: {} } }),
  'no prototype': () => Object.setPrototypeOf(new Error('bare'), null),
  'a prototype without a constructor': () => Object.setPrototypeOf(new Error('bare'), Object.create(null)),
  'a constructor getter that throws': () => ofClass({}, { constructor: { get: boom } }),
  'a class whose static name is a function': () => ofClass({ name: { value: () => 'name' } }),
  'a class whose static name is a symbol': () => ofClass({ name: { value: Symbol('name') } }),
  'a class whose name getter throws': () => ofClass({ name: { get: boom } }),
  'a class whose code is a getter': () => ofClass({}, { code: { get: () => 'ODD' } }),
  'a frozen error': () => Object.freeze(new Error('frozen', { cause: 1 })),
  'a revoked proxy': () => revoked(new Error('gone')),
  'an imitation of an error': () => ({ [Symbol.toStringTag]: 'Error', message: 1 }),
  'a proxy that gives nothing': () => proxied('get'),
  'a proxy without a prototype to ask for': () => proxied('getPrototypeOf'),
  'a proxy whose keys can not be listed': () => proxied('ownKeys'),
  'a proxy whose properties can not be described': () => proxied('getOwnPropertyDescriptor'),
  'a proxy that has nothing': () => proxied('has'),
  'a DOMException': () => new DOMException('stopped', 'AbortError'),
  'a DOMException with a field': () => Object.assign(new DOMException('stopped', 'AbortError'), { extra: 1 }),
  'a DOMException with a cause': () =>
    Object.defineProperty(new DOMException('stopped', 'AbortError'), 'cause', { value: new Error('why') }),
  "the reason of AbortSignal.timeout's kind": () =>
    new DOMException('The operation was aborted due to timeout', 'TimeoutError'),
};

for (const [kind, copy] of Object.entries(copies)) {
  for (const [what, make] of Object.entries(hostile)) {
    test(
      `[${kind}] an error with, or that is, ${what} is encoded, copied and decoded without throwing`,
      options,
      () => {
        const thrown = make();
        const encoded = encodeError(thrown, copy);
        const copied = copy(encoded) as typeof encoded;
        assert.ok(decodeError(copied, unknownClasses, '') !== undefined);
        assert.equal('polluted' in {}, false);
      },
    );
  }
}

test('an error whose class has getters for its fields arrives as that class', options, () => {
  class GetterError extends Error {
    get code(): string {
      return 'FROM_GETTER';
    }
  }
  const arrived = sentError(new GetterError('g'), (name) => (name === 'GetterError' ? GetterError : undefined));
  assert.ok(arrived instanceof GetterError);
  assert.equal(arrived.code, 'FROM_GETTER');
});

test('an AbortError arrives as a DOMException with its name, message and code', options, () => {
  const arrived = sent(new DOMException('stopped', 'AbortError'));
  assert.ok(arrived instanceof DOMException);
  assert.deepEqual([arrived.name, arrived.message, arrived.code], ['AbortError', 'stopped', 20]);
});

test('an error from another realm arrives as an error of this one', options, async () => {
  const { runInNewContext } = await import('node:vm');
  const foreign: unknown = runInNewContext('Object.assign(new TypeError("far"), { field: 1 })');
  const arrived = sentError(foreign);
  assert.ok(arrived instanceof TypeError);
  assert.equal(arrived.message, 'far');
  assert.equal(arrived['field'], 1);
});
