/** What test runners and coverage tools put into the scopes of a program. */

import type { FunctionNotPortableError } from '../errors.js';
import { refuseVariable, type Trail } from './refusals.js';

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

/** @param members what is used of it: where it stands for the runner's whole module, its own name means nothing to anybody. */
export function refuseRunner(
  trail: Trail,
  name: string,
  members: readonly string[] = [name],
): FunctionNotPortableError {
  const shown = globals.has(name) ? name : members.join('`, `');
  const wayOut = 'return what is to be checked, and check the result in the test';
  return refuseVariable(trail, shown, 'which belongs to the test runner and works only in the test itself', wayOut);
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

/**
 * Counters as an instrumented function needs them, if the value is what Istanbul counts in; `undefined` for anything else.
 * All are zero: they change all the time, and what is counted in a worker is counted for nobody.
 */
export function countersOf(value: object): object | undefined {
  if (!(schemaKey in value)) return undefined;
  const { s, f, b, bT } = value as Record<string, Record<string, unknown> | undefined>;
  return { s: zeros(s), f: zeros(f), b: zeros(b), bT: zeros(bT) };
}

function zeros(counts: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const entries = Object.entries(counts);
  return Object.fromEntries(entries.map(([key, count]) => [key, Array.isArray(count) ? count.map(() => 0) : 0]));
}
