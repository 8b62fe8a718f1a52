/** One handle per function that was ever submitted, so that a worker is sent each function once. */

import { isErrorClass } from '../protocol/errors.js';
import type { PortableFunction } from '../protocol/messages.js';
import { type AnyFunction, inspectFunction } from './inspect.js';
import { toPortable } from './portable.js';
import { explicitReference } from './tasks-from.js';

export class FunctionHandle {
  static #lastId = 0;
  readonly id = ++FunctionHandle.#lastId;
  readonly name: string;
  readonly portable: PortableFunction;
  /** The function itself, for workers in this very thread and for looking up error classes. */
  readonly original: AnyFunction;
  /** Whether it only names a function of a module that this thread has not loaded. */
  readonly isPlaceholder: boolean;

  constructor(original: AnyFunction) {
    this.original = original;
    this.portable = toPortable(original);
    this.isPlaceholder = explicitReference(original) !== undefined;
    this.name = original.name || 'anonymous';
  }

  /** An error class of that name that the function's own module or an enclosing scope knows. */
  findErrorClass(name: string): (abstract new (...args: never[]) => Error) | undefined {
    try {
      for (const scope of inspectFunction(this.original)?.scopes ?? []) {
        if (scope.kind === 'global' || !Object.hasOwn(scope.bindings, name)) continue;
        const value = scope.bindings[name];
        if (isErrorClass(value)) return value;
      }
    } catch {
      // No inspector, or a binding that is not initialized: the class is not known here.
    }
    return undefined;
  }
}

const handles = new WeakMap<AnyFunction, FunctionHandle>();

/** The handle of a function; throws `FunctionNotPortableError` for one that can't travel. */
export function functionHandle(fn: AnyFunction): FunctionHandle {
  let handle = handles.get(fn);
  if (handle === undefined) {
    handle = new FunctionHandle(fn);
    handles.set(fn, handle);
  }
  return handle;
}
