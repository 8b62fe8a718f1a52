/** The programs of people who installed the package. */

/** Uses every executor, and prints one line of JSON that is the same for every kind of user. */
const body = `
const square = (n) => n * n;
async function run(Executor) {
  const executor = new Executor({ maxWorkers: 2 });
  try {
    const one = await executor.submit(square, 7);
    const named = await executor.submit(double, 21);
    const mapped = await executor.map((a, b) => a + b, [1, 2, 3], [10, 20, 30]).toArray();
    let failure;
    try {
      await executor.submit(() => { throw new RangeError('out'); });
    } catch (error) {
      failure = error instanceof RangeError && error.message;
    }
    const refused = await executor.submit(() => () => {}).exception();
    return { one, named, mapped, failure, refused: refused instanceof NotSerializableError };
  } finally {
    await executor.shutdown();
  }
}
async function main() {
  const report = {
    thread: await run(ThreadPoolExecutor),
    process: await run(ProcessPoolExecutor),
    inline: await run(class { constructor() { return new InlineExecutor(); } }),
    inThread: await inThread(square, 3),
    inProcess: await inProcess(square, 4),
  };
  console.log(JSON.stringify(report));
}
main();
`;

const names = 'ThreadPoolExecutor, ProcessPoolExecutor, InlineExecutor, NotSerializableError, inThread, inProcess';

export const esmUser = `import { ${names} } from 'concurrent-futures';\nimport { double } from './tasks.mjs';\n${body}`;
export const cjsUser = `const { ${names} } = require('concurrent-futures');\nconst { double } = require('./tasks.cjs');\n${body}`;
export const esmTasks = 'export const double = (n) => n * 2;\n';
export const cjsTasks = 'exports.double = (n) => n * 2;\n';

const each = { one: 49, named: 42, mapped: [11, 22, 33], failure: 'out', refused: true };
/** What each of those users prints. */
export const expectedReport = { thread: each, process: each, inline: each, inThread: 9, inProcess: 16 };

/** One program that gets the library both ways, and prints what is not one and the same. */
export const bothUser = `
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import * as imported from 'concurrent-futures';
const required = createRequire(import.meta.url)('concurrent-futures');
assert.deepEqual(Object.keys(imported).filter((name) => name !== 'default' && name !== 'module.exports').sort(), Object.keys(required).sort());
for (const name of Object.keys(required)) assert.equal(imported[name], required[name], name);
const executor = new imported.InlineExecutor();
const future = executor.submit(() => () => {});
assert.ok(executor instanceof required.Executor);
assert.ok(future instanceof required.Future);
const error = await future.exception();
assert.ok(error instanceof required.NotSerializableError);
assert.ok(error instanceof required.ExecutorError);
assert.equal(error.constructor, imported.NotSerializableError);
await executor.shutdown();
console.log('one and the same');
`;

