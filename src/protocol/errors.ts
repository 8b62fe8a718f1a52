/**
 * Errors on the wire.
 *
 * Structured clone keeps an error's message and loses its class and fields. So an error travels as plain data and is
 * made anew on the other side: by its class where that class is known there, else as a {@link RemoteError} that
 * keeps everything else. What was thrown and is no error travels as itself.
 */

import { inspect } from 'node:util';
import * as ownErrors from '../errors.js';
import { NotSerializableError } from '../errors.js';
import type { Copy } from './values.js';
import { notSerializable } from './values.js';

export type EncodedError =
  /** Not an error: the thrown value itself. */
  | { readonly kind: 'value'; readonly value: unknown }
  /** An error met before, by its place in the order of encoding: a cycle through `cause`, or sharing. */
  | { readonly kind: 'seen'; readonly index: number }
  | {
      readonly kind: 'error';
      /** The names of its class and of the classes above it, nearest first. */
      readonly classes: readonly string[];
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      /** Own enumerable properties; one that can't be copied is replaced by a text that says so. */
      readonly fields: Readonly<Record<string, unknown>>;
      readonly cause: EncodedError | undefined;
      readonly errors: readonly EncodedError[] | undefined;
    };

type ErrorClass = abstract new (...args: never[]) => Error;
/** Finds an error class by name, among what the submitting side knows. */
export type ClassLookup = (name: string) => ErrorClass | undefined;

const carried: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'cause', 'errors']);

/** Encodes what a task threw. Never throws: a value that can't be copied becomes a `NotSerializableError`. */
export function encodeError(thrown: unknown, copy: Copy): EncodedError {
  try {
    return new Encoding(copy).encode(thrown);
  } catch (cause) {
    // A proxy, a getter or a toString that throws at every look.
    const message = "what was thrown can't be read: looking at it throws";
    const error = new NotSerializableError(message, { path: 'thrown', cause: isError(cause) ? String(cause) : cause });
    return new Encoding(copy).encode(error);
  }
}

class Encoding {
  readonly #copy: Copy;
  readonly #seen = new Map<Error, number>();

  constructor(copy: Copy) {
    this.#copy = copy;
  }

  encode(value: unknown): EncodedError {
    if (!isError(value)) return this.#thrownValue(value);
    const index = this.#seen.get(value);
    if (index !== undefined) return { kind: 'seen', index };
    this.#seen.set(value, this.#seen.size);
    const nested = value as { cause?: unknown; errors?: unknown };
    const errors = attempt(() => nested.errors);
    return {
      kind: 'error',
      classes: classNames(value),
      name: textOf(() => value.name, 'Error'),
      message: textOf(() => value.message, ''),
      stack: withoutOwnFrames(textOf(() => value.stack, undefined)),
      fields: this.#fields(value),
      cause: Object.hasOwn(value, 'cause') ? this.encode(attempt(() => nested.cause)) : undefined,
      errors: Array.isArray(errors) ? errors.map((error) => this.encode(error)) : undefined,
    };
  }

  #thrownValue(value: unknown): EncodedError {
    try {
      this.#copy(value);
      return { kind: 'value', value };
    } catch (cause) {
      return this.encode(notSerializable(value, 'thrown', cause, this.#copy));
    }
  }

  #fields(error: Error): Record<string, unknown> {
    const fields: Record<string, unknown> = {};
    for (const key of Object.keys(error)) {
      if (carried.has(key)) continue;
      const value = attempt(() => (error as unknown as Record<string, unknown>)[key]);
      try {
        this.#copy(value);
        fields[key] = value;
      } catch {
        fields[key] =
          `[not copied: ${textOf(() => inspect(value, inspectOptions), 'a value that throws when looked at')}]`;
      }
    }
    // `code` is not enumerable on this library's own errors, nor on some of Node's.
    const code = attempt(() => (error as { code?: unknown }).code);
    if (!('code' in fields) && (typeof code === 'string' || typeof code === 'number')) fields['code'] = code;
    return fields;
  }
}

const inspectOptions = { depth: 0, breakLength: Number.POSITIVE_INFINITY };

/**
 * Makes the error anew. Of its class only the prototype is used: no code of the user's runs here, neither a constructor nor
 * an accessor, since what it throws, or that it ends the program, would be a task's fault in the wrong place. Its stack shows the remote frames, as `mapFrames` tells them, then `submittedAt`, the frames of the
 * call to `submit`.
 */
