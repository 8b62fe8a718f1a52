/** What a name that a function uses stands for, among the scopes around it. */

import { isPlatformGlobal } from './builtins.js';
import { type InspectedFunction, readBinding } from './inspect.js';
import { assignedNames, type LoadedName, loadedName, type Place } from './module-names.js';
import { mockedModule } from './runners.js';

export interface FoundName {
  readonly value: unknown;
  /** The number of the scope that declares it; -1 for a property of the global object. */
  readonly at: number;
  /** How its module got it, where that was by an import or `require`. */
  readonly loaded: (LoadedName & Place) | undefined;
  /** Whether it will never stand for anything else. */
  readonly isConstant: boolean;
}

/** `undefined` for a name that belongs to the language or to Node, and for one that is not there (yet). */
export function findName(name: string, { location, scopes }: InspectedFunction): FoundName | undefined {
  const at = scopes.findIndex(({ kind, bindings }) => kind !== 'global' && Object.hasOwn(bindings, name));
  const scope = scopes[at];
  if (scope === undefined) {
    if (isPlatformGlobal(name)) return undefined;
    const value = (globalThis as Record<string, unknown>)[name];
    return { value, at, loaded: undefined, isConstant: false };
  }
  const named = loadedName(name, location);
  const loaded = named?.kind === 'import' && scope.kind !== 'module' ? undefined : named;
  // Any script may assign what another one declared at its top.
  const isConstant = scope.kind !== 'script' && !assignedNames(location).has(name);
  // An import is not looked at: its module may not have set it yet.
  const isLookedAt = loaded === undefined || loaded.kind === 'vite' || loaded.kind === 'namespace';
  if (!isLookedAt) return { value: undefined, at, loaded, isConstant: true };
  const value = readBinding(scope, name);
  const mocked = loaded === undefined ? undefined : mockedModule(value);
  if (mocked !== undefined) return { value: mocked, at, loaded: undefined, isConstant: false };
  // A constant whose declaration has not run yet looks like this, too.
  return { value, at, loaded, isConstant: isConstant && value !== undefined };
}

/** Whether a name that is found nowhere may yet be declared: by a statement that has not run. */
export function mayComeToBe(name: string): boolean {
  return !(name in globalThis);
}
