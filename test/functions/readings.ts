/** Expressions that read a name, by the kind of what it stands for. Each gives data that can be copied and compared. */

export type DataKind =
  | 'number'
  | 'string'
  | 'nothing'
  | 'bigint'
  | 'array'
  | 'object'
  | 'map'
  | 'set'
  | 'date'
  | 'regexp'
  | 'typed'
  | 'cyclic'
  | 'error'
  /** An object whose `left` and `right` are one and the same. */
  | 'pair';

export type CodeKind =
  | 'function'
  | 'async'
  | 'generator'
  | 'asyncGenerator'
  | 'tag'
  | 'class'
  /** Without private members, so that instances travel. */
  | 'openClass'
  | 'errorClass'
  | 'instance'
  /** An object with functions and accessors. */
  | 'operations'
  | 'symbol';
type ImportKind = 'hash' | 'path' | 'posix' | 'util' | 'helper' | 'data' | 'dual';
export type Kind =
  | DataKind
  | CodeKind
  | ImportKind
  /** A parameter: any data, or nothing. */
  | 'any'
  /** Any data, in a variable that was given another value after functions and classes had been made. */
  | 'varying'
  /** A number that the function itself assigns; only one function uses it. */
  | 'mutable';

/** An expression, given the name and a small number. */
type Reading = (name: string, n: number) => string;

/** For anything that is data. */
const anyData: readonly Reading[] = [
  (x) => x,
  (x) => `({ ${x} })`,
  (x) => `typeof ${x}`,
  (x) => `[${x}, ${x}]`,
  (x) => `(() => ${x})()`,
  (x) => `(function () { return ${x}; })()`,
  (x) => `((held = ${x}) => held)()`,
  (x) => `(({ z = ${x} } = {}) => z)()`,
  (x) => `(([z = ${x}, ...more]) => [z, more])([])`,
  (x) => `({ ...{ v: ${x} }, get w() { return [${x}]; } })`,
  (x) => `((${x}) => ${x})(${x})`,
  (x) => `${x} ?? 'none'`,
  (x) => `${x}?.a?.['b'] ?? [${x} === ${x}]`,
  (x, n) => `[${n}, 2].map((v) => [v, ${x}])`,
  (x) => `(typeof ${x} === 'object', ${x} === undefined ? 'absent' : 'there')`,
  (x) => `new (class { #p = ${x}; q = ${x}; static r = ${x}; get p() { return this.#p; } })().p`,
  (x) => `(class { static #r = ${x}; static { this.s = [${x}]; } static r() { return this.#r; } }).r()`,
];

