/** Why a function can't travel, in words: which variable, what it is, where it was captured, and the way out. */

import { FunctionNotPortableError } from '../errors.js';
import type { AnyFunction } from './inspect.js';

/** The function that was submitted, and the captured functions that lead to the one in question. */
export interface Trail {
  readonly root: AnyFunction;
  readonly names: readonly string[];
}

export const wayOuts = {
  argument: 'pass it as an argument',
  inside: 'make it inside the function, or pass what it is made from as an argument',
  module: 'export the functions from a module of their own, so that workers can import it',
  mock: 'use a function without a record of its calls',
  wait: 'await it first, and use its value',
} as const;

export function refuse(trail: Trail, why: string, wayOut: string, variable?: string): FunctionNotPortableError {
  const name = trail.root.name || 'anonymous';
  const by = trail.names.length === 0 ? '' : ` (by way of ${trail.names.join(' → ')})`;
  return new FunctionNotPortableError(
    `function "${name}" can't run in a worker: ${why}${by}; ${wayOut}`,
    variable === undefined ? {} : { variable },
  );
}

export function refuseVariable(trail: Trail, name: string, what: string, wayOut: string): FunctionNotPortableError {
  return refuse(trail, `it captures the variable \`${name}\`, ${what}`, wayOut, name);
}

export function refuseOuter(trail: Trail, what: string): FunctionNotPortableError {
  return refuse(trail, `it uses \`${what}\` of where it was defined`, 'pass what it needs as an argument', what);
}
