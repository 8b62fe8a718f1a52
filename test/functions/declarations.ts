/** What is declared around the function: constants and variables, functions, classes. */

import type { Context } from './context.js';
import { declaredFunction, functionText } from './functions.js';
import type { Declaration } from './nodes.js';
import { isData, type Kind } from './readings.js';

interface Declared {
  readonly kind: Kind;
  readonly text: string;
  /** Statements that follow when the function has been made. */
  readonly afterwards?: string;
}

type Form = (name: string, declaration: Declaration, c: Context) => Declared;

const forms = {
  constant: (name, { value }) => ({ kind: value.kind, text: `const ${name} = ${value.text};` }),
  variable: (name, { value }) => ({ kind: value.kind, text: `let ${name} = ${value.text};` }),
  varVariable: (name, { value }) => ({ kind: value.kind, text: `var ${name} = ${value.text};` }),
  initializedLater: (name, { value }) => ({
    kind: 'varying',
    text: `let ${name};`,
    afterwards: `${name} = ${value.text};`,
  }),
  varInitializedLater: (name, { value }) => ({
    kind: 'varying',
    text: `var ${name};`,
    afterwards: `${name} = ${value.text};`,
  }),
  reassigned: (name, { value }, c) => ({
    kind: 'varying',
    text: `let ${name} = ${c.die(9)};`,
    afterwards: c.oneOf([
      `${name} = ${value.text};`,
      `[${name}] = [${value.text}];`,
      `({ ${name} } = { ${name}: ${value.text} });`,
      `for (${name} of [1, ${value.text}]) ;`,
      `(() => { ${name} = ${value.text}; })();`,
      `${name}++;`,
    ]),
  }),
  counter: (name, _declaration, c) => ({ kind: 'mutable', text: `let ${name} = ${c.die(9)};` }),
  varCountedBefore: (name, _declaration, c) => ({
    kind: 'mutable',
    text: `var ${name} = ${c.die(9)};`,
    afterwards: `${name} += 10;`,
  }),
  destructured: (name, { value }, c) => ({
    kind: 'varying',
    text: c.oneOf([
      `const { a: ${name} = ${value.text} } = {};`,
      `const [, ${name} = ${value.text}] = [];`,
      `let { k: { ${name} }, ...${c.fresh()} } = { k: { ${name}: ${value.text} }, l: 1 };`,
      `const [...${name}] = [${value.text}, 1];`,
    ]),
  }),
  alias: (name, { value }, c) => {
    const { name: other, kind } = c.pickSteady((wanted) => wanted !== 'mutable') ?? {
      name: value.text,
      kind: value.kind,
    };
    return { kind, text: `const ${name} = ${other};` };
  },
  pair: (name, { value }, c) => {
    const other = c.pickSteady((kind) => isData(kind) && kind !== 'mutable' && kind !== 'cyclic')?.name;
    const text =
      other === undefined ? `((v) => ({ left: v, right: v }))(${value.text})` : `{ left: ${other}, right: ${other} }`;
    return { kind: 'pair', text: `const ${name} = ${text};` };
  },
  function: (name, { fn }, c) => ({ kind: 'function', text: declaredFunction(name, fn, c, 'function') }),
  functionValue: (name, { fn }, c) => ({
    kind: 'function',
    text: `const ${name} = ${functionText(fn, c, 'function')};`,
  }),
  mutual: (name, { fn }, c) => {
    const other = c.fresh();
    return {
      kind: 'function',
      text:
        `const ${name} = (n) => n > 0 ? [${other}(n - 1), ${c.readNow()}] : ${other} === undefined;` +
        ` function ${other}(n) { return n > 0 ? [n, ${name}(n - 1), (${functionText(fn, c, 'function')})(n)] : [${name} !== ${other}]; }`,
    };
  },
  self: (name, _declaration, c) => ({
    kind: 'function',
    text: c.oneOf([
      `const ${name} = (n) => n > 0 ? [n, ${name}(n - 1)] : ${c.readNow()};`,
      `const ${name} = function inner(n) { return n > 0 ? [n, inner(n - 1), inner === ${name}] : ${c.readNow()}; };`,
    ]),
  }),
  builtin: (name, _declaration, c) => ({
    kind: 'function',
    text: `const ${name} = ${c.oneOf(['Math.abs', 'Number.isInteger', 'String', 'parseInt', 'Array.of', 'encodeURIComponent', 'isFinite'])};`,
  }),
  async: (name, { fn }, c) => ({ kind: 'async', text: declaredFunction(name, fn, c, 'async') }),
  asyncValue: (name, { fn }, c) => ({ kind: 'async', text: `const ${name} = ${functionText(fn, c, 'async')};` }),
  generator: (name, { fn }, c) => ({ kind: 'generator', text: declaredFunction(name, fn, c, 'generator') }),
  generatorValue: (name, { fn }, c) => ({
    kind: 'generator',
    text: `const ${name} = ${functionText(fn, c, 'generator')};`,
  }),
  asyncGenerator: (name, { fn }, c) => ({
    kind: 'asyncGenerator',
    text: declaredFunction(name, fn, c, 'asyncGenerator'),
  }),
  tag: (name, _declaration, c) => ({
    kind: 'tag',
    text: `const ${name} = ({ raw, length }, ...given) => [...raw, length, given, ${c.readNow()}];`,
  }),
  class: (name, _declaration, c) => ({ kind: 'class', text: classText(name, c) }),
  derivedClass: (name, _declaration, c) => ({
    kind: 'class',
    text: classText(name, c, c.pickSteady((kind) => kind === 'class')?.name),
  }),
  openClass: (name, _declaration, c) => ({
    kind: 'openClass',
    text: openClassText(name, c),
    afterwards: `${name}.made = ${c.die(9)};`,
  }),
  derivedOpenClass: (name, _declaration, c) => ({
    kind: 'openClass',
    text: openClassText(name, c, c.pickSteady((kind) => kind === 'openClass')?.name),
  }),
  instance: (name, { value }, c) => {
    const known = c.pickSteady((kind) => kind === 'openClass')?.name;
    const made = c.oneOf([
      'class { v = 1; value() { return this.v; } }',
      'class extends Map { v = 2; value() { return [...this]; } }',
      'class extends Array { v = 3; value() { return this.length; } }',
      'class extends Error { v = 4; value() { return this.message; } }',
    ]);
    const text = known === undefined ? `new (${made})()` : `new ${known}(${value.text})`;
    return {
      kind: 'instance',
      text: `const ${name} = ${text};`,
      afterwards: c.oneOf(['', `${name}.v = [${value.text}];`]),
    };
  },
  operations: (name, { value, fn }, c) => {
    const object = `{ double: ${functionText(fn, c, 'function')}, nested: { base: ${value.text}, up(n) { return [n, this.base]; } }, get now() { return [${c.readNow()}]; }, [Symbol.for('s')]: 2 }`;
    return {
      kind: 'operations',
      text: `const ${name} = ${c.oneOf([object, `Object.freeze(${object})`, `Object.setPrototypeOf(${object}, { inherited: 1 })`])};`,
    };
  },
  symbol: (name, _declaration, c) => ({
    kind: 'symbol',
    text: `const ${name} = ${c.oneOf([`Symbol('${name.length}')`, "Symbol.for('shared')", 'Symbol.iterator', 'Symbol()'])};`,
  }),
  bound: (name, { value }, c) => {
    const target = c.pickSteady((kind) => kind === 'function')?.name ?? '((a, b) => [a, b])';
    return { kind: 'function', text: `const ${name} = ${target}.bind(${c.oneOf(['null', value.text])}, ${c.die(9)});` };
  },
  withProperties: (name, { value }, c) => ({
    kind: 'function',
    text:
      `${c.oneOf([`const ${name} = `, ''])}function ${name}(n) { ${name}.calls = (${name}.calls ?? 0) + 1; return [n, ${name}.calls, ${name}.table, ${c.readNow()}]; }` +
      `; ${name}.table = ${value.text}; ${name}.helper = () => ${name};`,
    afterwards: `${name}.calls = ${c.die(9)};`,
  }),
  errorClass: (name, _declaration, c) => {
    const base = c.pickSteady((kind) => kind === 'errorClass')?.name ?? c.oneOf(['Error', 'TypeError']);
    return {
      kind: 'errorClass',
      text: `class ${name} extends ${base} { constructor(message, detail) { super(message); this.detail = [detail, ${c.readNow()}]; }}`,
    };
  },
} satisfies Record<string, Form>;