/** A TypeScript user: compiles, and only if every type is inferred as it should be. */
export const typescriptUser = `
import {
  asCompleted, type CancelledError, currentTask, type Executor, type ExecutorStats, type Future, InlineExecutor, inProcess, inThread,
  type MapResults, ProcessPoolExecutor, type SettledItem, tasksFrom, ThreadPoolExecutor, type TimeoutError, wait, WorkerLostError,
} from 'concurrent-futures';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only where both types are the same; \`any\` is the same as nothing else. */
function same<A, B>(..._: Same<A, B> extends true ? [] : [never]): void {}

const threads: Executor = new ThreadPoolExecutor({ maxWorkers: 2, resourceLimits: { maxOldGenerationSizeMb: 64 }, idleTimeout: 1 });
const processes = new ProcessPoolExecutor({ maxMemory: 1e9, env: { A: 'b' }, initializer: (a: number) => a, initargs: [1] });
const inline = new InlineExecutor();

const concat = (a: number, b: string): string => a + b;
const later = async (n: number): Promise<number> => n;
interface Row { readonly id: number; readonly tags?: readonly string[] }
const row = (id: number): Row => ({ id });

// submit
const submitted = threads.submit(concat, 1, 'x');
same<typeof submitted, Future<string>>();
const asynchronous = processes.submit(later, 1);
same<typeof asynchronous, Future<number>>();
const nothing = inline.submit(() => {});
same<typeof nothing, Future<void>>();
const rest = threads.submit(Math.max, 1, 2, 3);
same<typeof rest, Future<number>>();
const optional = threads.submit((a: number, b?: string) => a + (b ?? ''), 1);
same<typeof optional, Future<string>>();
const contextual = threads.submit((a) => a * 2, 21);
same<typeof contextual, Future<number>>();
// @ts-expect-error wrong type
threads.submit(concat, 'x', 'x');
// @ts-expect-error too few
threads.submit(concat, 1);
// @ts-expect-error too many
threads.submit(concat, 1, 'x', 2);
// @ts-expect-error no function
threads.submit('concat');

// futures
async function futures(): Promise<void> {
  const awaited = await submitted;
  same<typeof awaited, string>();
  const result = await submitted.result({ timeout: 1 });
  same<typeof result, string>();
  const problem = await submitted.exception();
  same<typeof problem, unknown>();
  const now = submitted.resultSync();
  same<typeof now, string>();
  same<typeof submitted.state, 'pending' | 'running' | 'cancelled' | 'finished'>();
  const chained = submitted.then((text) => text.length);
  const length = await chained;
  same<typeof length, number>();
  const either = await Promise.all([submitted, asynchronous]);
  same<typeof either, [string, number]>();
  const { done, notDone } = await wait([submitted, asynchronous], { returnWhen: 'FIRST_COMPLETED' });
  for (const future of [...done, ...notDone]) future.cancel();
  for await (const future of asCompleted([submitted])) same<typeof future, Future<string>>();
  for await (const future of asCompleted([submitted, asynchronous])) same<typeof future, Future<string> | Future<number>>();
  // @ts-expect-error wrong word
  await wait([submitted], { returnWhen: 'FIRST' });
  const stopped: boolean = submitted.cancel();
  void stopped;
}

// map
async function maps(): Promise<void> {
  const rows = threads.map(row, [1, 2]);
  same<typeof rows, MapResults<Row>>();
  const list = await threads.map(row, new Set([1])).timeout(5).chunkSize('auto').bufferSize(9).unordered().toArray();
  same<typeof list, Row[]>();
  for await (const item of processes.map(later, source())) same<typeof item, number>();
  for await (const item of inline.map(concat, [1, 2], source2())) same<typeof item, string>();
  for await (const item of threads.map(row, [1]).settled()) {
    same<typeof item, SettledItem<Row>>();
    if (item.status === 'fulfilled') same<typeof item.value, Row>();
    else same<typeof item.reason, unknown>();
    same<typeof item.index, number>();
  }
  // @ts-expect-error wrong type of input
  threads.map(row, ['a']);
  // @ts-expect-error an input is missing
  threads.map(concat, [1]);
  // @ts-expect-error no iterable
  threads.map(row, 1);
}
async function* source(): AsyncGenerator<number> { yield 1; }
function* source2(): Generator<string> { yield 'a'; }

// options
// @ts-expect-error an option that is not there
new ThreadPoolExecutor({ maxWorker: 1 });
// @ts-expect-error an option of processes
new ThreadPoolExecutor({ execPath: 'node' });
// @ts-expect-error wrong type
new ProcessPoolExecutor({ maxWorkers: '2' });
threads.with({ timeout: 1, signal: new AbortController().signal, priority: 1, retries: { times: 2, backoff: 3 }, name: 'n' }).submit(row, 1);
// @ts-expect-error an option that is not there
threads.with({ tiemout: 1 });

// the rest
async function others(): Promise<void> {
  const single = await inThread(concat, 1, 'x');
  same<typeof single, string>();
  const other = await inProcess(later, 1);
  same<typeof other, number>();
  const stats: ExecutorStats = threads.stats();
  same<typeof stats.queued, number>();
  const { unfinished } = await threads.shutdown({ wait: true, timeout: 1 });
  same<typeof unfinished, readonly Future<unknown>[]>();
  const tasks = tasksFrom<{ resize(path: string, width: number): Promise<Uint8Array> }>(new URL('file:///resize.js'));
  const resized = await processes.submit(tasks.resize, 'a.png', 100);
  same<typeof resized, Uint8Array>();
  const task = currentTask();
  if (task !== undefined) {
    task.report(0.5);
    same<typeof task.signal, AbortSignal>();
    same<typeof task.attempt, number>();
  }
  const problem = await submitted.exception();
  if (problem instanceof WorkerLostError) {
    same<typeof problem.exitCode, number | null>();
    same<typeof problem.code, string>();
  }
  const errors: readonly (CancelledError | TimeoutError)[] = [];
  void errors;
  await using scoped = new InlineExecutor();
  scoped.submit(row, 1);
}
void [futures, maps, others, rest, optional, contextual, nothing];
`;

/** Everything in one file: the way of a user who bundles. */
export const bundledUser = `
import { InlineExecutor, inThread, NotSerializableError, ProcessPoolExecutor, ThreadPoolExecutor, inProcess } from 'concurrent-futures';
import { double } from './tasks.mjs';
${body}`;
