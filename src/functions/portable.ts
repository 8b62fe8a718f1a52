/**
 * A function → something that another isolate can run.
 *
 *   tasksFrom(…).name ───────────────────────────► reference
 *   built-in, bound to nothing ──────────────────► builtin: its public path
 *   exported by a module, not the entry ─────────► reference: the worker imports it
 *   anything else ───────────────────────────────► value: its text, and what it captures (captures.ts)
 */

import type { PortableFunction } from '../protocol/portable.js';
import { Collection } from './captures.js';
import { inspectOnce } from './constant-scopes.js';
import { directly } from './direct.js';
import type { AnyFunction } from './inspect.js';
import type { Unit } from './units.js';

export interface Portable {
  readonly portable: PortableFunction;
  /** The data that it refers to. */
  readonly units: readonly Unit[];
  /** The functions that it holds the texts of. */
  readonly functions: readonly AnyFunction[];
  /** Whether it stays the same for as long as nobody puts properties on these: otherwise it is as of this moment. */
  readonly isFixed: boolean;
}

/** How a function travels. Throws `FunctionNotPortableError` for one that can't. */
export function toPortable(fn: AnyFunction): Portable {
  const inspected = inspectOnce(fn);
  const direct = directly(fn, inspected, { root: fn, names: [] });
  if (direct !== undefined) return { portable: direct, units: [], functions: [], isFixed: true };
  const collection = new Collection(fn, inspected);
  const { portable, units } = collection.finish();
  return { portable, units, functions: collection.functions, isFixed: collection.isFixed };
}
