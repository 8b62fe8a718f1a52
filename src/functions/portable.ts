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
import { directly, inspect } from './direct.js';
import type { AnyFunction } from './inspect.js';

export interface Portable {
  readonly portable: PortableFunction;
  /** Whether it stays the same for as long as the function lives: otherwise it is as of this moment. */
  readonly isFixed: boolean;
}

/** How a function travels. Throws `FunctionNotPortableError` for one that can't. */
export function toPortable(fn: AnyFunction): Portable {
  const inspected = inspect(fn);
  const direct = directly(fn, inspected, { root: fn, names: [] });
  if (direct !== undefined) return { portable: direct, isFixed: true };
  const { parts, values, isFixed } = new Collection(fn, inspected);
  return { portable: { kind: 'value', parts, values: structuredClone(values) }, isFixed };
}
