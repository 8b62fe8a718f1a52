/** What kind of object a value is, as far as a copy of it is concerned. */

import { types } from 'node:util';
import { isNative } from './builtins.js';

export type ObjectKind =
  /** An object literal's: its properties make it up, all of them ordinary. */
  | { readonly is: 'plain' }
  | { readonly is: 'array' }
  | { readonly is: 'map'; readonly object: ReadonlyMap<unknown, unknown> }
  | { readonly is: 'set'; readonly object: ReadonlySet<unknown> }
  /** Structured clone copies it, and all that belongs to it. */
  | { readonly is: 'leaf' }
  /** Made of one of these, but with a class or properties that structured clone would lose. */
  | { readonly is: 'special'; readonly base: 'object' | 'array' | 'map' | 'set' | 'error' | 'leaf' }
  | { readonly is: 'foreign'; readonly what: string; readonly isPromise: boolean };

const plain: ObjectKind = { is: 'plain' };
const array: ObjectKind = { is: 'array' };

/** Classes of which structured clone makes a copy of the same class. */
const cloned: ReadonlySet<string> = new Set(['KeyObject', 'CryptoKey', 'Blob', 'File', 'X509Certificate', 'BlockList']);

export function objectKind(value: object): ObjectKind {
  if (types.isProxy(value)) return { is: 'foreign', what: 'a proxy', isPromise: false };
  const prototype = Object.getPrototypeOf(value) as object | null;
  // By far the most, so asked first: what follows would cost ten times as much.
  if (prototype === Object.prototype) return hasOrdinaryProperties(value) ? plain : { is: 'special', base: 'object' };
  if (prototype === Array.prototype && Array.isArray(value)) return array;
  const base = baseOf(value);
  if (base === undefined) return foreign(value);
  const isBare = prototype !== null && isNativePrototype(prototype, base);
  switch (base) {
    case 'object':
      if (prototype !== null && !isBare && !leadsToObject(prototype)) return foreign(value);
      return isBare && hasOrdinaryProperties(value) ? plain : { is: 'special', base };
    case 'map':
      return isBare ? { is: 'map', object: value as Map<unknown, unknown> } : { is: 'special', base };
    case 'set':
      return isBare ? { is: 'set', object: value as Set<unknown> } : { is: 'special', base };
    case 'array':
      return isBare ? array : { is: 'special', base };
    case 'error':
      return isBare && Object.keys(value).length === 0 ? { is: 'leaf' } : { is: 'special', base };
    case 'leaf':
      return isBare ? { is: 'leaf' } : { is: 'special', base };
  }
}

function baseOf(value: object): 'object' | 'array' | 'map' | 'set' | 'error' | 'leaf' | undefined {
  if (Array.isArray(value)) return 'array';
  if (types.isMap(value)) return 'map';
  if (types.isSet(value)) return 'set';
  if (types.isNativeError(value)) return 'error';
  if (types.isArrayBufferView(value) || types.isAnyArrayBuffer(value)) return 'leaf';
  if (types.isDate(value) || types.isRegExp(value) || types.isBoxedPrimitive(value)) return 'leaf';
  if (cloned.has(value.constructor?.name) && isCloned(value)) return 'leaf';
  // Whatever else has slots of its own: a promise, a weak collection, a generator, what native code holds on to.
  const isOther =
    types.isPromise(value) ||
    types.isWeakMap(value) ||
    types.isWeakSet(value) ||
    types.isExternal(value) ||
    types.isGeneratorObject(value) ||
    value instanceof WeakRef ||
    value instanceof FinalizationRegistry;
  return isOther ? undefined : 'object';
}

/** Whether the prototype is the language's own for such a value, of this or another realm. */
function isNativePrototype(prototype: object, base: string): boolean {
  if (!Object.hasOwn(prototype, 'constructor')) return false;
  const made: unknown = prototype.constructor;
  if (typeof made !== 'function' || made.prototype !== prototype) return false;
  if (!isNative(made)) return base === 'leaf' && cloned.has(made.name);
  return base !== 'object' || made.name === 'Object';
}

/** Whether the classes above end with the language's `Object`, none of them being native or Node's own on the way. */
function leadsToObject(prototype: object): boolean {
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    if (isNativePrototype(at, 'object')) return true;
    const made: unknown = Object.hasOwn(at, 'constructor') ? at.constructor : undefined;
    if (typeof made === 'function' && isNative(made)) return false;
  }
  return true;
}

function hasOrdinaryProperties(value: object): boolean {
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol') return false;
    const descriptor = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
    if (!('value' in descriptor) || descriptor.enumerable !== true) return false;
  }
  return true;
}

function isCloned(value: object): boolean {
  try {
    return Object.getPrototypeOf(structuredClone(value)) === Object.getPrototypeOf(value);
  } catch {
    // It only goes by the name.
    return false;
  }
}

function foreign(value: object): ObjectKind {
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1);
  const name = value.constructor?.name || tag;
  const isPromise = typeof (value as { then?: unknown }).then === 'function';
  return { is: 'foreign', what: `an instance of ${name}${isPromise ? '' : ', which is more than data'}`, isPromise };
}
