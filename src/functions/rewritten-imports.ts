/**
 * Imports as test runners and compilers rewrite them: to a variable that holds the module's object.
 *
 *   vite          const __vite_ssr_import_0__ = await __vite_ssr_import__('/helper.ts', …)      __vite_ssr_import_0__.name
 *   CommonJS      var import_helper = __toESM(require('./helper'))                              import_helper.name
 *   with counters var import_helper = (cov_x().s[1]++, __toESM(require('./helper')))            import_helper.name
 */

import type { AnyNode, CallExpression } from 'acorn';

/** A module as it is asked for where it is rewritten. */
export interface RewrittenImport {
  readonly specifier: string;
  /** Through what its exports went before they got to the variable. */
  readonly through: 'vite' | 'require' | 'interop' | 'interop of Node';
}

/** What a variable's first value is, where that is a whole module. */
export function rewrittenImport(init: AnyNode): RewrittenImport | undefined {
  const node = withoutCounters(init);
  if (node.type === 'AwaitExpression') return viteImport(node.argument);
  if (node.type !== 'CallExpression') return undefined;
  const plain = requiredModule(node);
  if (plain !== undefined) return { specifier: plain, through: 'require' };
  const [module, isNodeMode] = node.arguments;
  if (!isInterop(node) || module === undefined) return undefined;
  const wrapped = requiredModule(withoutCounters(module));
  if (wrapped === undefined) return undefined;
  // Only esbuild passes it, from a file that Node takes for an ES module.
  const isNode = isNodeMode?.type === 'Literal' && Boolean(isNodeMode.value);
  return { specifier: wrapped, through: isNode ? 'interop of Node' : 'interop' };
}

/** The modules that an expression requires, wherever in it. */
export function* requiredModules(node: unknown): Iterable<string> {
  if (Array.isArray(node)) {
    for (const item of node) yield* requiredModules(item);
    return;
  }
  if (typeof node !== 'object' || node === null || !('type' in node)) return;
  const specifier = requiredModule(node as AnyNode);
  if (specifier !== undefined) yield specifier;
  for (const value of Object.values(node)) yield* requiredModules(value);
}

/**
 * What compilers' helpers make of a required module. The helpers themselves can't be had: they keep what they made in weak
 * maps, and where only the module's own statements use them, they are in no scope that the inspector shows.
 */
export function requireAgain({ specifier, through }: RewrittenImport): string {
  const required = `require(${JSON.stringify(specifier)})`;
  if (through === 'require') return required;
  const asItIs = through === 'interop' ? 'if (e && e.__esModule) return e; ' : '';
  const copied = 'for (const k of e == null ? [] : Object.getOwnPropertyNames(e)) if (k !== "default") ';
  const define = 'Object.defineProperty(n, k, { get: () => e[k], enumerable: true }); ';
  return `((e) => { ${asItIs}const n = { default: e }; ${copied}${define}return n; })(${required})`;
}

/** What vite makes of a module that it leaves to Node: exports of CommonJS count as named ones. `namespace` is free in it. */
export const viteInterop = `() => {
  if (!('default' in namespace)) return namespace;
  const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';
  let exports = namespace;
  let whole = namespace.default;
  if (isObject(whole) && '__esModule' in whole) {
    exports = whole;
    if ('default' in whole) whole = whole.default;
  }
  return new Proxy(exports, {
    get: (_target, name) => (name === 'default' ? whole : (exports[name] ?? whole?.[name])),
    has: (_target, name) => name === 'default' || name in exports || (isObject(whole) && name in whole),
  });
}`;

const viteNames = { meta: '__vite_ssr_import_meta__', dynamicImport: '__vite_ssr_dynamic_import__' };

/** What a worker has under the names by which vite hands a module its `import.meta` and its `import()`. */
export function viteDeclarations(root: string): Record<string, string> {
  const flags = ['DEV', 'PROD', 'SSR'].map((name) => `${name}: Boolean(process.env.${name})`).join(', ');
  const base = JSON.stringify(root.replaceAll('\\', '/'));
  return {
    [viteNames.meta]: `{ ...import.meta, env: { ...process.env, ${flags} } }`,
    [viteNames.dynamicImport]: `(specifier) => {
      const path = String(specifier);
      const isOfRoot = path.startsWith('/') && !path.startsWith(${base} + '/');
      const file = path.startsWith('/@fs/') ? path.slice('/@fs'.length) : isOfRoot ? ${base} + path : path;
      return import(file).then((namespace) => (${viteInterop})());
    }`,
  };
}

/** What a module imports, where vite has rewritten it. */
export function* viteImports(node: unknown): Iterable<string> {
  if (Array.isArray(node)) {
    for (const item of node) yield* viteImports(item);
    return;
  }
  if (typeof node !== 'object' || node === null || !('type' in node)) return;
  const found = viteImport(node as AnyNode);
  if (found !== undefined) yield found.specifier;
  for (const value of Object.values(node)) yield* viteImports(value);
}

/** Coverage tools count in front of an expression: `(cov_x().s[0]++, expression)`. */
function withoutCounters(node: AnyNode): AnyNode {
  return node.type === 'SequenceExpression' ? (node.expressions.at(-1) as AnyNode) : node;
}

function viteImport(node: AnyNode): RewrittenImport | undefined {
  if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier') return undefined;
  const { name } = node.callee;
  // With mocks in the file, vitest imports by the other of the two.
  if (name !== '__vite_ssr_import__' && name !== viteNames.dynamicImport) return undefined;
  const [module] = node.arguments;
  return module?.type === 'Literal' ? { specifier: String(module.value), through: 'vite' } : undefined;
}

function requiredModule(node: AnyNode): string | undefined {
  if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier' || node.callee.name !== 'require') {
    return undefined;
  }
  const [module] = node.arguments;
  return module?.type === 'Literal' && typeof module.value === 'string' ? module.value : undefined;
}

/** By name, since anything may be called with a module: those of esbuild, TypeScript, Babel and SWC. */
const interopHelpers: ReadonlySet<string> = new Set([
  '__toESM',
  '__importDefault',
  '__importStar',
  '_interopRequireDefault',
  '_interopRequireWildcard',
  '_interop_require_default',
  '_interop_require_wildcard',
]);

function isInterop({ callee }: CallExpression): boolean {
  const called = withoutCounters(callee);
  if (called.type === 'Identifier') return interopHelpers.has(called.name);
  // `tslib_1.__importDefault`, `_interopRequireDefault.default`
  if (called.type !== 'MemberExpression' || called.computed || called.property.type !== 'Identifier') return false;
  const { object, property } = called;
  return interopHelpers.has(property.name) || (object.type === 'Identifier' && interopHelpers.has(object.name));
}
