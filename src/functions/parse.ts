/** Function and script texts as syntax trees. */

import { type AnyNode, type Program, parse, parseExpressionAt, tokenizer, tokTypes } from 'acorn';
import type { AnyFunction } from './inspect.js';

/** A function's own text, made into an expression that evaluates to it. */
export interface FunctionText {
  readonly source: string;
  readonly node: AnyNode;
  /** To be added to the node's positions to get positions in `source`. */
  readonly offset: number;
}

/**
 * The text of a function as an expression, or `undefined` where it has none (native code).
 *
 * A method's text (`foo() {}`, `async *[key]() {}`, `get x() {}`) is no expression by itself: it is put back into an object.
 */
export function functionText(fn: AnyFunction): FunctionText | undefined {
  const text = Function.prototype.toString.call(fn);
  let known = texts.get(text);
  if (known === undefined) {
    known = { expression: textAsExpression(text) };
    if (texts.size >= textsMax) texts.clear();
    texts.set(text, known);
  }
  return known.expression;
}

/** The functions that a loop makes all have one text. */
const texts = new Map<string, { readonly expression: FunctionText | undefined }>();
const textsMax = 256;

/** A text that is a function, a class or a method, as an expression. */
export function textAsExpression(text: string): FunctionText | undefined {
  const plain = tryExpression(text);
  if (plain?.end === text.length && isFunctionLike(plain)) return { source: text, node: plain, offset: 0 };
  const wrapped = `({ ${text} })`;
  const object = tryExpression(wrapped);
  if (object?.type !== 'ObjectExpression') return undefined;
  const [property] = object.properties;
  if (property?.type !== 'Property') return undefined;
  // A computed key belongs to where the method stood; the method is found by its place, so any name will do.
  if (property.computed) return textAsExpression(withPlainKey(wrapped, property.start, property.key).slice(3, -3));
  const pick =
    property.kind === 'get' || property.kind === 'set'
      ? `Object.getOwnPropertyDescriptor(o, k).${property.kind}`
      : 'o[k]';
  const before = `((o) => { const [k] = Reflect.ownKeys(o); return ${pick}; })(`;
  return { source: `${before}${wrapped})`, node: property.value, offset: before.length };
}

function withPlainKey(text: string, start: number, key: { start: number; end: number }): string {
  const open = text.lastIndexOf('[', key.start - 1);
  const close = text.indexOf(']', key.end);
  return `${text.slice(0, Math.max(open, start))} method${text.slice(close + 1)}`;
}

const options = {
  ecmaVersion: 'latest',
  // What ties a function to its place is found, and refused by its name, in the tree.
  allowSuperOutsideMethod: true,
  allowImportExportEverywhere: true,
  checkPrivateFields: false,
} as const;

function tryExpression(text: string): AnyNode | undefined {
  try {
    return parseExpressionAt(text, 0, options);
  } catch {
    // Not an expression: the caller tries another reading.
    return undefined;
  }
}

/** A CommonJS file's syntax tree, or `undefined` when the text is none. */
export function parseScript(source: string): Program | undefined {
  try {
    return parse(source, {
      ecmaVersion: 'latest',
      sourceType: 'script',
      allowReturnOutsideFunction: true,
      allowHashBang: true,
    });
  } catch {
    // Not a script that acorn reads.
    return undefined;
  }
}

/** The offset at which each line begins. The language knows more line breaks than one, and V8 counts them all. */
export function lineStarts(source: string): number[] {
  return [0, ...Array.from(source.matchAll(lineBreaks), ({ index, 0: found }) => index + found.length)];
}

const lineBreaks = /\r\n|[\n\r\u2028\u2029]/g;

/** Whether a script's own first words are `'use strict'`. */
export function beginsStrict(source: string): boolean {
  try {
    const first = tokenizer(source, { ecmaVersion: 'latest', allowHashBang: true }).getToken();
    return first.type === tokTypes.string && (first as { value?: unknown }).value === 'use strict';
  } catch {
    // Not a script that acorn reads.
    return false;
  }
}

function isFunctionLike(node: AnyNode): boolean {
  return ['FunctionExpression', 'ArrowFunctionExpression', 'ClassExpression'].includes(node.type);
}

/** A module's syntax tree, or `undefined` when the text is no ECMAScript module. */
export function parseModule(source: string): Program | undefined {
  try {
    return parse(source, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true });
  } catch {
    // A CommonJS file, or a script in a language that acorn does not read: it exports nothing that we could name.
    return undefined;
  }
}
