/**
 * Functions drawn at random do the same wherever they run: called directly, inline, on a thread and in a process.
 *
 * `FUNCTIONS_SEED` and `FUNCTIONS_PATH` replay what a failure has printed; `FUNCTIONS_RUNS` asks for more modules.
 */

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { programs } from './program.js';
import { refusedPrograms } from './refused.js';
import { makeWorld } from './world.js';

const { FUNCTIONS_SEED, FUNCTIONS_PATH, FUNCTIONS_RUNS, FUNCTIONS_KEEP } = process.env;
const world = mkdtempSync(join(tmpdir(), 'functions-'));
const shape = [5, 10] as const;
const functionsPerModule = shape[0] * shape[1];
const modules = Number(FUNCTIONS_RUNS ?? 22);

interface Difference {
  readonly index: number;
  readonly way: string;
  readonly expected: string;
  readonly seen: string;
  readonly fn: string;
}

type Reply = { readonly differences: readonly Difference[]; readonly functions: number } | { readonly broken: string };

let runner: ChildProcess;
let count = 0;
let lost: Promise<[Reply]>;

before(async () => {
  makeWorld(world);
  copyFileSync(fileURLToPath(new URL('./runner.mjs', import.meta.url)), join(world, 'runner.mjs'));
  runner = fork(join(world, 'runner.mjs'), { execArgv: [], serialization: 'advanced' });
  await once(runner, 'message');
  lost = once(runner, 'exit').then(([code]) => [{ broken: `the process that ran it ended with ${code}` }]);
});

after(async () => {
  runner.disconnect();
  if (runner.exitCode === null) await once(runner, 'exit');
  if (FUNCTIONS_KEEP === undefined) rmSync(world, { recursive: true, force: true });
});

async function run(program: { readonly text: string }, areRefused: boolean): Promise<Reply> {
  const folder = join(world, String(++count));
  const { text } = program;
  for (const way of ['pooled', 'inline', 'direct']) {
    mkdirSync(join(folder, way), { recursive: true });
    writeFileSync(join(folder, way, 'program.mjs'), text);
  }
  runner.send({ folder: pathToFileURL(`${folder}/`).href, areRefused });
  const [reply] = await Promise.race([once(runner, 'message') as Promise<[Reply]>, lost]);
  return reply;
}

function explain(program: { readonly text: string; readonly size: number }, reply: Reply): string {
  if ('broken' in reply) return `the module could not be run: ${reply.broken}\n${program.text}`;
  const [first] = reply.differences;
  if (first === undefined) return '';
  const { index, way, expected, seen, fn } = first;
  const text = program.size > 1 ? fn : program.text;
  return `function ${index} by way of ${way} gave\n${seen}\ninstead of\n${expected}\n${text}`;
}

async function check<P extends { readonly text: string; readonly size: number }>(
  programs: fc.Arbitrary<P>,
  numRuns: number,
  areRefused: boolean,
): Promise<void> {
  let functions = 0;
  const property = fc.asyncProperty(programs, async (program) => {
    const reply = await run(program, areRefused);
    if ('broken' in reply || reply.differences.length > 0) assert.fail(explain(program, reply));
    assert.equal(reply.functions, program.size);
    functions += reply.functions;
  });
  await fc.assert(property, {
    numRuns,
    includeErrorInReport: true,
    // Shrinking ends with what it has got so far, before the test runner ends it with nothing.
    interruptAfterTimeLimit: 240_000,
    markInterruptAsFailure: true,
    ...(FUNCTIONS_SEED === undefined ? {} : { seed: Number(FUNCTIONS_SEED) }),
    ...(FUNCTIONS_PATH === undefined ? {} : { path: FUNCTIONS_PATH }),
  });
  if (FUNCTIONS_PATH === undefined) assert.ok(functions >= numRuns * functionsPerModule, `only ${functions} functions`);
}

// Only there so that nothing hangs: shrinking a failure may take minutes.
const options = { timeout: 600_000 };

test('a function does the same called directly, inline, on a thread and in a process', options, () =>
  check(programs(...shape), modules, false),
);

test('a function that can not travel is refused in the call to submit, by the name of what it uses', options, () =>
  check(refusedPrograms(functionsPerModule), 4, true),
);
