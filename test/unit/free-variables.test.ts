/** Which names a function uses that it does not declare, for every piece of syntax that declares or uses names. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { type AnyNode, parseExpressionAt } from 'acorn';
import { exportedNames } from '../../src/functions/declared-names.js';
import { type FreeVariables, freeVariables } from '../../src/functions/free-variables.js';
import { functionText, parseModule } from '../../src/functions/parse.js';

const options = { timeout: 30_000 };

interface Row {
  readonly code: string;
  /** The free names, by blanks. */
  readonly free: string;
  readonly uses?: readonly ('this' | 'super' | 'import.meta')[];
  /** Code that strict mode forbids. */
  readonly sloppy?: true;
}

function parseFunction(code: string, sloppy = false): AnyNode {
  // A module may hold more than a script may; a sloppy function is a script's.
  return parseExpressionAt(`(${code}\n)`, 0, {
    ecmaVersion: 'latest',
    sourceType: sloppy ? 'script' : 'module',
    allowSuperOutsideMethod: true,
  });
}

function sorted(names: string): string[] {
  return names.split(' ').filter(Boolean).sort();
}

const groups: Readonly<Record<string, readonly Row[]>> = {
  parameters: [
    { code: 'n => n + 1', free: '' },
    { code: '() => n', free: 'n' },
    { code: '(a, b, ...rest) => a + b + rest.length', free: '' },
    { code: '(a, b = a, c = b + x) => c', free: 'x' },
    { code: '(a = b, b) => a', free: '' },
    { code: '(a = inner) => { var inner = 1; return a + inner; }', free: 'inner' },
    { code: '(a = () => inner) => { let inner = 1; return a() + inner; }', free: 'inner' },
    { code: 'function f(a = f) { return a; }', free: '' },
    { code: '(a = arguments) => a', free: 'arguments', sloppy: true },
    { code: 'function (a = arguments[1]) { return a; }', free: '' },
    { code: '({ a, b: c, [k]: d, ...rest }) => [a, c, d, rest]', free: 'k' },
    { code: '({ a, b: c }) => b', free: 'b' },
    { code: '({ a = x, b: { c = a } = y }) => c', free: 'x y' },
    { code: '([a, , [b = a], ...[c]]) => a + b + c', free: '' },
    { code: '({ [a]: b }, a) => b', free: '' },
    { code: '(a, { length } = a) => length', free: '' },
    { code: 'async (a) => a', free: '' },
  ],
  'names of functions': [
    { code: 'function fact(n) { return n < 2 ? 1 : n * fact(n - 1); }', free: '' },
    { code: '() => { const f = function g() { return g; }; return g; }', free: 'g' },
    { code: '() => { f(); function f() {} }', free: '' },
    { code: '() => { function f() { return g(); } function g() { return f(); } return f; }', free: '' },
    { code: '() => { const f = () => g(); const g = () => f(); return f; }', free: '' },
    { code: 'function f() { { function f() {} } return f; }', free: '' },
    { code: 'function f(f) { return f; }', free: '' },
    { code: 'function* gen() { yield* gen(); yield x; }', free: 'x' },
    { code: 'async function f() { await f(); for await (const a of b) use(a); }', free: 'b use' },
    { code: 'async function* f() { yield await x; }', free: 'x' },
  ],
  'var and its hoisting': [
    { code: '() => { x = 1; var x; return x; }', free: '' },
    { code: '() => { if (a) { var x = 1; } return x; }', free: 'a' },
    { code: '() => { if (a) var x = 1; else var y = 2; return x + y; }', free: 'a' },
    { code: '() => { for (var i = 0; i < n; i++) { var last = i; } return i + last; }', free: 'n' },
    { code: '() => { for (var k in o) var v = o[k]; return [k, v]; }', free: 'o' },
    { code: '() => { for (var [a, { b }] of list); return a + b; }', free: 'list' },
    { code: '() => { while (a) { do { var x = 1; } while (b); } return x; }', free: 'a b' },
    { code: '() => { try { var a = 1; } catch { var b = 2; } finally { var c = 3; } return a + b + c; }', free: '' },
    { code: '() => { switch (v) { case 1: var a = 1; default: { var b = 2; } } return a + b; }', free: 'v' },
    { code: '() => { outer: { var a = 1; break outer; } return a; }', free: '' },
    { code: '() => { const inner = () => { var x = 1; }; return x; }', free: 'x' },
    { code: '() => { var { a, b: [c = d] } = e; return a + c; }', free: 'd e' },
    { code: '(x) => { var x; return x; }', free: '' },
    { code: 'function () { with (o) { var x = 1; } return x; }', free: 'o', sloppy: true },
  ],
  // Sloppy code sees them outside of their blocks, strict code does not; a name too many does no harm, one too few does.
  'functions in blocks': [
    { code: '() => { { function f() {} } return f; }', free: 'f', sloppy: true },
    { code: '() => { if (a) function f() {} return f; }', free: 'a f', sloppy: true },
    { code: '() => { switch (a) { case 1: function f() {} } return f; }', free: 'a f', sloppy: true },
    { code: '() => { { { label: function f() {} } } return f; }', free: 'f', sloppy: true },
    { code: '() => { { function f() {} f(); } }', free: '' },
    { code: '() => { { f(); function f() {} } }', free: '' },
  ],
  'let, const and blocks': [
    { code: '() => { { let x = 1; } return x; }', free: 'x' },
    { code: '() => { { const x = 1; use(x); } }', free: 'use' },
    { code: '() => { use(x); let x = 1; }', free: 'use' },
    { code: '() => { if (a) { let a = 1; use(a); } }', free: 'a use' },
    { code: '() => { let { a, ...b } = c, [d, e = a] = b; return d + e; }', free: 'c' },
    { code: '() => { for (let i = 0, n = m; i < n; i++) use(i); return i; }', free: 'm use i' },
    { code: '() => { for (const x of xs) use(x); return x; }', free: 'xs use x' },
    { code: '() => { for (const { a = b, [c]: d } of xs) use(a, d); }', free: 'b c xs use' },
    { code: '() => { for (const k in o) { let k = 2; use(k); } }', free: 'o use' },
    { code: '() => { for (x of xs) use(x); }', free: 'x xs use' },
    { code: '() => { for (o.p in q); for ([a.b, c] of d); }', free: 'o q a c d' },
    { code: '() => { for (;;) break; }', free: '' },
    { code: '() => { switch (a) { case b: let c = 1; use(c); break; case c: } }', free: 'a b use' },
    { code: '() => { switch (c) { case 1: let c; } return c; }', free: 'c' },
    { code: '() => { try { a(); } catch (e) { b(e); } return e; }', free: 'a b e' },
    { code: '() => { try { a(); } catch { b(); } }', free: 'a b' },
    { code: '() => { try {} catch ({ message: m = d, [k]: v }) { use(m, v); } }', free: 'd k use' },
    { code: '() => { try {} catch (e) { var e = 1; } return e; }', free: '' },
    { code: '() => { { class C {} } return C; }', free: 'C' },
    { code: '() => { using a = open(); return a; }', free: 'open' },
  ],
  'labels and properties are no names': [
    { code: '() => { outer: for (;;) { for (;;) { continue outer; } break outer; } }', free: '' },
    { code: '(a) => a.b.c', free: '' },
    { code: '(a) => a[b]', free: 'b' },
    { code: '(a) => a?.b?.[c]?.(d)', free: 'c d' },
    { code: '() => a?.b', free: 'a' },
    { code: '() => ({ a: 1, b: 2, "c": 3, 4: 5 })', free: '' },
    { code: '() => ({ a, b: c, [d]: e, ...f })', free: 'a c d e f' },
    { code: '(a) => ({ a, m() { return a + x; }, get g() { return y; }, set s(v) { z = v; } })', free: 'x y z' },
    { code: '() => ({ m() { return m; } })', free: 'm' },
    { code: '() => ({ async *[k]() { yield* l; } })', free: 'k l' },
    { code: '() => ({ __proto__: base })', free: 'base' },
    { code: '() => undefined', free: 'undefined' },
  ],
  'expressions of every kind': [
    { code: '() => (a + -b && (c ? d : e)) ?? f', free: 'a b c d e f' },
    { code: '() => { a = b; c += d; e++; --f; delete g.h; void i; typeof j; }', free: 'a b c d e f g i j' },
    { code: '() => { ({ a, b: c.d, [e]: f = g, ...h } = i); }', free: 'a c e f g h i' },
    { code: '() => { [a, b[c], ...d] = e; }', free: 'a b c d e' },
    { code: '() => new A(b, ...c)', free: 'A b c' },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    { code: '() => tag`text ${a} ${`inner ${b}`}`', free: 'tag a b' },
    { code: '() => /regular (?<name>x)/u', free: '' },
    { code: '() => (a, b)', free: 'a b' },
    { code: '() => import(a)', free: 'a' },
    { code: '() => import("node:fs", { with: b })', free: 'b' },
    { code: '() => import.meta.url', free: '', uses: ['import.meta'] },
    { code: '() => (a in b, c instanceof D)', free: 'a b c D' },
    { code: 'function () { return new.target; }', free: '' },
    { code: '() => { throw new E(); }', free: 'E' },
    { code: '() => { debugger; ; }', free: '' },
    { code: '() => a.a(a)', free: 'a' },
    { code: '() => [a, , ...b]', free: 'a b' },
    { code: '() => 1n + 0x10 + "s".length', free: '' },
  ],
  arguments: [
    { code: 'function () { return arguments.length; }', free: '' },
    { code: 'function () { return () => arguments[0]; }', free: '' },
    { code: '() => arguments', free: 'arguments', sloppy: true },
    { code: '() => { function f() { return arguments; } return f; }', free: '' },
    { code: '() => ({ m() { return arguments; } })', free: '' },
    { code: '(...arguments_) => arguments_', free: '' },
    { code: 'function (arguments) { return arguments; }', free: '', sloppy: true },
  ],
  'this and super': [
    { code: '() => this', free: '', uses: ['this'] },
    { code: '() => () => this.x', free: '', uses: ['this'] },
    { code: 'async () => { for (const a of this.list) use(a); }', free: 'use', uses: ['this'] },
    { code: '(a = this) => a', free: '', uses: ['this'] },
    { code: 'function () { return this; }', free: '' },
    { code: 'function () { return () => this; }', free: '' },
    { code: '() => function () { return this; }', free: '' },
    { code: '() => ({ m() { return this; } })', free: '' },
    { code: '() => ({ m: () => this })', free: '', uses: ['this'] },
    { code: '() => ({ [this.k]() {} })', free: '', uses: ['this'] },
    { code: '() => class { x = this.y; static z = this; static { this.w; } m() { return this; } }', free: '' },
    { code: '() => class { [this.k] = 1; }', free: '', uses: ['this'] },
    { code: '() => class extends this.Base {}', free: '', uses: ['this'] },
    { code: '() => class { x = () => this; }', free: '' },
    { code: '() => super.m()', free: '', uses: ['super'] },
    {
      code: '() => class extends B { constructor() { super(); super.m(); } x = super.y; static { super.z; } }',
      free: 'B',
    },
    { code: '() => ({ m() { return super.m(); } })', free: '' },
  ],
  classes: [
    { code: '() => class {}', free: '' },
    { code: '() => class A extends B { m() { return A; } }', free: 'B' },
    { code: '() => class A extends A {}', free: '' },
    { code: '() => { const X = class A {}; return A; }', free: 'A' },
    { code: '() => { class A { static make() { return new A(); } } return new A(); }', free: '' },
    { code: '() => { new A(); class A {} }', free: '' },
    { code: '() => class { a = b; static c = d; [e] = f; "g" = h; 1 = i; }', free: 'b d e f h i' },
    { code: '() => class { a; b = a; }', free: 'a' },
    { code: '() => class { #p = q; m() { return this.#p + (#p in r); } get #g() { return this.#g; } }', free: 'q r' },
    { code: '() => class { static { const a = b; use(a); } m() { return a; } }', free: 'b use a' },
    { code: '() => class { static { var a = 1; use(a); } m() { return a; } }', free: 'use a' },
    { code: '() => class { static { { var a = 1; } use(a); function f() { return a; } f(); } }', free: 'use' },
    { code: '() => class { constructor(a = b) { this.a = a; } }', free: 'b' },
    { code: '() => class { [k]() {} get [l]() {} static async *[m]() {} }', free: 'k l m' },
    { code: '() => class { accessor; static; get; set; async; }', free: '' },
    { code: '() => class { m() { return m; } }', free: 'm' },
  ],
};

