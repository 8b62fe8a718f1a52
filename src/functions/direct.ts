/** Functions that need no text: a worker finds them by name. */

import type { PortableFunction } from '../protocol/portable.js';
import { builtinPath } from './builtins.js';
import { type AnyFunction, type InspectedFunction, inspectFunction } from './inspect.js';
import { referenceTo } from './references.js';
import { refuse, type Trail } from './refusals.js';
import { explicitReference } from './tasks-from.js';

export type DirectFunction = Exclude<PortableFunction, { kind: 'value' }>;

/** A reference or a built-in's path; `undefined` for a function that must travel by its text. */
export function directly(
  fn: AnyFunction,
  inspected: InspectedFunction | undefined,
  trail: Trail,
): DirectFunction | undefined {
  const explicit = explicitReference(fn);
  if (explicit?.kind === 'reference') return explicit;
  if (inspected === undefined || inspected.location.url.startsWith('node:')) {
    const builtin = builtinPath(fn);
    if (builtin !== undefined) return builtin;
    if (inspected !== undefined || isNative(fn)) {
      throw refuse(trail, 'it is native code, or bound, without a public path', 'wrap it: (...args) => …');
    }
  }
  return inspected && referenceTo(fn, inspected);
}

/** Where the function stands, and what it closes over; `undefined` where that can't be found out. */
export function inspect(fn: AnyFunction): InspectedFunction | undefined {
  try {
    return inspectFunction(fn);
  } catch {
    // Built without an inspector, or forbidden to use it: text alone must do.
    return undefined;
  }
}

function isNative(fn: AnyFunction): boolean {
  return /\{\s*\[native code\]\s*\}\s*$/.test(Function.prototype.toString.call(fn));
}
