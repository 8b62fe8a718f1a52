/** Modules of functions that can't travel: each uses one thing that can't, somewhere in its text or by way of another function. */

import fc from 'fast-check';
import { Context } from './context.js';
import { levelText } from './levels.js';
import { type Level, levels } from './nodes.js';

/** Values of which a worker can't have a copy. */
const values = [
  'Promise.resolve(1)',
  'new WeakMap()',
  'new WeakSet()',
  'new WeakRef(cases)',
  'new Socket()',
  'createServer()',
  'Readable.from([])',
  'new EventEmitter()',
  'new Proxy({ a: 1 }, {})',
  '(function* () { yield 1; })()',
  'new (class { #p = 1; p() { return this.#p; } })()',
  'new (class extends Map { #p = 1; p() { return this.#p; } })()',
  'Future.withResolvers().future',
  'new InlineExecutor()',
  '{ inside: [Promise.resolve(1)] }',
  'new Map([[1, new WeakMap()]])',
] as const;

/** Functions that use what is captured as a whole. */
const users: readonly ((x: string) => string)[] = [
  (x) => `() => ${x}`,
  (x) => `function () { return typeof ${x}; }`,
  (x) => `async (p = ${x}) => p`,
  (x) => `({ m() { return [1].map(() => ({ ${x} })); } }).m`,
  (x) => `() => { class Inner { #held = ${x}; static s = 1; } return new Inner(); }`,
  (x) => `() => { { let ${x} = 1; } return \`\${${x}}\`; }`,
  (x) => `() => { for (const p of [1]) { if (p) continue; return [...${x}]; } }`,
  (x) => `(() => { const helper = () => ${x}; return (n) => n ? helper() : 0; })()`,
  (x) =>
    `(() => { function one(n) { return n ? other(n - 1) : 0; } function other(n) { return one(n) + ${x}; } return () => one(2); })()`,
  (x) => `(() => { class Helper { m() { return ${x}; } } return () => new Helper().m(); })()`,
  (x) => `(() => { const o = { f: () => ${x} }; return () => o.f(); })()`,
  (x) => `(() => { const f = () => ${x}; const bound = f.bind(null); return () => bound(); })()`,
];

/** What ties a function to its place, with the word that the error names. */
const ties: readonly (readonly [variable: string, fn: string])[] = [
  ['this', 'new (class { make() { return () => this; } })().make()'],
  ['this', '({ make() { return () => [1].map(() => this.x); } }).make()'],
  ['this', '(function () { return (p = this) => p; })()'],
  ['this', '(class { static f = () => this.name; }).f'],
  ['super', '(class extends Map { m() { return super.size; } }).prototype.m'],
  ['super', '({ m() { return () => super.toString(); } }).m'],
  ['super', 'new (class extends Array { make() { return () => super.at(0); } })().make()'],
  ['a private name (#…)', '(class { #p = 1; static read(o) { return o.#p; } }).read'],
  ['a private name (#…)', '(class { #p = 1; static has(o) { return (() => #p in o)(); } }).has'],
];

const shared: readonly (readonly [declaration: string, fn: (x: string) => string])[] = [
  ['0', (x) => `(() => { const up = () => { ${x} += 1; }; return () => { up(); return ${x}; }; })()`],
  ['0', (x) => `(() => { const read = () => ${x}; return () => { [${x}] = [2]; return read(); }; })()`],
  [
    '[]',
    (x) =>
      `(() => { const set = () => { for (${x} of [1]); }; const read = () => ${x}; return () => [set(), read()]; })()`,
  ],
  ['1', (x) => `(() => { class C { m() { return ${x}++; } } return () => [new C().m(), ${x}]; })()`],
];

interface Unit {
  readonly levels: readonly Level[];
  readonly what: 'value' | 'tie' | 'shared';
  readonly which: number;
  readonly user: number;
  readonly name: string;
}

const unit: fc.Arbitrary<Unit> = fc.record({
  levels,
  what: fc.constantFrom('value', 'value', 'value', 'tie', 'shared'),
  which: fc.nat(60),
  user: fc.nat(60),
  name: fc.constantFrom('precious', 'process', 'π', '$', 'of'),
});

const imports = [
  "import { EventEmitter } from 'node:events';",
  "import { createServer } from 'node:http';",
  "import { Socket } from 'node:net';",
  "import { Readable } from 'node:stream';",
  "import { Future, InlineExecutor } from 'concurrent-futures';",
].join('\n');

export class RefusedProgram {
  readonly units: readonly (Unit | undefined)[];

  constructor(drawn: readonly (Unit | undefined)[]) {
    this.units = drawn;
  }

  /** The module's text. It exports `cases`: `[function, what the error names]`. */
  get text(): string {
    const context = Context.outermost(new Map());
    const texts = this.units.flatMap((each, index) => (each === undefined ? [] : [unitText(each, index, context)]));
    return `${imports}\nconst cases = [], pending = [];\n${texts.join('\n')}\nawait Promise.all(pending);\nexport { cases };\n`;
  }

  get size(): number {
    return this.units.filter((each) => each !== undefined).length;
  }

  [fc.toStringMethod](): string {
    return `a module of ${this.size} function(s)`;
  }
}

function unitText({ levels, what, which, user, name }: Unit, index: number, context: Context): string {
  const within = (depth: number, c: Context): string => {
    const level = levels[depth];
    if (level !== undefined) return levelText(level, index, c, (inner) => within(depth + 1, inner));
    if (what === 'tie') {
      const [variable, fn] = pick(ties, which);
      return `cases[${index}] = [${fn}, '${variable}'];`;
    }
    const [value, fn] = what === 'value' ? [pick(values, which), pick(users, user)] : pick(shared, which);
    return `{ ${what === 'value' ? 'const' : 'let'} ${name} = ${value}; cases[${index}] = [${fn(name)}, '${name}']; }`;
  };
  return `// ── ${index} ──\n${within(0, context)}`;
}

const pick = <T>(all: readonly T[], die: number): T => all[die % all.length] as T;

export function refusedPrograms(size: number): fc.Arbitrary<RefusedProgram> {
  return fc
    .array(fc.option(unit, { nil: undefined, freq: 1_000_000 }), { minLength: size, maxLength: size })
    .map((drawn) => new RefusedProgram(drawn));
}