const kinds = {
  this: (free: FreeVariables) => free.usesThis,
  super: (free: FreeVariables) => free.usesSuper,
  'import.meta': (free: FreeVariables) => free.importMetas.length > 0,
};

for (const [group, rows] of Object.entries(groups)) {
  for (const { code, free, uses = [], sloppy } of rows) {
    const outer = uses.length === 0 ? '' : `, and uses the outer ${uses.join(' and ')}`;
    test(
      `${group}: the free names of ${code} are ${free === '' ? 'none' : free.replaceAll(' ', ', ')}${outer}`,
      options,
      () => {
        const found = freeVariables(parseFunction(code, sloppy));
        assert.deepEqual([...found.names].sort(), sorted(free));
        for (const [kind, flag] of Object.entries(kinds)) {
          assert.equal(flag(found), (uses as readonly string[]).includes(kind), `${kind}`);
        }
      },
    );
  }
}

test('the free names come in the order of their first use, each once', options, () => {
  assert.deepEqual(freeVariables(parseFunction('(a = z) => y + x.z + z + (() => w + y)()')).names, [
    'z',
    'y',
    'x',
    'w',
  ]);
});

test('in strict code a function in a block is not seen outside of it', options, () => {
  // The text of a function of an ES module runs strictly; there the outer `f` is another one, which has to be captured.
  const found = freeVariables(parseFunction('() => { "use strict"; { function f() {} } return f; }'));
  assert.deepEqual(found.names, ['f']);
});

