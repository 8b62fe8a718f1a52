/**
 * What a class evaluated once, when it was made, and its scopes no longer tell: its base, where that is an expression, and its
 * computed keys. The class itself has them, so names for what it has take their places in the text.
 */

import type { AnyNode, ClassExpression, Identifier, MethodDefinition, PropertyDefinition } from 'acorn';
import type { AnyFunction } from './inspect.js';
import { type FunctionText, lineStarts } from './parse.js';

export interface ClassText {
  readonly text: FunctionText;
  /** What the names stand for that were put in. */
  readonly made: ReadonlyMap<string, unknown>;
}

type Member = MethodDefinition | PropertyDefinition;

interface Replacement {
  readonly node: AnyNode;
  readonly name: string;
}

/** The class's text with names for what can be had from the class; the same text where there is nothing to put in. */
export function classText(fn: AnyFunction, text: FunctionText, isFound: (name: string) => boolean): ClassText {
  const { node } = text;
  if (node.type !== 'ClassExpression') return { text, made: new Map() };
  const made = new Map<string, unknown>();
  const places: Replacement[] = [];
  const put = (place: AnyNode, name: string, value: unknown): Identifier => {
    made.set(name, value);
    places.push({ node: place, name });
    return { type: 'Identifier', name, start: place.start, end: place.end };
  };
  const { superClass } = node;
  const isKept =
    !superClass || superClass.type === 'Literal' || (superClass.type === 'Identifier' && isFound(superClass.name));
  const base = isKept ? superClass : put(superClass, '$base', Object.getPrototypeOf(fn));
  const keys = new Map([...computedKeys(fn, text, false), ...computedKeys(fn, text, true)]);
  const body = node.body.body.map((member, i) => {
    if (member.type === 'StaticBlock' || !keys.has(member)) return member;
    return { ...member, key: put(member.key, `$key${i}`, keys.get(member)) };
  });
  if (places.length === 0) return { text, made };
  const tree = { ...node, superClass: base, body: { ...node.body, body } } as ClassExpression;
  return { text: { source: withNames(text, places), node: tree, offset: text.offset }, made };
}

/**
 * The keys that the computed ones came to: of a method, the one under which its text stands; of fields, what the class has
 * beyond all else, in their order. None for fields that can't be told apart; then the text has to do.
 */
function computedKeys(
  fn: AnyFunction,
  { source, node, offset }: FunctionText,
  isStatic: boolean,
): [Member, string | symbol][] {
  const all = (node as ClassExpression).body.body.filter((member): member is Member => member.type !== 'StaticBlock');
  const own = all.filter((member) => member.static === isStatic);
  if (!own.some((member) => member.computed)) return [];
  const owner = (isStatic ? fn : fn.prototype) as object;
  const named = new Set<string | symbol>(['constructor', 'length', 'name', 'prototype']);
  for (const { key, computed } of own) {
    if (!computed) named.add(key.type === 'Identifier' ? key.name : String((key as { value?: unknown }).value));
  }
  let left = Reflect.ownKeys(owner).filter((key) => !named.has(key));
  const found: [Member, string | symbol][] = [];
  for (const member of own) {
    if (!member.computed || member.type !== 'MethodDefinition') continue;
    const text = source.slice(member.start + offset, member.end + offset);
    const key = left.find((each) => textsAt(owner, each).some((method) => text.endsWith(method)));
    if (key !== undefined) found.push([member, key]);
  }
  const ofMethods = new Set(found.map(([, key]) => key));
  left = left.filter((key) => !ofMethods.has(key));
  const fields = isStatic ? own.filter((member) => member.computed && member.type === 'PropertyDefinition') : [];
  // Symbols come after texts, and numbers before, whatever the order in which they were defined.
  const isOrdered = left.every((key) => typeof key === 'string' && !/^\d+$/.test(key));
  if (left.length !== fields.length || (!isOrdered && left.length > 1)) return found;
  return [...found, ...fields.map((member, i): [Member, string | symbol] => [member, left[i] as string | symbol])];
}

function textsAt(owner: object, key: string | symbol): string[] {
  const { value, get, set } = Object.getOwnPropertyDescriptor(owner, key) as PropertyDescriptor;
  return [value, get, set].flatMap((fn) => (typeof fn === 'function' ? [Function.prototype.toString.call(fn)] : []));
}

/** As many lines as before, so that what follows keeps its own. */
function withNames({ source, offset }: FunctionText, places: readonly Replacement[]): string {
  return [...places]
    .sort((a, b) => b.node.start - a.node.start)
    .reduce((text, { node: { start, end }, name }) => {
      const before = text.slice(start + offset, end + offset);
      const breaks = '\n'.repeat(lineStarts(before).length - 1);
      return text.slice(0, start + offset) + (name + breaks).padEnd(end - start) + text.slice(end + offset);
    }, source);
}
