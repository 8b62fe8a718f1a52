/**
 * What a TypeScript user sees: this file compiles only if every type is inferred as it should be, and what is wrong is refused.
 *
 * Nothing here runs; `npm run check:types` reads it, against the types of the built package.
 */

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import {
  type Executor,
  type Future,
  InlineExecutor,
  type InputsOf,
  inProcess,
  inThread,
  type MapResults,
  ProcessPoolExecutor,
  type SettledItem,
  ThreadPoolExecutor,
  tasksFrom,
} from 'concurrent-futures';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only where both types are the same; `any` is the same as nothing else. */
declare function same<A, B>(..._: Same<A, B> extends true ? [] : [never]): void;

declare const executor: Executor;

interface Row {
  readonly id: number;
  readonly tags?: readonly string[];
}
const concat = (a: number, b: string): string => a + b;
const later = async (n: number): Promise<number> => n;
const row = (id: number): Row => ({ id });
const identity = <T>(value: T): T => value;
const pair = <A, B>(a: A, b: B): [A, B] => [a, b];
declare function overloaded(a: string): number;
declare function overloaded(a: number, b?: boolean): Date;

class Shape {
  area(scale: number): number {
    return scale;
  }
  needsThis(this: Shape, scale: number): number {
    return this.area(scale);
  }
  static of(name: string): Row[] {
    return [row(name.length)];
  }
}

export function submitInfers(): void {
  const plain = executor.submit(concat, 1, 'x');
  same<typeof plain, Future<string>>();
  const asynchronous = executor.submit(later, 1);
  same<typeof asynchronous, Future<number>>();
  const nothing = executor.submit(() => {});
  same<typeof nothing, Future<void>>();
  const never = executor.submit((): never => {
    throw new Error('always');
  });
  same<typeof never, Future<never>>();
  const either = executor.submit((n: number): Promise<Date> | string => (n > 1 ? 'x' : Promise.resolve(new Date())), 1);
  same<typeof either, Future<string | Date>>();
  const nested = executor.submit(async () => later(1));
  same<typeof nested, Future<number>>();
  const thenable = executor.submit(() => asynchronous);
  same<typeof thenable, Future<number>>();
  const last = executor.submit(overloaded, 1, true);
  same<typeof last, Future<Date>>();
  const lastAlone = executor.submit(overloaded, 1);
  same<typeof lastAlone, Future<Date>>();
}

export function submitInfersGenerics(): void {
  const number = executor.submit(identity, 5);
  same<typeof number, Future<number>>();
  const object = executor.submit(identity<Row>, { id: 1 });
  same<typeof object, Future<Row>>();
  const both = executor.submit(pair, 5, 'a');
  same<typeof both, Future<[number, string]>>();
  const bounded = executor.submit(<T extends { readonly id: number }>(item: T) => item.id, { id: 1, more: true });
  same<typeof bounded, Future<number>>();
  const asynchronous = executor.submit(async <T>(value: T) => [value], 5);
  same<typeof asynchronous, Future<number[]>>();
}

export function submitInfersParameters(): void {
  const optional = executor.submit((a: number, b?: string) => a + (b ?? ''), 1);
  same<typeof optional, Future<string>>();
  const add = (a: number, b = 2): number => a + b;
  const given = executor.submit(add, 1);
  same<typeof given, Future<number>>();
  const rest = executor.submit((first: string, ...more: number[]) => [first, more] as const, 'a', 1, 2);
  same<typeof rest, Future<readonly [string, number[]]>>();
  const spread: [number, string] = [1, 'x'];
  const fromSpread = executor.submit(concat, ...spread);
  same<typeof fromSpread, Future<string>>();
  const fromContext = executor.submit((a, b) => [a, b] as const, 1, 'x');
  same<typeof fromContext, Future<readonly [number, string]>>();
  const literal = executor.submit((mode: 'fast' | 'slow') => mode, 'fast');
  same<typeof literal, Future<'fast' | 'slow'>>();
  const destructured = executor.submit(({ id, tags = [] }: Row) => [id, ...tags], { id: 1 });
  same<typeof destructured, Future<(string | number)[]>>();
  const tuple = executor.submit((point: readonly [number, number]) => point[0], [1, 2]);
  same<typeof tuple, Future<number>>();
  const union = executor.submit((value: number | string) => value, 1);
  same<typeof union, Future<number | string>>();
}

