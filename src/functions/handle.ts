/** One handle per function that was ever submitted, so that a worker is sent each function once. */

import { serialize } from 'node:v8';
import { isErrorClass } from '../protocol/errors.js';
import type { PortableFunction } from '../protocol/portable.js';
import { countProperties } from './function-properties.js';
import { type AnyFunction, inspectFunction, readBinding } from './inspect.js';
import { isLoadedName } from './module-names.js';
import { toPortable } from './portable.js';
import { isNamespace } from './runners.js';
import { explicitReference } from './tasks-from.js';
import type { Unit } from './units.js';

export class FunctionHandle {
  static #lastId = 0;
  readonly id = ++FunctionHandle.#lastId;
  readonly name: string;
  readonly portable: PortableFunction;
  /** The function itself, for workers in this very thread and for looking up error classes. */
  readonly original: AnyFunction;
  /** Whether it only names a function of a module that this thread has not loaded. */
  readonly isPlaceholder: boolean;
  /** Whether it comes from another program, to which its errors go as they are. */
  readonly isRelayed: boolean;

  /** The captured data that `portable` refers to. */
  readonly units: readonly Unit[];

  constructor(original: AnyFunction, portable: PortableFunction, units: readonly Unit[], isRelayed = false) {
    this.original = original;
    this.portable = portable;
    this.units = units;
    this.isRelayed = isRelayed;
    this.isPlaceholder = isRelayed || explicitReference(original) !== undefined;
    this.name = original.name || 'anonymous';
  }

  /** An error class of that name that the function's own module or an enclosing scope knows. */
  findErrorClass(name: string): (abstract new (...args: never[]) => Error) | undefined {
    try {
      const inspected = inspectFunction(this.original);
      if (inspected === undefined) return undefined;
      for (const scope of inspected.scopes) {
        if (scope.kind === 'global') continue;
        for (const variable of Object.keys(scope.bindings)) {
          const value = readBinding(scope, variable);
          const isModule = isLoadedName(variable, inspected.location) && isNamespace(value);
          const candidates = isModule ? [value[name], value['default']] : [value];
          // By the class's own name: the variable may be called otherwise, by an import or a minifier.
          for (const found of candidates) if (isErrorClass(found) && found.name === name) return found;
        }
      }
    } catch {
      // No inspector: the class is not known here.
    }
    return undefined;
  }
}

interface Latest {
  readonly handle: FunctionHandle;
  /** What it was made from, where that may change. */
  readonly state: Buffer | undefined;
  /** The functions whose texts it holds, and how many properties each had. */
  readonly functions: readonly (readonly [AnyFunction, number])[];
}

const handles = new WeakMap<AnyFunction, Latest>();
/** Found by id or by text for as long as anybody uses them, and not kept in memory for longer. */
const byId = new Map<number, WeakRef<FunctionHandle>>();
const byText = new Map<string, WeakRef<FunctionHandle>>();
const collected = new FinalizationRegistry<{ id: number; text: string | undefined }>(({ id, text }) => {
  byId.delete(id);
  if (text !== undefined && byText.get(text)?.deref() === undefined) byText.delete(text);
});

/** The handle of a function as it stands now; throws `FunctionNotPortableError` for one that can't travel. */
export function functionHandle(fn: AnyFunction): FunctionHandle {
  const latest = handles.get(fn);
  if (latest !== undefined && isFixed(latest)) return latest.handle;
  const { portable, units, functions, isFixed: mayStay } = toPortable(fn);
  // What a function captures is looked at in each submit where it may have changed, and sent again only if it has.
  const state = mayStay ? undefined : stateOf(portable);
  if (latest?.state !== undefined && state?.equals(latest.state)) {
    return latest.handle;
  }
  const handle = newOrSameText(fn, portable, units);
  handles.set(fn, { handle, state, functions: functions.map((each) => [each, countProperties(each)]) });
  return handle;
}

function isFixed({ state, functions }: Latest): boolean {
  return state === undefined && functions.every(([fn, count]) => countProperties(fn) === count);
}

/** Everything that the function is made of, to be compared; its data is told by its units, which change with it. */
function stateOf(portable: PortableFunction): Buffer {
  return serialize(portable);
}

/** A function made anew in each turn of a loop is sent once, as long as it captures nothing and its text is the same. */
function newOrSameText(fn: AnyFunction, portable: PortableFunction, units: readonly Unit[]): FunctionHandle {
  const text = textOf(fn, portable);
  const same = text === undefined ? undefined : byText.get(text)?.deref();
  if (same !== undefined) return same;
  const handle = new FunctionHandle(fn, portable, units);
  const ref = new WeakRef(handle);
  byId.set(handle.id, ref);
  if (text !== undefined) byText.set(text, ref);
  collected.register(handle, { id: handle.id, text });
  return handle;
}

function textOf(fn: AnyFunction, portable: PortableFunction): string | undefined {
  if (portable.kind !== 'value' || portable.parts.length > 1 || portable.objects.length > 0) return undefined;
  const [part] = portable.parts;
  return part?.captures.length === 0 && part.properties.length === 0 && part.prototypeProperties.length === 0
    ? `${part.url}\n${fn.name}\n${part.source}`
    : undefined;
}

/** The handle with that id, while a task with it is pending. */
export function handleById(id: number): FunctionHandle | undefined {
  return byId.get(id)?.deref();
}
