/** One name that a function uses → what stands for it in a worker. */

import type { Capture } from '../protocol/portable.js';
import { offeredModule } from './builtins.js';
import { type FoundName, findName, mayComeToBe } from './find-name.js';
import { type InspectedFunction, inspectorFault } from './inspect.js';
import type { NameUse } from './name-uses.js';
import { refuseVariable, type Trail, wayOuts } from './refusals.js';
import { isRunnerGlobal, refuseRunner } from './runners.js';

/** How what a name stands for is captured in turn. */
export interface NameCaptor {
  value(name: string, use: NameUse, value: unknown, url: string, trail: Trail): Capture;
  /** The part that evaluates a declaration again, and the names that it uses, if they are constant. */
  required(
    name: string,
    declaration: string,
    outer: InspectedFunction,
    trail: Trail,
  ): { readonly index: number; readonly names: readonly string[] | undefined };
  vite(specifier: string, url: string): number;
}

export interface CapturedName {
  /** Nothing for a name that each worker has by itself. */
  readonly capture: Capture | undefined;
  /** Whether it will never stand for anything else. */
  readonly isLasting: boolean;
  /** The names that it depends on in turn. */
  readonly from: readonly string[];
}

export function captureName(
  name: string,
  use: NameUse,
  inspected: InspectedFunction | undefined,
  trail: Trail,
  captor: NameCaptor,
): CapturedName {
  if (inspected === undefined) {
    if (name in globalThis) return { capture: undefined, isLasting: true, from: [] };
    throw refuseVariable(trail, name, `which can not be looked up: ${inspectorFault()}`, wayOuts.argument);
  }
  const found = findName(name, inspected);
  if ((found === undefined || found.at === -1) && isRunnerGlobal(name)) throw refuseRunner(trail, name, use);
  return found === undefined
    ? captureMissing(name, use, inspected, trail)
    : captureFound(name, use, found, inspected, trail, captor);
}

function captureMissing(name: string, use: NameUse, { location }: InspectedFunction, trail: Trail): CapturedName {
  // The inspector shows a module's own only where one of the module's functions uses it.
  if (name === 'require' && location.url.startsWith('file:')) {
    return { capture: { kind: 'require', url: location.url }, isLasting: true, from: [] };
  }
  const offered = offeredModule(name);
  if (use.isEager && offered === undefined && mayComeToBe(name)) {
    const what = 'which only its own definition used, so that it can not be looked up';
    throw refuseVariable(trail, name, what, wayOuts.module);
  }
  return { capture: offered && { kind: 'builtin', ...offered }, isLasting: !mayComeToBe(name), from: [] };
}

function captureFound(
  name: string,
  use: NameUse,
  { loaded, value, at, isConstant }: FoundName,
  { location, scopes }: InspectedFunction,
  trail: Trail,
  captor: NameCaptor,
): CapturedName {
  const { url } = location;
  switch (loaded?.kind) {
    case 'import': {
      const { specifier, name: imported, attributes } = loaded;
      return { capture: { kind: 'import', url, specifier, name: imported, attributes }, isLasting: true, from: [] };
    }
    case 'required': {
      // Evaluated anew where it stands, so only what encloses its declaration counts.
      const { line, column, declaration } = loaded;
      const outer = { location: { ...location, line, column }, scopes: scopes.slice(at) };
      const { index, names } = captor.required(name, declaration, outer, trail);
      return { capture: { kind: 'result', index }, isLasting: names !== undefined, from: names ?? [] };
    }
    case 'runner':
      throw refuseRunner(trail, name, use);
    case 'vite':
      return { capture: { kind: 'result', index: captor.vite(loaded.specifier, url) }, isLasting: true, from: [] };
    default:
      return { capture: captor.value(name, use, value, url, trail), isLasting: isConstant, from: [] };
  }
}
