/** The folder that programs are written to: modules and packages that they import. */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

const helper = `
export default function greet(n) { return 'hello ' + n; }
export const add = (a, b = 1) => a + b;
export const factor = 3;
export const ownName = import.meta.url;
export const table = new Map([['t', factor], ['k', 'v']]);
export class Helper {
  #v;
  static label = 'helper';
  constructor(v) { this.#v = v; }
  value() { return this.#v; }
  get doubled() { return [this.#v, factor]; }
  set doubled(v) { this.#v = v; }
  static make(v) { return new this(v); }
  static isOne(o) { return #v in o; }
}
export class HelperError extends Error { constructor(message, detail) { super(message); this.detail = detail; } }
export function* upTo(n) { for (let i = 0; i < n; i++) yield i; }
function hidden(n) { return [n, factor]; }
export { hidden as 'a name' };
`;

const dual = {
  name: 'dual',
  exports: { '.': { import: './import.mjs', require: './require.cjs' } },
};

const files: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    name: 'world',
    imports: { '#internal': { import: './internal.mjs', require: './internal.cjs' } },
  }),
  'helper.mjs': helper,
  'helper.cjs': 'exports.triple = (n) => n * 3; exports.nested = { deep: [1] }; exports.unused = class { };',
  'internal.mjs': "export const internal = 'internal, imported';",
  'internal.cjs': "exports.internal = 'internal, required';",
  'data.json': JSON.stringify({ list: [1, 'two'], deep: { er: null } }),
  'node_modules/some-package/package.json': JSON.stringify({ name: 'some-package', main: './index.js' }),
  'node_modules/some-package/index.js': 'exports.half = (n) => n / 2;',
  'node_modules/some-package/nested.js': 'module.exports = (n) => [n, require("./index.js").half(n)];',
  'node_modules/dual/package.json': JSON.stringify(dual),
  'node_modules/dual/import.mjs': "export const which = 'imported';",
  'node_modules/dual/require.cjs': "exports.which = 'required';",
};

export function makeWorld(folder: string): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  symlinkSync(root, join(folder, 'node_modules/concurrent-futures'));
}