export function submitTakesMethodsAndBuiltins(): void {
  const method = executor.submit(new Shape().area, 2);
  same<typeof method, Future<number>>();
  const fixed = executor.submit(Shape.of, 'x');
  same<typeof fixed, Future<Row[]>>();
  const bound = executor.submit(new Shape().needsThis.bind(new Shape()), 2);
  same<typeof bound, Future<number>>();
  const max = executor.submit(Math.max, 1, 2, 3);
  same<typeof max, Future<number>>();
  const base = executor.submit(basename, '/x/y', '.z');
  same<typeof base, Future<string>>();
  const parsed = executor.submit(JSON.parse, '1');
  // What the language says is `any` stays `any`.
  same<0 extends 1 & Awaited<typeof parsed> ? 'any' : 'known', 'any'>();
  const read = executor.submit(readFileSync, 'file', 'utf8');
  const text: Future<string | Buffer> = read;
  void text;
}

export function tasksFromInfers(): void {
  const tasks = tasksFrom<{ resize(path: string, width: number): Promise<Uint8Array>; readonly version: string }>(
    'file:///t.js',
  );
  const resized = executor.submit(tasks.resize, 'a.png', 100);
  same<typeof resized, Future<Uint8Array>>();
  const mapped = executor.map(tasks.resize, ['a.png'], [100]);
  same<typeof mapped, MapResults<Uint8Array>>();
  const own = tasksFrom<{ row: typeof row }>(new URL('file:///t.js'));
  const made = executor.map(own.row, [1]);
  same<typeof made, MapResults<Row>>();
  // @ts-expect-error the module exports nothing of that name
  executor.submit(tasks.rotate, 'a.png');
  // @ts-expect-error an export that is no function
  executor.submit(tasks.version);
  // @ts-expect-error an argument is missing
  executor.submit(tasks.resize, 'a.png');
}

export async function mapInfers(): Promise<void> {
  same<
    InputsOf<[number, string?]>,
    [Iterable<number> | AsyncIterable<number>, (Iterable<string | undefined> | AsyncIterable<string | undefined>)?]
  >();
  const rows = executor.map(row, [1, 2]);
  same<typeof rows, MapResults<Row>>();
  same<Awaited<ReturnType<typeof rows.toArray>>, Row[]>();
  const chained = executor
    .map(later, new Set([1]))
    .timeout(5)
    .chunkSize('auto')
    .bufferSize(9)
    .unordered();
  same<typeof chained, MapResults<number>>();
  const two = executor.map(concat, [1], source());
  same<typeof two, MapResults<string>>();
  const generic = executor.map(identity, [1, 2]);
  same<typeof generic, MapResults<number>>();
  const genericPair = executor.map(pair, [1], ['a']);
  same<typeof genericPair, MapResults<[number, string]>>();
  const optional = executor.map((a: number, b?: string) => [a, b] as const, [1]);
  same<typeof optional, MapResults<readonly [number, string | undefined]>>();
  const rest = executor.map((...all: number[]) => all, [1], [2], new Set([3]));
  same<typeof rest, MapResults<number[]>>();
  const builtin = executor.map(Math.max, [1], [2]);
  same<typeof builtin, MapResults<number>>();
  const fromContext = executor.map((a, b) => [a, b] as const, ['a'], [1]);
  same<typeof fromContext, MapResults<readonly [string, number]>>();
  const text = executor.map((letter) => letter.length, 'text');
  same<typeof text, MapResults<number>>();
  const entries = executor.map(([key, value]) => [value, key] as const, new Map([['k', 1]]));
  same<typeof entries, MapResults<readonly [number, string]>>();
  for await (const item of executor.map(row, [1]).settled()) {
    same<typeof item, SettledItem<Row>>();
    if (item.status === 'rejected') same<typeof item.reason, unknown>();
    else same<typeof item.value, Row>();
  }
}

declare function source(): AsyncGenerator<string>;

export function singlesAndViewsInfer(): void {
  const thread = inThread(concat, 1, 'x');
  same<typeof thread, Future<string>>();
  const process = inProcess(identity, 1);
  same<typeof process, Future<number>>();
  // A view is of the same class, so what it runs is inferred alike.
  const view = new ThreadPoolExecutor().with({ timeout: 1, name: 'n', retries: { times: 2, retryOn: () => true } });
  same<typeof view, ThreadPoolExecutor>();
  const submitted = view.submit(later, 1);
  same<typeof submitted, Future<number>>();
}