const ownReadings: { readonly [K in Kind]: readonly Reading[] } = {
  any: [],
  varying: [],
  number: [
    (x) => `${x} + 1`,
    (x) => `(-${x}) ** 2`,
    (x) => `\`\${${x}}:\${\`\${${x}}\`}\``,
    (x) => `Math.max(${x}, 3)`,
    (x) => `${x} > 2 ? 'big' : 'small'`,
    (x) => `({ [\`k\${${x}}\`]: ${x} })`,
  ],
  string: [
    (x) => `${x}.length`,
    (x) => `\`<\${${x}}>\``,
    (x) => `String.raw\`\\n\${${x}}\``,
    (x) => `[...${x}].reverse().join('')`,
    (x) => `${x}.replace(/[\\]/}'"\`]/g, '_')`,
  ],
  nothing: [(x) => `${x}?.deep?.er`, (x) => `${x} || 'falsy'`, (x) => `((v = 5) => v)(${x})`],
  bigint: [(x) => `${x} * 2n`, (x) => `String(${x})`],
  array: [
    (x) => `${x}.length`,
    (x) => `(([a, b = 7, ...c]) => [a, b, c])(${x})`,
    (x) => `[...${x}, ...${x}]`,
    (x) => `Math.max(...${x}, 0)`,
    (x) => `${x}.map((v, i) => v * i)`,
  ],
  object: [
    (x) => `${x}.a`,
    (x) => `${x}?.b?.['c'][0]`,
    (x) => `(({ a, b: { c: [, c1] }, ...rest }) => [a, c1, rest])(${x})`,
    (x) => `({ ...${x}, a: 1 })`,
    (x) => `'a' in ${x}`,
    (x) => `Object.entries(${x}).length`,
  ],
  map: [(x) => `[...${x}]`, (x) => `${x}.get('k')`, (x) => `${x} instanceof Map`],
  set: [(x) => `[...${x}].length`, (x) => `${x}.has(1)`],
  date: [(x) => `${x}.toISOString()`, (x) => `+${x}`],
  regexp: [(x) => `${x}.test('ab/')`, (x) => `${x}.source + ${x}.flags`, (x) => `'xaab'.replace(${x}, '-')`],
  typed: [(x) => `Array.from(${x}).length`, (x) => `${x}.constructor.name`, (x) => `${x}.byteLength`],
  cyclic: [(x) => `${x}.self === ${x} || ${x}.self[0] === ${x}`, (x) => `${x}.id`],
  error: [(x) => `[${x} instanceof Error, ${x}.message, ${x}.name]`, (x) => `String(${x})`],
  pair: [(x) => `${x}.left === ${x}.right`, (x) => `${x}.left`],
  mutable: [(x) => `${x} + 1`],
  function: [
    (f, n) => `${f}(${n})`,
    (f, n) => `${f}?.(${n})`,
    (f, n) => `${f}.call(null, ${n})`,
    (f, n) => `[${n}].map((each) => ${f}(each))`,
    (f, n) => `((g) => g(${n}))(${f})`,
    (f, n) => `(({ g = ${f} }) => g(${n}))({})`,
    (f) => `[typeof ${f}, ${f}.name, ${f}.length]`,
    (f, n) => `${f}.apply(undefined, [${n}])`,
    (f, n) => `${f}.bind(null, ${n})()`,
    (f, n) => `${f} === ${f} && ${f}(...[${n}])`,
  ],
  async: [(f, n) => `await ${f}(${n})`, (f, n) => `await Promise.all([${f}(${n}), 1])`],
  generator: [
    (f, n) => `[...${f}(${n})]`,
    (f, n) => `${f}(${n}).next()`,
    (f, n) => `Array.from(${f}(${n}), (v) => [v])`,
  ],
  asyncGenerator: [
    (f, n) =>
      `await (async () => { const all = []; for await (const each of ${f}(${n})) all.push(each); return all; })()`,
    (f, n) => `(await ${f}(${n}).next()).value`,
  ],
  tag: [(f, n) => `${f}\`a\${${n}}\\u0062\``, (f, n) => `${f}\`\${${n}}\${\`\${2}\`}\``],
  class: [
    (c, n) => `new ${c}(${n}).value()`,
    (c) => `[${c}.label, ${c}.name]`,
    (c, n) => `new ${c}(${n}).doubled`,
    (c, n) => `new ${c}(${n}) instanceof ${c}`,
    (c, n) => `${c}.make(${n}).value()`,
    (c, n) => `new (class extends ${c} { value() { return [super.value(), super.doubled]; } })(${n}).value()`,
    (c, n) => `((o) => { o.doubled = 4; return o.value(); })(new ${c}(${n}))`,
    (c, n) => `[${c}.isOne(new ${c}(${n})), ${c}.isOne({})]`,
  ],
  openClass: [
    (c, n) => `new ${c}(${n}).value()`,
    (c, n) => `[new ${c}(${n}) instanceof ${c}, ${c}.made, ${c}.name]`,
    (c, n) => `Object.entries(new ${c}(${n}))`,
    (c, n) => `${c}.prototype.value.call({ v: ${n} })`,
    (c, n) => `new (class extends ${c} { value() { return ['over', super.value()]; } })(${n}).value()`,
  ],
  instance: [
    (o) => `${o}.value()`,
    (o) => `[${o}.v, ${o}?.unknown]`,
    (o) => `Object.keys(${o})`,
    (o, n) => `(({ v }) => [v, ${n}])(${o})`,
    (o) => `((key) => ${o}[key]())('val' + 'ue')`,
    (o) => `[${o}.constructor.name, ${o} instanceof ${o}.constructor]`,
  ],
  operations: [
    (o, n) => `${o}.double(${n})`,
    (o, n) => `${o}.nested.up(${n})`,
    (o) => `${o}.now`,
    (o, n) => `${o}['dou' + 'ble'](${n})`,
    (o, n) => `(({ double, ...rest }) => [double(${n}), Object.keys(rest)])(${o})`,
    (o, n) => `[${o}.missing?.(${n}), ${o}[Symbol.for('s')], 'now' in ${o}]`,
    (o, n) => `({ ...${o}, own: 1 }).double(${n})`,
    (o, n) => `((own) => own.nested.up(${n}))(${o})`,
  ],
  symbol: [
    (s) => `({ [${s}]: 1 })[${s}]`,
    (s) => `[${s}.description, typeof ${s}]`,
    (s) => `((t) => t === ${s})(${s})`,
    (s) => `String(${s})`,
  ],
  errorClass: [
    (c, n) =>
      `(() => { try { throw new ${c}('m', ${n}); } catch (e) { return [e instanceof ${c}, e instanceof Error, e.message, e.detail]; } })()`,
  ],
  hash: [(h, n) => `${h}('md5').update('${n}').digest('hex')`],
  path: [(p) => `${p}.basename('/x/y.z')`, (p) => `${p}.posix.join('a', '..', 'b')`],
  posix: [(p) => `${p}.dirname('/x/y')`],
  util: [(u, n) => `${u}.format('%d', ${n})`, (u, n) => `${u}.isDeepStrictEqual([${n}], [1])`],
  helper: [
    (h, n) => `${h}.add(${n}, 2)`,
    (h, n) => `new ${h}.Helper(${n}).value()`,
    (h) => `${h}.factor`,
    (h) => `[${h}.table.get('t'), ${h}.table === ${h}.table]`,
    (h, n) => `[...${h}.upTo(${n % 3})]`,
  ],
  data: [(d) => `${d}.list`, (d) => `${d}?.deep?.er`],
  dual: [(d) => `${d}`],
};

const codeKinds: ReadonlySet<Kind> = new Set<Kind>([
  'function',
  'async',
  'generator',
  'asyncGenerator',
  'tag',
  'class',
  'openClass',
  'errorClass',
  'instance',
  'operations',
  'symbol',
]);
const importKinds: ReadonlySet<Kind> = new Set<Kind>(['hash', 'path', 'posix', 'util', 'helper', 'data', 'dual']);

export const isAsync = (kind: Kind): boolean => kind === 'async' || kind === 'asyncGenerator';
export const isData = (kind: Kind): boolean => !codeKinds.has(kind) && !importKinds.has(kind);

/** One of the ways to read a name. */
export function reading(kind: Kind, name: string, die: number, n: number): string {
  const all = isData(kind) ? [...anyData, ...ownReadings[kind]] : ownReadings[kind];
  const made = (all[die % all.length] as Reading)(name, n);
  return `(${made})`;
}