test('generators and asynchronous functions in blocks are not seen outside of them', options, () => {
  const found = freeVariables(
    parseFunction('() => { { function* f() {} async function g() {} } return [f, g]; }', true),
  );
  assert.deepEqual(found.names, ['f', 'g']);
});

// ── What a module exports ──

const modules: readonly { readonly code: string; readonly exports: Readonly<Record<string, string>> }[] = [
  {
    code: 'export function f() {} export async function* g() {} export class C {}',
    exports: { f: 'f', g: 'g', C: 'C' },
  },
  {
    code: 'export const a = 1, { b, c: [d, ...e], f = 1, ...g } = x; export let h; export var i;',
    exports: { a: 'a', b: 'b', d: 'd', e: 'e', f: 'f', g: 'g', h: 'h', i: 'i' },
  },
  { code: 'const a = 1; export { a }; export { a as b, a as default };', exports: { a: 'a', b: 'a', default: 'a' } },
  { code: 'const a = 1; export { a as "any text" };', exports: { 'any text': 'a' } },
  { code: 'export default function f() {}', exports: { default: 'f' } },
  { code: 'export default function () {}', exports: { default: '*default*' } },
  { code: 'export default class {}', exports: { default: '*default*' } },
  { code: 'export default (a) => a;', exports: { default: '*default*' } },
  { code: 'import { a } from "m"; export { a as b };', exports: { b: 'a' } },
  { code: 'export { a } from "m"; export * from "n"; export * as o from "p";', exports: {} },
  { code: 'const f = () => {}; f();', exports: {} },
  { code: '#!/usr/bin/env node\nexport const a = await 1;', exports: { a: 'a' } },
];

