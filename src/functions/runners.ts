/** What test runners and coverage tools put into the scopes of a program. */

import { types } from 'node:util';
import type { FunctionNotPortableError } from '../errors.js';
import type { Part } from '../protocol/portable.js';
import { madePart } from './made-parts.js';
import type { NameUse } from './name-uses.js';
import { refuseVariable, type Trail } from './refusals.js';
import { viteInterop } from './rewritten-imports.js';

/** They work on the state of the running test, which a worker does not have. */
const globals: ReadonlySet<string> = new Set([
  ...['expect', 'assert', 'jest', 'vi', 'vitest', 'test', 'it', 'describe'],
  ...['beforeAll', 'beforeEach', 'afterAll', 'afterEach'],
]);

/** Whether a name stands for a global that the test runner has made. */
export function isRunnerGlobal(name: string): boolean {
  const isInRunner = process.env['JEST_WORKER_ID'] !== undefined || process.env['VITEST'] !== undefined;
  return isInRunner && globals.has(name) && name in globalThis;
}

export function refuseRunner(trail: Trail, name: string, { isWhole, members }: NameUse): FunctionNotPortableError {
  // Where it stands for the runner's whole module, its name is a generated one, which means nothing to anybody.
  const shown = globals.has(name) || isWhole ? name : [...members.keys()].join('`, `');
  const wayOut = 'return what is to be checked, and check the result in the test';
  return refuseVariable(trail, shown, 'which belongs to the test runner and works only in the test itself', wayOut);
}

/** Imports a module again and makes of it what vite shows a program. */
export function vitePart(specifier: string, url: string): Part {
  return madePart(viteInterop, [['namespace', { kind: 'import', url, specifier, name: '*' }]]);
}

/** Those of jest and vitest alike. */
export function isMockFunction(fn: object): boolean {
  return Object.hasOwn(fn, '_isMockFunction');
}

/** What a module that vitest has mocked exports: it gives out a proxy, which complains about everything else. */
export function mockedModule(value: unknown): object | undefined {
  if (typeof value !== 'object' || value === null || !types.isProxy(value)) return undefined;
  // The other proxies that it makes are of modules that Node loaded.
  if (Symbol.toStringTag in value || '__esModule' in value) return undefined;
  const exports = Object.fromEntries(
    Object.keys(value).map((name) => [name, (value as Record<string, unknown>)[name]]),
  );
  return Object.defineProperty(exports, '__esModule', { value: true });
}

/** A module's object: what it exports, and no class of its own behind it. */
export function isNamespace(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  // Of any realm: a test runner may give each test file its own `Object`.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The magic word that Istanbul gives its data: https://github.com/istanbuljs/istanbuljs/blob/main/packages/istanbul-lib-instrument/src/constants.js */
const schemaKey = '_coverageSchema';

const zeroed = new WeakMap<object, object>();

/**
 * What stands for an instrumented module's counters; `undefined` if the value is something else. They are all zero: they change
 * all the time, and what is counted in a worker is counted for nobody.
 */
export function countersFor(value: unknown): object | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, schemaKey)) return undefined;
  let counters = zeroed.get(value);
  if (counters === undefined) {
    const { s, f, b, bT } = value as Record<string, Record<string, unknown> | undefined>;
    counters = { s: zeros(s), f: zeros(f), b: zeros(b), bT: zeros(bT) };
    zeroed.set(value, counters);
  }
  return counters;
}

function zeros(counts: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const entries = Object.entries(counts);
  return Object.fromEntries(entries.map(([key, count]) => [key, Array.isArray(count) ? count.map(() => 0) : 0]));
}
