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

  constructor(original: AnyFunction, portable: PortableFunction) {
    this.original = original;
    this.portable = portable;
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
/** Found by id or by text for as long as anybody uses them, and not kept in memory for longer. */
const byId = new Map<number, WeakRef<FunctionHandle>>();
const byText = new Map<string, WeakRef<FunctionHandle>>();
const collected = new FinalizationRegistry<{ id: number; text: string | undefined }>(({ id, text }) => {
  byId.delete(id);
  if (text !== undefined && byText.get(text)?.deref() === undefined) byText.delete(text);
});

/** The handle of a function; throws `FunctionNotPortableError` for one that can't travel. */
export function functionHandle(fn: AnyFunction): FunctionHandle {
  let handle = handles.get(fn);
  if (handle === undefined) {
    handle = newOrSameText(fn);
    handles.set(fn, handle);
  }
  return handle;
}

/** A function made anew in each turn of a loop is sent once, as long as its text is the same. */
function newOrSameText(fn: AnyFunction): FunctionHandle {
  const portable = toPortable(fn);
  const text = portable.kind === 'value' ? `${portable.url}\n${fn.name}\n${portable.source}` : undefined;
  const same = text === undefined ? undefined : byText.get(text)?.deref();
  if (same !== undefined) return same;
  const handle = new FunctionHandle(fn, portable);
  const ref = new WeakRef(handle);
  byId.set(handle.id, ref);
  if (text !== undefined) byText.set(text, ref);
  collected.register(handle, { id: handle.id, text });
  return handle;
}

/** The handle with that id, while a task with it is pending. */
export function handleById(id: number): FunctionHandle | undefined {
  return byId.get(id)?.deref();
}