/** Members that anybody can read, so that instances travel; a static field that counts them. */
function openClassText(name: string, c: Context, base?: string): string {
  const at = c.with({ names: [[name, undefined]], isAsync: false });
  const [head, before, inherited] =
    base === undefined ? ['', '', ''] : [` extends ${base}`, 'super(held); ', 'super.value(), '];
  const members =
    `static made = 0; other = ${at.readNow()}; constructor(held) { ${before}this.v = held; ${name}.made += 1; }` +
    ` value() { return [${inherited}this.v, ${at.readNow()}]; } get twice() { return [this.v, this.v]; } static { ${name}.extra = ${at.readEagerly()}; }`;
  return `class ${name}${head} { ${members} }`;
}

/** Private, static and computed members, accessors, a static block; in it, what is outside is read at once and later. */
function classText(name: string, c: Context, base?: string): string {
  const at = c.with({ names: [[name, undefined]], isAsync: false });
  const head = base === undefined ? '' : ` extends ${base}`;
  const before = base === undefined ? '' : 'super(held); ';
  const inherited = base === undefined ? '' : 'super.value(), ';
  const members = [
    '#v;',
    `field = ${at.readNow()};`,
    `static label = ${at.readEagerly()};`,
    'static #count = 0;',
    `static { this.more = [${at.readEagerly()}, this.#count]; }`,
    `constructor(held) { ${before}this.#v = held; ${name}.#count += 1; }`,
    `value() { return [${inherited}this.#v, this.field, ${name}.more, ${at.readNow()}]; }`,
    `get doubled() { return [this.#v, this.#v, ${at.readNow()}]; }`,
    `set doubled(held) { this.#v = this.#twice(held); }`,
    `#twice(held) { return [held, held]; }`,
    `static make(held) { return new ${at.oneOf(['this', name])}(held); }`,
    `static isOne(o) { return #v in o; }`,
    `['computed' + typeof ${at.readEagerly()}]() { return 1; }`,
    `*[Symbol.iterator]() { yield ${at.readNow()}; }`,
  ].join(' ');
  return at.oneOf([
    `class ${name}${head} { ${members} }`,
    `const ${name} = class${head} { ${members} };`,
    `const ${name} = class ${name}${head} { ${members} };`,
  ]);
}

export type DeclarationForm = keyof typeof forms;
export const declarationForms = Object.keys(forms) as DeclarationForm[];

export function declarationText(name: string, declaration: Declaration, c: Context): Declared {
  return (forms[declaration.form] as Form)(
    name,
    declaration,
    c.with({ dice: declaration.dice, isAsync: false, isRoot: false }),
  );
}
