/** What a test runner runs: the program of all situations as a test, and tests of what is particular to runners. */

import { expected, programText } from './program.js';

/** The program of all situations, as a test file. */
export function programAsTest(system: 'esm' | 'cjs', imports: string): string {
  const end = `
const expected = ${JSON.stringify(expected[0])};
test('on threads', async () => { expect(await run(ThreadPoolExecutor)).toEqual(expected); });
test('in processes', async () => { expect(await run(ProcessPoolExecutor)).toEqual(expected); });
`;
  return imports + programText(system, end);
}

/** How many tests {@link programAsTest} and {@link helpersAsTest} hold. */
export const testCount = 2 + 2 * 15;

const helpers = {
  esm: {
    table: `
export const table = { base: 100 };
export class FarError extends Error { constructor(message, detail) { super(message); this.detail = detail; } }
export class Point { #x = 1; static made = 'static'; moved(by) { return this.#x + by + table.base; } }
`,
    helper: `
import { createHash } from 'node:crypto';
import path from 'node:path';
import * as os from 'node:os';
import colors from 'picocolors';
import { table } from './table';
export const factor = 3;
export function triple(n) { return n * factor; }
export const digest = (text) => createHash('md5').update(text).digest('hex').slice(0, 6);
export const even = (n) => (n === 0 ? true : odd(n - 1));
export const odd = (n) => (n === 0 ? false : even(n - 1));
export const unportable = { when: new Date(0), socket: new Promise(() => {}) };
export default function joined(a) { return [path.join(a, 'b'), os.EOL, typeof colors.red, table.base].join(); }
`,
    imports: `
import path from 'node:path';
import * as os from 'node:os';
import colors from 'picocolors';
import { ProcessPoolExecutor, ThreadPoolExecutor } from 'concurrent-futures';
import joined, { digest, even, factor, triple } from './helper';
import * as helper from './helper';
import { FarError, Point } from './table';
`,
  },
  cjs: {
    table: `
const table = { base: 100 };
class FarError extends Error { constructor(message, detail) { super(message); this.detail = detail; } }
class Point { #x = 1; static made = 'static'; moved(by) { return this.#x + by + table.base; } }
module.exports = { table, FarError, Point };
`,
    helper: `
const { createHash } = require('node:crypto');
const path = require('node:path');
const os = require('node:os');
const colors = require('picocolors');
const { table } = require('./table');
const factor = 3;
exports.factor = factor;
exports.triple = function triple(n) { return n * factor; };
exports.digest = (text) => createHash('md5').update(text).digest('hex').slice(0, 6);
exports.even = (n) => (n === 0 ? true : exports.odd(n - 1));
exports.odd = (n) => (n === 0 ? false : exports.even(n - 1));
exports.unportable = { when: new Date(0), socket: new Promise(() => {}) };
exports.joined = (a) => [path.join(a, 'b'), os.EOL, typeof colors.red, table.base].join();
`,
    imports: `
const path = require('node:path');
const os = require('node:os');
const colors = require('picocolors');
const { ProcessPoolExecutor, ThreadPoolExecutor } = require('concurrent-futures');
const helper = require('./helper');
const { joined, digest, even, factor, triple } = require('./helper');
const { FarError, Point } = require('./table');
`,
  },
} as const;