export async function isRefused(): Promise<void> {
  // @ts-expect-error wrong type of argument
  executor.submit(concat, 'x', 'x');
  // @ts-expect-error too few arguments
  executor.submit(concat, 1);
  // @ts-expect-error too many arguments
  executor.submit(concat, 1, 'x', 2);
  // @ts-expect-error no argument is taken
  executor.submit(() => 1, 2);
  // @ts-expect-error an argument of the rest has the wrong type
  executor.submit((...all: number[]) => all, 1, 'x');
  // @ts-expect-error the optional argument has the wrong type
  executor.submit((a: number, b?: string) => [a, b], 1, 2);
  // @ts-expect-error only the last signature of an overloaded function is known
  executor.submit(overloaded, 'x');
  // @ts-expect-error not within the bound of the type parameter
  executor.submit(<T extends { readonly id: number }>(item: T) => item.id, { name: 'x' });
  // @ts-expect-error text is no function
  executor.submit('concat');
  // @ts-expect-error the result of a call is no function
  executor.submit(concat(1, 'x'));
  // @ts-expect-error a promise of a function is no function
  executor.submit(Promise.resolve(concat), 1, 'x');
  // @ts-expect-error a class can't be called
  executor.submit(Shape);
  // @ts-expect-error a worker calls it without `this`
  executor.submit(new Shape().needsThis, 1);
  executor.submit(function () {
    // @ts-expect-error `this` is nothing there, also where the function does not say what it needs
    return this.size;
  });
  // @ts-expect-error nothing to run
  executor.submit();
  // @ts-expect-error nothing to run
  inThread();
  // @ts-expect-error wrong type of argument
  inProcess(concat, 1, 2);
  // @ts-expect-error a worker calls it without `this`
  executor.map(new Shape().needsThis, [1]);
}

export async function misuseOfResultsIsRefused(): Promise<void> {
  // @ts-expect-error the result is text, not a number
  const number: number = await executor.submit(concat, 1, 'x');
  // @ts-expect-error the future is not its result
  const text: string = executor.submit(concat, 1, 'x');
  // @ts-expect-error the result has no such member
  (await executor.submit(row, 1)).name;
  // @ts-expect-error a future of text is none of numbers
  const future: Future<number> = executor.submit(concat, 1, 'x');
  // @ts-expect-error what a task failed with may be anything
  (await executor.submit(row, 1).exception()).message;
  // @ts-expect-error results of a map are read asynchronously
  for (const item of executor.map(row, [1])) void item;
  // @ts-expect-error an item that is settled is no result
  for await (const item of executor.map(row, [1]).settled()) item.id;
  void [number, text, future];
}

export function wrongMapsAreRefused(): void {
  // @ts-expect-error wrong type of items
  executor.map(row, ['a']);
  // @ts-expect-error wrong type of the second items
  executor.map(concat, [1], [2]);
  // @ts-expect-error an input is missing
  executor.map(concat, [1]);
  // @ts-expect-error an input too many
  executor.map(row, [1], [2]);
  // @ts-expect-error a number is no input
  executor.map(row, 1);
  // @ts-expect-error a promise of items is no input
  executor.map(row, Promise.resolve([1]));
  // @ts-expect-error items that are promises are not awaited
  executor.map(row, [Promise.resolve(1)]);
  // @ts-expect-error asynchronous items of the wrong type
  executor.map(row, source());
  // @ts-expect-error no such size
  executor.map(row, [1]).chunkSize('big');
  // @ts-expect-error text is no function
  executor.map('row', [1]);
}

export function wrongOptionsAreRefused(): void {
  // @ts-expect-error an option that is not there
  new ThreadPoolExecutor({ maxWorker: 1 });
  // @ts-expect-error an option of processes
  new ThreadPoolExecutor({ execPath: 'node' });
  // @ts-expect-error an option of threads
  new ProcessPoolExecutor({ resourceLimits: {} });
  // @ts-expect-error wrong type
  new ProcessPoolExecutor({ maxWorkers: '2' });
  // @ts-expect-error the inline executor has no options
  new InlineExecutor({ maxWorkers: 1 });
  // @ts-expect-error a function, not its name
  new ThreadPoolExecutor({ initializer: 'init' });
  // @ts-expect-error an option that is not there
  executor.with({ tiemout: 1 });
  // @ts-expect-error wrong type
  executor.with({ timeout: '1s' });
  // @ts-expect-error how often is missing
  executor.with({ retries: { backoff: 3 } });
  // @ts-expect-error a controller is not its signal
  executor.with({ signal: new AbortController() });
  // @ts-expect-error an option that is not there
  void executor.shutdown({ cancel: true });
  // @ts-expect-error options of a task are not arguments of submit
  executor.submit(row, 1, { timeout: 5 });
}
