/** What a function carries beside its text. */

import type { AnyNode, MethodDefinition, PropertyDefinition } from 'acorn';
import type { AnyFunction } from './inspect.js';
import { functionText } from './parse.js';

type Key = string | symbol;

const standard: ReadonlySet<Key> = new Set(['length', 'name', 'prototype', 'arguments', 'caller']);

/** Own properties that the text does not make, or that may have changed since: the fields of a class. */
export function ownProperties(fn: AnyFunction, node: AnyNode): Key[] {
  const declared = namesOf(members(node).filter((member) => member.static));
  return Reflect.ownKeys(fn).filter((key) => {
    if (standard.has(key)) return false;
    const descriptor = Object.getOwnPropertyDescriptor(fn, key) as PropertyDescriptor;
    // What the text makes anew counts only where it is data, which may be other data by now.
    return !declared.has(key) || ('value' in descriptor && typeof descriptor.value !== 'function');
  });
}

/** The properties that were put on the prototype of a class or a constructor later on. */
export function prototypeProperties(fn: AnyFunction, node: AnyNode): Key[] {
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, 'prototype')?.value;
  if (typeof prototype !== 'object' || prototype === null) return [];
  const own = members(node).filter((member) => !member.static);
  // What a computed key came to can't be read off the text.
  if (own.some((member) => member.computed)) return [];
  const declared = namesOf(own);
  return Reflect.ownKeys(prototype).filter((key) => key !== 'constructor' && !declared.has(key));
}

/** How many properties a function and its prototype have: it grows when somebody puts one on them. */
export function countProperties(fn: AnyFunction): number {
  // Each submit asks: arrow functions have none, and a descriptor costs as much as all the rest.
  if (!Object.hasOwn(fn, 'prototype')) return Reflect.ownKeys(fn).length;
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, 'prototype')?.value;
  const inherited = typeof prototype === 'object' && prototype !== null ? Reflect.ownKeys(prototype).length : 0;
  return Reflect.ownKeys(fn).length + inherited;
}

/** The function's name, where its text by itself would give it another. */
export function assignedName(fn: AnyFunction, node: AnyNode): string | undefined {
  const name: unknown = Object.getOwnPropertyDescriptor(fn, 'name')?.value;
  if (typeof name !== 'string' || name === '') return undefined;
  const written = node.type === 'FunctionExpression' || node.type === 'ClassExpression' ? node.id?.name : undefined;
  return written === name ? undefined : name;
}

/** Whether instances of a class have members that nobody outside of it can read. */
export function hasPrivateMembers(made: AnyFunction): boolean {
  for (let at: unknown = made; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
    const node = functionText(at)?.node;
    if (node === undefined) return false;
    if (members(node).some((member) => !member.static && member.key.type === 'PrivateIdentifier')) return true;
  }
  return false;
}

function members(node: AnyNode): (MethodDefinition | PropertyDefinition)[] {
  if (node.type !== 'ClassExpression') return [];
  return node.body.body.filter((member) => member.type !== 'StaticBlock');
}

function namesOf(all: readonly (MethodDefinition | PropertyDefinition)[]): Set<Key> {
  return new Set(
    all.flatMap(({ key, computed }) => {
      if (!computed && key.type === 'Identifier') return [key.name];
      return key.type === 'Literal' ? [String(key.value)] : [];
    }),
  );
}
