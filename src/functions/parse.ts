/** Function and script texts as syntax trees. */

import { type AnyNode, type Program, parse, parseExpressionAt } from 'acorn';
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
  const plain = tryExpression(text);
  if (plain?.end === text.length && isFunctionLike(plain)) return { source: text, node: plain, offset: 0 };
  const wrapped = `({ ${text} })`;
  const object = tryExpression(wrapped);
  if (object?.type !== 'ObjectExpression') return undefined;
  const [property] = object.properties;
  if (property?.type !== 'Property') return undefined;
  const pick =
    property.kind === 'get' || property.kind === 'set'
      ? `Object.getOwnPropertyDescriptor(o, k).${property.kind}`
      : 'o[k]';
  const before = `((o) => { const [k] = Reflect.ownKeys(o); return ${pick}; })(`;
  return { source: `${before}${wrapped})`, node: property.value, offset: before.length };
}

function tryExpression(text: string): AnyNode | undefined {
  try {
    return parseExpressionAt(text, 0, { ecmaVersion: 'latest', allowSuperOutsideMethod: true });
  } catch {
    // Not an expression: the caller tries another reading.
    return undefined;
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
