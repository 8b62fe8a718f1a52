/**
 * What a call to `submit` costs its caller, by what the function is and captures: `node functions-child.mjs '{"id":…,"calls":…}'`.
 * Prints the microseconds of each call as JSON.
 *
 * The functions stand in a module that is written for the purpose, so that each is new to the library. Its one worker is up
 * and idle before each call, and each result is awaited, and checked, after the clock has stopped.
 */

import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ThreadPoolExecutor, tasksFrom } from 'concurrent-futures';

const { id, calls } = JSON.parse(process.argv[2]);
/** Numbers of eight bytes: together a megabyte. */
const large = 131_072;

const every = (text) => Array.from({ length: calls }, (_, i) => text(i)).join('\n');
const chainLength = 10;

/** Modules that export `turns`: a list of what gives the function of that turn; and `result(i)`, what it then returns. */
const modules = {
  bare: () => `
    export const turns = [${every((i) => `() => (n) => n + ${i},`)}];
    export const result = (i) => 1 + i;`,
  captures: () => `
    ${every((i) => `const a${i} = ${i}, b${i} = 2, c${i} = 3;`)}
    export const turns = [${every((i) => `() => (n) => n + a${i} + b${i} + c${i},`)}];
    export const result = (i) => i + 6;`,
  chain: () => `
    ${every((i) => {
      const helper = (step) => {
        const next = step === chainLength ? `n + ${i}` : `h${i}_${step + 1}(n) + 1`;
        return `function h${i}_${step}(n) { return ${next}; }`;
      };
      return Array.from({ length: chainLength }, (_, step) => helper(step + 1)).join(' ');
    })}
    export const turns = [${every((i) => `() => (n) => h${i}_1(n),`)}];
    export const result = (i) => i + ${chainLength};`,
  loopBare: () => loop('() => (n) => n + 1', '() => 2'),
  loopSmall: () => loop('(i) => (n) => n + i', '(i) => i + 1'),
  loopLarge: () => `
    const data = Array.from({ length: ${large} }, (_, i) => i + 0.5);
    ${loop('(i) => (n) => data[n + i]', '(i) => i + 1.5')}`,
  loopOwnLarge: () =>
    loop(
      `(i) => { const data = Array.from({ length: ${large} }, (_, k) => k + i + 0.5); return (n) => data[n]; }`,
      '(i) => i + 1.5',
    ),
  known: () => known('const by = 2;', '(n) => n + by', 3),
  knownObject: () => known('const captured = { by: 2 };', '(n) => n + captured.by', 3),
  knownLarge: () => known(`const data = Array.from({ length: ${large} }, (_, i) => i + 0.5);`, '(n) => data[n]', 1.5),
  knownVariable: () => known('let by = 1; by = 2;', '(n) => n + by', 3),
};

function loop(turn, result) {
  return `const turn = ${turn}; export const turns = Array.from({ length: ${calls} }, () => turn); export const result = ${result};`;
}

/** The same function in each turn: the first call, which meets it, does not count. */
function known(declaration, fn, result) {
  return `${declaration} const fn = ${fn}; export const turns = Array.from({ length: ${calls + 1} }, () => () => fn); export const result = () => ${result};`;
}

const folder = mkdtempSync(join(tmpdir(), 'functions-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

async function load(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return import(pathToFileURL(path).href);
}

const executor = new ThreadPoolExecutor({ maxWorkers: 1, minWorkers: 1 });
// By reference, so that neither inspector nor parser has been used.
const { increment } = tasksFrom(new URL('./tasks.mjs', import.meta.url));
for (let i = 0; i < 100; i++) assert.equal(await executor.submit(increment, 1), 2);

async function measure({ turns, result }) {
  const microseconds = [];
  for (const [i, turn] of turns.entries()) {
    const fn = turn(i);
    const startedAt = performance.now();
    const future = executor.submit(fn, 1);
    microseconds.push((performance.now() - startedAt) * 1000);
    assert.equal(await future, result(i));
  }
  return microseconds;
}

if (id === 'first') {
  const once = await load('first.mjs', 'export const turns = [() => (n) => n + 1]; export const result = () => 2;');
  console.log(JSON.stringify(await measure(once)));
} else {
  const warmUp = await load('warm-up.mjs', modules.captures());
  await measure(warmUp);
  globalThis.gc?.();
  const measured = await measure(await load(`${id}.mjs`, modules[id]()));
  console.log(JSON.stringify(id.startsWith('known') ? measured.slice(1) : measured));
}
await executor.shutdown();
