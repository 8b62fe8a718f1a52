/**
 * One program, written out for each of the ways in which a program may be started: tasks that capture, on threads and in
 * processes. It prints one line of JSON, the same everywhere.
 */

/** The parts that differ between module systems are put in by {@link programText}. */
const body = `
const factor = 3;
let counter = 10;
const table = new Map([['a', [1, 2]]]);
function triple(n) { return n * factor; }
function isEven(n) { return n === 0 ? true : isOdd(n - 1); }
function isOdd(n) { return n === 0 ? false : isEven(n - 1); }
class Base { #secret = 7; reveal() { return this.#secret; } }
class Derived extends Base { static made = 'static'; get twice() { return this.reveal() * 2; } }
class OwnError extends Error { constructor(message, detail) { super(message); this.detail = detail; } }
const cases = [
  ['constant', (n) => n * factor, 2],
  ['variable', () => counter],
  ['map', () => table.get('a')[1]],
  ['function', (n) => triple(n) + 1, 2],
  ['mutual', (n) => [isEven(n), isOdd(n)], 5],
  ['class', () => { const d = new Derived(); return [d.twice, Derived.made, d instanceof Base]; }],
  ['import', (text) => createHash('md5').update(text).digest('hex').slice(0, 6), 'a'],
  ['inner names', () => { const inner = (n) => n + 1; class Named {} return [inner(1), inner.name, Named.name]; }],
  ['async', async (n) => (await triple(n)) + counter, 1],
  ['loop', [0, 1, 2].map((i) => () => i * factor)[2]],
];
async function run(Pool) {
  const executor = new Pool({ maxWorkers: 1 });
  const results = {};
  for (const [what, fn, ...args] of cases) results[what] = await executor.submit(fn, ...args);
  const error = await executor.submit(() => { throw new OwnError('own', factor); }).exception();
  results.error = [error instanceof OwnError, error.message, error.detail];
  results.mapped = await executor.map((n) => n + factor, [1, 2]).toArray();
  await executor.shutdown();
  return results;
}
async function main() {
  const one = await run(ThreadPoolExecutor);
  const other = await run(ProcessPoolExecutor);
  console.log(JSON.stringify([one, other]));
}
`;

const results = {
  constant: 6,
  variable: 10,
  map: 2,
  function: 7,
  mutual: [false, true],
  class: [14, 'static', true],
  import: '0cc175',
  'inner names': [2, 'inner', 'Named'],
  async: 13,
  loop: 6,
  error: [true, 'own', 3],
  mapped: [4, 5],
};

/** What every form of the program prints. */
export const expected = [results, results];

const imports = {
  esm: "import { createHash } from 'node:crypto';\nimport { ProcessPoolExecutor, ThreadPoolExecutor } from 'concurrent-futures';\n",
  cjs: "const { createHash } = require('node:crypto');\nconst { ProcessPoolExecutor, ThreadPoolExecutor } = require('concurrent-futures');\n",
} as const;

/** The program as an ES module that ends with a top-level `await`, or as a CommonJS file. */
export function programText(system: 'esm' | 'cjs', end?: string): string {
  return imports[system] + body + (end ?? (system === 'esm' ? 'await main();\n' : 'main();\n'));
}

/** The same in TypeScript. */
export function typedProgramText(): string {
  return programText('esm')
    .replace('const factor = 3;', 'const factor: number = 3;')
    .replace('function triple(n) {', 'function triple(n: number): number {')
    .replace('const inner = (n) =>', 'const inner = (n: number): number =>');
}
