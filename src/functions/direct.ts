/** Functions that need no text: a worker finds them by name. */

import type { PortableFunction } from '../protocol/portable.js';
import { builtinPath, isNative } from './builtins.js';
import { type AnyFunction, type InspectedFunction, inspectBound } from './inspect.js';
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
    if (builtin !== undefined) return { kind: 'builtin', ...builtin };
    const isBound = inspected === undefined && isNative(fn) && inspectBound(fn) !== undefined;
    if (inspected !== undefined || (isNative(fn) && !isBound)) {
      throw refuse(trail, 'it is native code without a public path', 'wrap it: (...args) => …');
    }
  }
  return inspected && referenceTo(fn, inspected);
}
