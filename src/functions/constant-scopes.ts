/**
 * Functions whose captured names can't come to mean anything else, with what these mean: to ask the inspector again at each
 * submit would take half a millisecond.
 */

import { type AnyFunction, type FunctionScope, type InspectedFunction, inspect, readBinding } from './inspect.js';

const known = new WeakMap<AnyFunction, InspectedFunction>();

/** Where the function stands and what the names mean that it captures. */
export function inspectOnce(fn: AnyFunction): InspectedFunction | undefined {
  return known.get(fn) ?? inspect(fn);
}

/** Notes that these names, which are all that the function captures, will not be assigned. */
export function keepConstant(fn: AnyFunction, { location, scopes }: InspectedFunction, names: Iterable<string>): void {
  const wanted = [...names];
  // Not the scopes themselves: they would keep all else alive that they hold by now.
  const only = (scope: FunctionScope) =>
    Object.fromEntries(
      wanted.flatMap((name) => (Object.hasOwn(scope.bindings, name) ? [[name, readBinding(scope, name)]] : [])),
    );
  known.set(fn, {
    location,
    scopes: scopes
      .filter(({ kind }) => kind !== 'global')
      .map((scope) => ({ kind: scope.kind, bindings: only(scope) })),
  });
}
