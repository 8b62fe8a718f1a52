/** Of an object, only what a function's text looks at needs to travel, where the text shows what that is. */

import type { NameUse } from './name-uses.js';
import { objectKind } from './object-kind.js';
import { functionText } from './parse.js';

/** The members that suffice, where nothing else of the object is used; `undefined` where the whole is needed. */
export function usedMembers(value: object, use: NameUse): string[] | undefined {
  if (use.isWhole || use.members.size === 0) return undefined;
  const isModule = isModuleLike(value);
  if (!isModule && objectKind(value).is !== 'plain') return undefined;
  for (const [name, { isCalled }] of use.members) {
    const descriptor = Object.getOwnPropertyDescriptor(value, name);
    if (descriptor === undefined) return undefined;
    if (isModule) continue;
    // What is called as a method may look at anything through its `this`.
    if (!('value' in descriptor) || (isCalled && !ignoresThis(descriptor.value))) return undefined;
  }
  return [...use.members.keys()];
}

/** What a module exports, as an object: its own names, read through getters, none of which looks at `this`. */
export function isModuleLike(value: object): boolean {
  // Its own, and not by a getter: a class may have one that does anything.
  const tag = Object.getOwnPropertyDescriptor(value, Symbol.toStringTag)?.value as unknown;
  return tag === 'Module' || Object.hasOwn(value, '__esModule');
}

/** Whether an object may be one of Node's modules: among their first members are functions. */
export function holdsFunctions(value: object): boolean {
  if (Object.getPrototypeOf(value) !== Object.prototype && !isModuleLike(value)) return false;
  let looked = 0;
  for (const key in value) {
    if (typeof Object.getOwnPropertyDescriptor(value, key)?.value === 'function') return true;
    looked += 1;
    if (looked === keysMax) return false;
  }
  return false;
}

const keysMax = 8;

/** Whether a function can't look at what it is called on. */
function ignoresThis(value: unknown): boolean {
  return typeof value === 'function' && functionText(value)?.node.type === 'ArrowFunctionExpression';
}
