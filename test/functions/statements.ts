/** Statements of a function's body. Each adds what it sees to `out`, the list that the function returns. */

import type { Context } from './context.js';
import type { Statement } from './nodes.js';
import type { DataKind, Kind } from './readings.js';
import { shadowing } from './shadowing.js';

export type Form = (c: Context, inner: (c: Context) => string) => string;

const isMutable = (kind: Kind): boolean => kind === 'mutable';
const isFunction = (kind: Kind): boolean => kind === 'function';

const forms = {
  observe: (c) => `out.push(${c.read()});`,
  observeMany: (c) => `out.push(${c.read()}, ${c.read()}, [${c.read()}]);`,
  local: (c, inner) => {
    const name = c.fresh();
    return `{ ${c.oneOf(['let', 'const', 'var'])} ${name} = ${c.read()}; ${inner(c.with({ names: [[name, 'any']] }))} }`;
  },
  destructuring: (c, inner) => {
    const [a, b, rest] = [c.fresh(), c.fresh(), c.fresh()];
    const text = c.oneOf([
      `const { a: ${a} = ${c.read()}, [\`\${'k'}\`]: ${b} = ${c.read()}, ...${rest} } = { b: 1, k: undefined };`,
      `let [${a}, , ${b} = ${c.read()}, ...${rest}] = [1, 2]; [${a}, ${b}] = [${b}, ${a}];`,
      `var { x: [${a} = ${c.read()}], y: { z: ${b} = 2 } = {}, ...${rest} } = { x: [], w: ${c.read()} };`,
    ]);
    const names = [a, b, rest].map((name) => [name, 'any'] as const);
    return `{ ${text} out.push(${a}, ${b}, ${rest}); ${inner(c.with({ names }))} }`;
  },
  closure: (c, inner) => {
    const name = c.fresh();
    const body = `const out = []; ${inner(c.with({ names: [['p', 'any']], isAsync: false }))} out.push(p); return out;`;
    const text = c.oneOf([`(p) => { ${body} }`, `function (p) { ${body} }`, `function ${name}(p) { ${body} }`]);
    return `{ const ${name} = ${text}; out.push(${name}(${c.die(9)}), ${c.readNow()}); }`;
  },
  generator: (c, inner) => {
    const body = `const out = []; ${inner(c.with({ isAsync: false }))} yield* out; for (let i = 0; i < 2; i++) yield [i, ${c.readNow()}];`;
    return `out.push([...(function* () { ${body} })()]);`;
  },
  asynchronous: (c, inner) => {
    if (!c.isAsync) return `out.push(${c.read()});`;
    const body = `const out = []; ${inner(c)} await null; return [out, ${c.read()}];`;
    const each = `for await (const v of (async function* () { yield ${c.read()}; yield Promise.resolve(2); })()) out.push(v);`;
    return c.oneOf([`out.push(await (async () => { ${body} })());`, each]);
  },
  object: (c) => {
    const [name, read] = [c.fresh(), c.dataName()];
    const shorthand = /^\d/.test(read) ? 'one: 1' : read;
    return (
      `{ const ${name} = { ${shorthand}, m(x = ${c.readNow()}) { return [x, this.v]; }, get g() { return ${c.readNow()}; },` +
      ` set s(v) { this.v = v; }, ['c' + ${c.die(3)}]: ${c.readNow()}, arrow: () => ${c.readNow()}, *gen() { yield ${c.readNow()}; },` +
      ` async later() { return 1; }, ...{ spread: ${c.readNow()} }, 'quoted'() { return 1; }, 3: 4 };` +
      ` ${name}.s = 6; out.push(${name}.m(), ${name}.m(2), ${name}.g, ${name}.arrow(), [...${name}.gen()], Object.keys(${name})); }`
    );
  },
  class: (c) => {
    const name = c.fresh();
    return (
      `{ class ${name} ${c.oneOf(['', 'extends Array', 'extends (class { base = 1; })'])} { #p = ${c.readNow()}; static s = ${c.readNow()}; static #q = 4;` +
      ` static { ${name}.t = [${c.readNow()}, ${name}.#q]; } ['m' + 1]() { return ${c.readNow()}; } get v() { return this.#p; } set v(x) { this.#p = x; }` +
      ` static #h() { return this.#q; } static h() { return ${name}.#h(); } static has(o) { return #p in o; } #private() { return 2; } call() { return this.#private(); } }` +
      ` const instance = new ${name}(); out.push(instance.v, ${name}.s, ${name}.t, instance.m1(), ${name}.h(), ${name}.has(instance), instance.call()); instance.v = 3; out.push(instance.v); }`
    );
  },
  branches: (c, inner) => {
    const test = c.oneOf(['out.length % 2', "typeof notDeclaredAnywhere === 'undefined'", '!out', '0 in out']);
    return `if (${test}) { ${inner(c)} } else out.push(${c.read()});`;
  },
  tries: (c, inner) => {
    const thrown = c.oneOf(['new RangeError("r")', '5', `[${c.readNow()}]`, 'notDeclaredAnywhere', 'null.property']);
    const caught = c.oneOf([
      `catch (e) { out.push(e?.message ?? e, ${c.read()}); }`,
      `catch ({ message = ${c.read()}, ...more }) { out.push(message, more); }`,
      `catch { out.push(${c.read()}); }`,
    ]);
    return `try { ${inner(c)} throw ${thrown}; } ${caught} finally { out.push(${c.read()}); }`;
  },
  loops: (c, inner) => {
    const [label, i] = [c.oneOf(['outer', 'out', c.name()]), c.fresh()];
    return (
      `${label}: for (let ${i} = 0; ${i} < 3; ${i}++) { for (const j of [0, 1, 2]) { if (j === 1) continue ${label}; if (${i} === 2) break ${label};` +
      ` out.push(${i} + j, ${c.read()}); } } { ${inner(c)} }`
    );
  },
  closuresInLoop: (c) => {
    const i = c.fresh();
    const head = c.oneOf([`let ${i} = 0; ${i} < 2; ${i}++`, `var ${i} = 0; ${i} < 2; ${i}++`, `const ${i} of [0, 1]`]);
    return `{ const all = []; for (${head}) all.push(() => [${i}, ${c.readNow()}]); out.push(all.map((each) => each())); }`;
  },
  switches: (c, inner) =>
    `switch (${c.die(4)}) { case 0: { ${inner(c)} } case ${c.readNow()}: out.push('case'); break; case 2: let z = ${c.read()}; out.push(z); default: out.push('d'); }`,
  syntax: (c) =>
    c.oneOf([
      `out.push("import('x') import.meta.url this super", /[/\\]}"'\`]/.source); /* import.meta } */ // this.#p ${'\n'}`,
      `out.push(typeof notDeclaredAnywhere, void ${c.readNow()}, (0, ${c.readNow()}));`,
      `out.push((function () { return [arguments.length, new.target === undefined, this === undefined]; })(1, ${c.readNow()}));`,
      `{ let q = null; q ??= ${c.readNow()}; q &&= [q]; q ||= 1; const d = { q }; delete d.q; out.push(q, 'q' in d); }`,
      `do { out.push(${c.read()}); } while (out.length < 0); while (false) { }; ;`,
      `out.push(((a, b = a, { c: [d = b] = [] } = {}, ...e) => [a, b, d, e])(${c.readNow()}, undefined, undefined, 4));`,
      `out.push(\`a\${\`b\${${c.readNow()} === 1 ? \`}\` : '\${'}\`}\`, ((s, ...v) => [s.raw, v])\`\\x41\${1}\`);`,
    ]),
  importMeta: (c) =>
    c.oneOf([
      "out.push(import.meta.url.split('/').pop());",
      "out.push(import.meta.filename.endsWith('program.mjs'), import.meta.dirname.length > 1);",
      "out.push((() => import.meta.url.startsWith('file:'))(), typeof import.meta, 'import.meta'.length);",
      "out.push(new URL('./x', import.meta.url).pathname.endsWith('/x'));",
      "out.push(import.meta.resolve('./x.js').endsWith('/x.js'), import.meta.resolve('some-package').split('/').pop());",
    ]),
  dynamicImport: (c) =>
    !c.isAsync
      ? `out.push(${c.read()});`
      : c.oneOf([
          `out.push((await import('../../helper.mjs')).add(1, ${c.die(9)}));`,
          "out.push(await import('../../' + 'helper.mjs').then(({ default: greet }) => greet(2)));",
          "out.push((await import('node:path')).posix.sep, (await import('some-package')).half(4));",
          "out.push((await import((await import('../../helper.mjs')).ownName)).factor);",
          "out.push((await import('../../helper.cjs')).default.triple(2), (await import('dual')).which);",
        ]),
  /** Only the submitted function assigns what it captures; what functions share and assign is refused. */
  assign: (c) => {
    const x = c.isRoot ? c.pick(isMutable)?.name : undefined;
    if (x === undefined) return `out.push(${c.read()});`;
    const change = c.oneOf([
      `${x} += 1;`,
      `out.push(${x}++, --${x});`,
      `[${x}] = [5];`,
      `({ q: ${x} } = { q: 3 });`,
      `({ ${x} = 6 } = {});`,
      `for (${x} of [1, 2]) out.push(${x});`,
      `for (${x} in { 7: 1 }) ;`,
      `${x} ??= 4; ${x} &&= 9;`,
      `(() => { ${x} = 8; })();`,
      `[[${x} = 3], ...[]] = [[]];`,
    ]);
    return `${change} out.push(${x});`;
  },
  changeObject: (c) => {
    const target = c.isRoot ? c.pick((kind) => changes[kind as DataKind] !== undefined) : undefined;
    if (target === undefined) return `out.push(${c.read()});`;
    return `${changes[target.kind as DataKind]?.(target.name, c.die(9))}; out.push(${target.name});`;
  },
  recursion: (c) => {
    const f = c.pick(isFunction)?.name ?? 'Number';
    return `out.push((function again(k) { return k === 0 ? ${f}(0) : [k, again(k - 1)]; })(2));`;
  },
  ...shadowing,
} satisfies Record<string, Form>;

/** How an object of that kind, made for this function alone, is changed in place. */
const changes: { readonly [K in DataKind]?: (name: string, n: number) => string } = {
  array: (x, n) => `${x}.push(${n})`,
  object: (x, n) => `${x}.a = ${n}, ${x}.b.c.push(${n})`,
  map: (x, n) => `${x}.set('n', ${n}).delete('k')`,
  set: (x, n) => `${x}.add(${n})`,
  date: (x, n) => `${x}.setFullYear(2000 + ${n})`,
  typed: (x) => `${x}.reverse()`,
};

export type StatementForm = keyof typeof forms;
export const statementForms = Object.keys(forms) as StatementForm[];

/** The text of statements, one after another. */
export function statementsText(statements: readonly Statement[], c: Context): string {
  return statements
    .map(({ form, dice, inner }) => (forms[form] as Form)(c.with({ dice }), (at) => statementsText(inner, at)))
    .join('\n');
}