for (const { code, exports } of modules) {
  const names = Object.keys(exports).join(', ') || 'nothing of its own';
  test(`the module ${JSON.stringify(code)} exports ${names}`, options, () => {
    const program = parseModule(code);
    assert.ok(program !== undefined);
    const found = exportedNames(program).map(({ exported, local }) => [exported, local]);
    assert.deepEqual(Object.fromEntries(found), exports);
    assert.equal(found.length, Object.keys(exports).length);
  });
}

test('a text that is no module has no syntax tree', options, () => {
  assert.equal(parseModule('return 1'), undefined);
  assert.equal(parseModule('const a: number = 1'), undefined);
});

// ── A function's own text ──

const key = 'computed key';
class Sample {
  static s() {
    return 's';
  }
  #p = 'p';
  plain() {
    return 'plain';
  }
  get value() {
    return 'value';
  }
  usesPrivate() {
    return this.#p;
  }
}
const object = {
  method() {
    return 'method';
  },
  async asynchronous() {
    return 'asynchronous';
  },
  *generator() {
    yield 1;
  },
  async *both() {
    yield 1;
  },
  [key]() {
    return 'computed';
  },
  'quoted name'() {
    return 'quoted';
  },
  42() {
    return 'number';
  },
  get() {
    return 'called get';
  },
  async() {
    return 'called async';
  },
  static() {
    return 'called static';
  },
  arrow: (a: number) => a + 1,
  get accessor() {
    return 'accessor';
  },
};

