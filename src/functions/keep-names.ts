/**
 * The helper that esbuild (and so tsx, and many bundles) calls to keep functions' names: `__name(fn, 'name')`.
 *
 * The user never wrote it, so a function is not refused for capturing it; it gets one of its own.
 */

import { parseExpressionAt } from 'acorn';

/** A helper's own text: `(target, value) => defineProperty(target, "name", { value, configurable: true })`. */
export function isKeepNamesHelper(value: unknown): boolean {
  if (typeof value !== 'function' || value.length !== 2) return false;
  const text = Function.prototype.toString.call(value);
  if (text.length > 200 || !text.includes('"name"')) return false;
  try {
    const node = parseExpressionAt(text, 0, { ecmaVersion: 'latest' });
    if (node.type !== 'ArrowFunctionExpression' || node.body.type !== 'CallExpression') return false;
    const [target, key, descriptor] = node.body.arguments;
    return (
      target?.type === 'Identifier' &&
      key?.type === 'Literal' &&
      key.value === 'name' &&
      descriptor?.type === 'ObjectExpression'
    );
  } catch {
    // Not an expression: a method, and so not the helper.
    return false;
  }
}

/** Gives an expression the helpers that it calls by these names. */
export function withKeepNames(source: string, names: readonly string[]): string {
  if (names.length === 0) return source;
  const helper = "(f, n) => Object.defineProperty(f, 'name', { value: n, configurable: true })";
  return `((${names.join(', ')}) => (${source}\n))(${names.map(() => helper).join(', ')})`;
}