export function decodeError(
  encoded: EncodedError,
  lookup: ClassLookup,
  submittedAt: string,
  mapFrames: (stack: string) => string = (stack) => stack,
): unknown {
  const made: unknown[] = [];
  const decode = (item: EncodedError, isRoot: boolean): unknown => {
    if (item.kind === 'value') return item.value;
    if (item.kind === 'seen') return made[item.index];
    const stack = mapFrames(item.stack ?? `${item.name}: ${item.message}`) + (isRoot ? submittedAt : '');
    const error = makeError(item, stack, lookup);
    made.push(error);
    setHidden(error, 'message', item.message);
    const name = error instanceof ownErrors.RemoteError ? nameOf(item) : item.name;
    if (plainName(error) !== name) setHidden(error, 'name', name);
    for (const [key, value] of Object.entries(item.fields)) setField(error, key, value);
    if (isOwn(error)) setHidden(error, 'code', item.fields['code'] ?? (error.constructor as { code?: unknown }).code);
    if (item.cause !== undefined) setHidden(error, 'cause', decode(item.cause, false));
    if (item.errors !== undefined)
      setHidden(
        error,
        'errors',
        item.errors.map((nested) => decode(nested, false)),
      );
    return error;
  };
  return decode(encoded, true);
}

type EncodedErrorObject = Extract<EncodedError, { kind: 'error' }>;

function makeError(item: EncodedErrorObject, stack: string, lookup: ClassLookup): Error {
  const [className = 'Error'] = item.classes;
  if (className === 'DOMException' && typeof DOMException === 'function') {
    const exception = new DOMException(item.message, item.name);
    setHidden(exception, 'stack', stack);
    return exception;
  }
  const known = ownClass(className, item) ?? builtinClass(className) ?? lookup(className) ?? disguisedBuiltin(item);
  return bare(known ?? ownErrors.RemoteError, stack);
}

/** An error of the class with a real error's slots, without running a constructor whose arguments are unknown. */
function bare(known: ErrorClass, stack: string): Error {
  const error = new Error();
  // While it is a plain error: V8 makes its own stack up first, and asks the class's accessors for the name that stands there.
  setHidden(error, 'stack', stack);
  Object.setPrototypeOf(error, known.prototype as object);
  return error;
}

/** The name that an error has without asking an accessor, which is the user's code. */
function plainName(error: Error): unknown {
  for (let level: object | null = error; level !== null; level = Object.getPrototypeOf(level) as object | null) {
    const property = Object.getOwnPropertyDescriptor(level, 'name');
    if (property !== undefined) return property.value;
  }
  return undefined;
}

function ownClass(className: string, item: EncodedErrorObject): ErrorClass | undefined {
  // A class may be called `toString`.
  if (!Object.hasOwn(ownErrors, className)) return undefined;
  const known = (ownErrors as unknown as Record<string, ErrorClass & { code?: unknown }>)[className];
  return isErrorClass(known) && known.code === item.fields['code'] ? known : undefined;
}

function builtinClass(className: string): ErrorClass | undefined {
  // Accessors of the global object load things, or warn.
  const known: unknown = Object.getOwnPropertyDescriptor(globalThis, className)?.value;
  return isErrorClass(known) && Function.prototype.toString.call(known).includes('[native code]') ? known : undefined;
}

/** Node's own errors are of hidden classes below a built-in one, under whose name they go. */
function disguisedBuiltin(item: EncodedErrorObject): ErrorClass | undefined {
  const { code } = item.fields;
  const isNodes = typeof code === 'string' && code.startsWith('ERR_') && item.classes.includes(item.name);
  return isNodes ? builtinClass(item.name) : undefined;
}

/** The name of an error of an unknown class: its own, or its class's where it only inherits one from the language. */
function nameOf(item: EncodedErrorObject): string {
  return builtinClass(item.name) === undefined ? item.name : (item.classes[0] ?? item.name);
}

function setField(error: Error, key: string, value: unknown): void {
  // A DOMException has its code by its name.
  if (key === 'code' && error instanceof DOMException) return;
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: true });
}

/** Whether a value is a class of errors. */
export function isErrorClass(value: unknown): value is ErrorClass {
  if (typeof value !== 'function') return false;
  const prototype: unknown = value.prototype;
  return value === Error || (typeof prototype === 'object' && prototype instanceof Error);
}

function isError(value: unknown): value is Error {
  try {
    return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
  } catch {
    // A revoked proxy answers nothing at all.
    return false;
  }
}

function isOwn(error: Error): error is ownErrors.ExecutorError {
  return error instanceof ownErrors.ExecutorError;
}

function classNames(error: Error): string[] {
  const names: string[] = [];
  let prototype = Object.getPrototypeOf(error) as object | null;
  while (prototype !== null && prototype !== Object.prototype && names.length < 16) {
    const level = prototype;
    const name = attempt(() => Object.hasOwn(level, 'constructor') && level.constructor.name);
    if (typeof name === 'string') names.push(name);
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return names;
}

/** The runtime's own frames tell the user nothing. */
function withoutOwnFrames(stack: string | undefined): string | undefined {
  return stack
    ?.split('\n')
    .filter((line) => !/^\s+at .*(?:concurrent-futures:worker|\(node:internal|at node:internal)/.test(line))
    .join('\n');
}

function textOf<F>(read: () => unknown, fallback: F): string | F {
  try {
    const value = read();
    return value === undefined ? fallback : String(value);
  } catch {
    // A getter or a toString that throws: nothing to show.
    return fallback;
  }
}

/** What a getter gives; what it throws, when it throws. */
function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return error;
  }
}

function setHidden(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: false });
}