/** The refusals differ by what the runner calls its things; `mock` makes a mock function. */
const tests = (mock: string): string => `
const cases = [
  ['a constant of the user’s module', (n) => n * factor, [2], 6],
  ['a function of the user’s module', (n) => triple(n) + 1, [2], 7],
  ['functions that lead to each other', (n) => even(n), [5], false],
  ['a module that imports built-in modules and packages', (a) => joined(a), ['a'], ['a/b', os.EOL, 'function', 100].join()],
  ['a member of a whole module', (text) => helper.digest(text), ['a'], '0cc175'],
  ['a class of the user’s module', (by) => [new Point().moved(by), Point.made], [2], [103, 'static']],
  ['built-in modules', (a) => path.join(a, 'b') + os.EOL, ['a'], 'a/b' + os.EOL],
  ['a package', () => typeof colors.red, [], 'function'],
  ['a function of the user’s module itself', digest, ['a'], '0cc175'],
  ['import()', async (a) => (await import('node:path')).join(a, 'b'), ['a'], 'a/b'],
];
for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
  let executor;
  beforeAll(() => { executor = new Pool({ maxWorkers: 1 }); });
  afterAll(() => executor.shutdown());
  for (const [title, fn, args, result] of cases) {
    test(Pool.name + ': ' + title, async () => { expect(await executor.submit(fn, ...args)).toEqual(result); });
  }
  test(Pool.name + ': values of all kinds are equal', async () => {
    const value = { list: [1, { map: new Map([[1, new Set([2])]]), date: new Date(0), bytes: new Uint8Array(2) }] };
    expect(await executor.submit((given) => given, value)).toEqual(value);
    expect(await executor.submit((given) => given, value)).toStrictEqual(value);
  });
  test(Pool.name + ': errors are of their classes', async () => {
    const own = await executor.submit((n) => { throw new FarError('far', n); }, 4).exception();
    expect(own).toBeInstanceOf(FarError);
    expect(own).toBeInstanceOf(Error);
    expect(own.detail).toBe(4);
    await expect(executor.submit(() => null.x)).rejects.toBeInstanceOf(TypeError);
  });
  test(Pool.name + ': what belongs to the runner is refused by its name', () => {
    const isRefused = (fn, name) => {
      try {
        executor.submit(fn);
      } catch (error) {
        return error.code === 'FUNCTION_NOT_PORTABLE' && error.message.includes('\`' + name + '\`, which belongs to the test runner');
      }
    };
    expect(isRefused(() => { expect(1).toBe(1); }, 'expect')).toBe(true);
    expect(isRefused(() => ${mock}, '${mock.split('.')[0]}')).toBe(true);
  });
  test(Pool.name + ': mock functions are refused', () => {
    const mocked = ${mock};
    expect(() => executor.submit(() => mocked())).toThrow(/is a mock function/);
    expect(() => executor.submit(mocked)).toThrow(/is a mock function/);
  });
  test(Pool.name + ': what can not travel is refused by its own name', () => {
    expect(() => executor.submit(() => helper.unportable)).toThrow(/unportable/);
  });
}
`;

/** Tests that use the user's own modules, and those modules. */
export function helpersAsTest(
  system: 'esm' | 'cjs',
  extension: string,
  { imports, mock }: { imports: string; mock: string },
): Record<string, string> {
  const texts = helpers[system];
  return {
    [`table.${extension}`]: texts.table,
    [`helper.${extension}`]: texts.helper,
    [`helpers.test.${extension}`]: imports + texts.imports + tests(mock),
  };
}

/** Modules that vitest has mocked; its two tests come on top of the others. */
export const mocksAsTest = `
import { readFileSync } from 'node:fs';
import { ProcessPoolExecutor, ThreadPoolExecutor } from 'concurrent-futures';
import { expect, test, vi } from 'vitest';
import { table } from './table';
vi.mock('node:fs', () => ({ readFileSync: () => 'mocked' }));
vi.mock('./table', () => ({ table: { base: 5 } }));
for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
  test(Pool.name + ': tasks have the mocked modules', async () => {
    const executor = new Pool({ maxWorkers: 1 });
    expect(await executor.submit(() => [readFileSync('none'), table.base])).toEqual(['mocked', 5]);
    await executor.shutdown();
  });
}
`;

/** Types that only a transform takes away; an enumeration is more than that. */
export function typed(files: Record<string, string>): Record<string, string> {
  const entries = Object.entries(files).map(([name, text]): [string, string] => [
    name,
    text
      .replace('const factor = 3', 'const factor: number = 3')
      .replace('function triple(n)', 'function triple(n: number): number')
      .replace('moved(by) {', 'moved(by: number): number {')
      .replace(
        'constructor(message, detail) { super(message); this.detail = detail; }',
        'constructor(message: string, readonly detail: number) { super(message); }',
      ),
  ]);
  return Object.fromEntries(entries);
}