const texts: Readonly<Record<string, { readonly fn: (...args: never[]) => unknown; readonly gives?: unknown }>> = {
  'an arrow function': { fn: object.arrow },
  'a function expression': { fn: () => 'f', gives: 'f' },
  'a method': { fn: object.method, gives: 'method' },
  'an asynchronous method': { fn: object.asynchronous },
  'a generator method': { fn: object.generator },
  'an asynchronous generator method': { fn: object.both },
  'a method under a computed key': { fn: object[key], gives: 'computed' },
  'a method with a quoted name': { fn: object['quoted name'], gives: 'quoted' },
  'a method with a number for a name': { fn: object[42], gives: 'number' },
  'a method called get': { fn: object.get, gives: 'called get' },
  'a method called async': { fn: object.async, gives: 'called async' },
  'a method called static': { fn: object.static, gives: 'called static' },
  'a method of a class': { fn: Sample.prototype.plain, gives: 'plain' },
  'a static method of a class': { fn: Sample.s, gives: 's' },
  'a getter of an object': { fn: getter(object, 'accessor'), gives: 'accessor' },
  'a getter of a class': { fn: getter(Sample.prototype, 'value'), gives: 'value' },
  'a text that ends in a comment': { fn: new Function('a', 'return 1 // the end') as () => unknown, gives: 1 },
};

function getter(owner: object, name: string): () => unknown {
  return Object.getOwnPropertyDescriptor(owner, name)?.get as () => unknown;
}

for (const [what, { fn, gives }] of Object.entries(texts)) {
  test(`the text of ${what} is an expression that makes it`, options, () => {
    const text = functionText(fn);
    assert.ok(text !== undefined);
    // A realm of its own, since nothing of this file may be needed to make it.
    const made = runInNewContext(`(${text.source}\n)`) as () => unknown;
    assert.equal(typeof made, 'function');
    assert.equal(made.constructor.name, fn.constructor.name);
    if (gives !== undefined) assert.equal(made(), gives);
  });
}

test("a method's use of super is a use of the outer super, since its object stays behind", options, () => {
  const derived = {
    __proto__: Sample.prototype,
    plain() {
      // biome-ignore lint/suspicious/noExplicitAny: super of an object literal has no type
      return (super.plain as any)();
    },
  };
  const text = functionText(derived.plain);
  assert.ok(text !== undefined);
  assert.equal(freeVariables(text.node).usesSuper, true);
});

test('a native function has no text', options, () => {
  assert.equal(functionText(Math.max), undefined);
  assert.equal(functionText(object.method.bind(object)), undefined);
});
