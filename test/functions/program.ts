/** A module of many functions: its imports, then each unit with the scopes that it stands in. */

import fc from 'fast-check';
import { Context } from './context.js';
import { functionText } from './functions.js';
import { levelText } from './levels.js';
import { type Unit, units } from './nodes.js';
import type { Kind } from './readings.js';

/** Every form of import, with what the name stands for. */
const imports: readonly (readonly [text: string, names: Readonly<Record<string, Kind>>])[] = [
  ["import { createHash } from 'node:crypto';", { createHash: 'hash' }],
  ["import { createHash as hashOf, randomUUID as unusedName } from 'crypto';", { hashOf: 'hash' }],
  ["import path, { posix, sep as separator } from 'node:path';", { path: 'path', posix: 'posix', separator: 'string' }],
  ["import * as util from 'node:util';", { util: 'util' }],
  [
    "import greet, { add, factor as times, Helper as HelperClass, HelperError, table, 'a name' as named } from '../../helper.mjs';",
    {
      greet: 'function',
      add: 'function',
      times: 'number',
      HelperClass: 'class',
      HelperError: 'errorClass',
      table: 'any',
      named: 'function',
    },
  ],
  ["import * as helper from '../../helper.mjs';", { helper: 'helper' }],
  ["import { default as defaultly, upTo } from '../../helper.mjs';", { defaultly: 'function', upTo: 'generator' }],
  ["import common from '../../helper.cjs';", {}],
  ["import { triple } from '../../helper.cjs';", { triple: 'function' }],
  ["import { half } from 'some-package';", { half: 'function' }],
  ["import nested from 'some-package/nested.js';", { nested: 'function' }],
  ["import { which } from 'dual';", { which: 'dual' }],
  ["import { internal } from '#internal';", { internal: 'dual' }],
  ["import { createRequire } from 'node:module';", {}],
  ['const require = createRequire(import.meta.url);', {}],
  ["const data = require('../../data.json');", { data: 'data' }],
  [
    "const { triple: threefold, five = 5, nested: { deep = 1 } = {} } = require('../../helper.cjs');",
    { threefold: 'function', five: 'number', deep: 'number' },
  ],
  ["const required = require('../../helper.cjs').triple;", { required: 'function' }],
  ["const os = require('node:path');", { os: 'path' }],
  ['export function exported(n) { return [n, times, greet(n)]; }', { exported: 'function' }],
  ['export const exportedArrow = (n) => exported(n);', { exportedArrow: 'function' }],
  [
    'export class ExportedClass extends HelperClass { value() { return [super.value(), times]; } }',
    { ExportedClass: 'class' },
  ],
];

const importsText = imports.map(([text]) => text).join('\n');
const importedNames = new Map(imports.flatMap(([, names]) => Object.entries(names)));

export class Program {
  readonly units: readonly (Unit | undefined)[];

  constructor(drawn: readonly (Unit | undefined)[]) {
    this.units = drawn;
  }

  /** The module's text. It exports `cases`: `[function, arguments]`, by the unit's number. */
  get text(): string {
    const context = Context.outermost(importedNames);
    const texts = this.units.flatMap((unit, index) => (unit === undefined ? [] : [unitText(unit, index, context)]));
    return `${importsText}\nconst cases = [], pending = [];\n${texts.join('\n')}\nawait Promise.all(pending);\nexport { cases };\n`;
  }

  get size(): number {
    return this.units.filter((unit) => unit !== undefined).length;
  }

  [fc.toStringMethod](): string {
    return `a module of ${this.size} function(s)`;
  }
}

function unitText({ levels, root, args }: Unit, index: number, context: Context): string {
  const within = (depth: number, c: Context): string => {
    const level = levels[depth];
    if (level !== undefined) return levelText(level, index, c, (inner) => within(depth + 1, inner));
    const kind = root.dice[0] === undefined || root.dice[0] % 3 > 0 ? 'function' : 'async';
    return `cases[${index}] = [${functionText(root, c.with({ isRoot: true }), kind)}, [${args.map(({ text }) => text).join(', ')}]];`;
  };
  return `// ── ${index} ──\n${within(0, context)}`;
}

/** Modules of so many functions. Shrinking leaves out groups, then single ones (a missing one is the simplest). */
export function programs(groups: number, perGroup: number): fc.Arbitrary<Program> {
  const sometimesLeftOut = { nil: undefined, freq: 1_000_000 };
  const exactly = (count: number) => ({ minLength: count, maxLength: count });
  const group = fc.array(fc.option(units, sometimesLeftOut), exactly(perGroup));
  return fc
    .array(fc.option(group, sometimesLeftOut), exactly(groups))
    .map((drawn) => new Program(drawn.flatMap((each) => each ?? new Array<undefined>(perGroup).fill(undefined))));
}
