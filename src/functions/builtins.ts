/** What belongs to the language and to Node, by its public path: it is the same in every worker. */

import { builtinModules, createRequire } from 'node:module';
import type { BuiltinPath } from '../protocol/portable.js';
import { inspect } from './inspect.js';

/** Loading these has effects of its own, or warns that they are deprecated or experimental. */
const unsafeToLoad =
  /^(_|sys$|punycode$|inspector|repl$|cluster$|wasi$|test|trace_events$|domain$|sea$|sqlite$|ffi$|quic$)/;

const globals = new Map<unknown, BuiltinPath>();
const modules = new Map<unknown, BuiltinPath>();

/** The public path of an object, a function or a symbol that the global scope leads to. */
export function globalPath(value: unknown): BuiltinPath | undefined {
  if (globals.size === 0) addGlobals();
  return globals.get(value) ?? classPath(value);
}

/** The public path of a function or an object of the language or of Node, found by identity. */
export function builtinPath(value: unknown): BuiltinPath | undefined {
  const path = globalPath(value);
  if (path !== undefined) return path;
  addModules();
  return modules.get(value);
}

/** A built-in module that the REPL and `node -e` offer as a global variable. */
export function offeredModule(name: string): BuiltinPath | undefined {
  const isOffered =
    Object.getOwnPropertyDescriptor(globalThis, name)?.get !== undefined && builtinModules.includes(name);
  return isOffered && !(name in globalsOfNode) ? { module: `node:${name}`, path: '' } : undefined;
}

/** Both a module's name and a global variable's, which workers have as well. */
const globalsOfNode: Readonly<Record<string, true>> = { crypto: true, process: true, console: true };

/** Whether a name of the global scope belongs to the language or to Node, rather than to the program. */
export function isPlatformGlobal(name: string): boolean {
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
  // Node makes many of its own on their first use, by a getter.
  return descriptor === undefined || !('value' in descriptor) || isPlatformValue(name, descriptor.value);
}

function isPlatformValue(name: string, value: unknown): boolean {
  if (typeof value === 'function') return isNative(value) || inspect(value)?.location.url.startsWith('node:') === true;
  if (typeof value === 'object' && value !== null) {
    return value === globalThis || Object.prototype.toString.call(value) !== '[object Object]';
  }
  return name === 'undefined' || name === 'NaN' || name === 'Infinity';
}

export function isNative(fn: object): boolean {
  return Function.prototype.toString.call(fn).endsWith('{ [native code] }');
}

function addGlobals(): void {
  for (const [name, value] of plainValues(globalThis)) {
    if (!isPlatformValue(name, value)) continue;
    add(globals, value, undefined, name);
    if (value !== globalThis) addMembers(globals, value, undefined, name);
  }
}

/** How many of the modules that Node has loaded were looked at. */
let seenModules = 0;

/** Adds the modules that are loaded by now: whoever has a value of one has it loaded, and to load the rest takes 50 ms. */
function addModules(): void {
  const { moduleLoadList } = process as { readonly moduleLoadList?: readonly string[] };
  const loaded = new Set(moduleLoadList?.slice(seenModules).map((entry) => entry.replace(/^NativeModule /, '')));
  seenModules = moduleLoadList?.length ?? 0;
  const load = createRequire(process.execPath);
  for (const listed of loaded.size === 0 ? [] : builtinModules) {
    // Newer modules are listed with their prefix.
    const name = listed.replace(/^node:/, '');
    if (!loaded.has(name) || unsafeToLoad.test(name)) continue;
    const exports: unknown = load(`node:${name}`);
    add(modules, exports, `node:${name}`, '');
    addMembers(modules, exports, `node:${name}`, '');
    for (const [key, inner] of plainValues(exports as object)) {
      if (typeof inner === 'object' && inner !== null) addMembers(modules, inner, `node:${name}`, key);
    }
  }
}

function addMembers(into: Map<unknown, BuiltinPath>, owner: unknown, module: string | undefined, path: string): void {
  if (!isObject(owner)) return;
  const before = path === '' ? '' : `${path}.`;
  for (const [key, member] of plainValues(owner)) {
    add(into, member, module, before + key);
    if (key !== 'prototype' || !isObject(member)) continue;
    for (const [inner, method] of plainValues(member)) add(into, method, module, `${before}${key}.${inner}`);
  }
}

function add(into: Map<unknown, BuiltinPath>, value: unknown, module: string | undefined, path: string): void {
  if ((isObject(value) || typeof value === 'symbol') && !into.has(value)) into.set(value, { module, path });
}

/** Classes that Node makes on their first use: by their own name, since reading all such names would make them all. */
function classPath(value: unknown): BuiltinPath | undefined {
  if (typeof value !== 'function') return undefined;
  const { name } = value;
  const isGlobal = Object.getOwnPropertyDescriptor(globalThis, name)?.get !== undefined;
  return isGlobal && (globalThis as Record<string, unknown>)[name] === value
    ? { module: undefined, path: name }
    : undefined;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Own data properties under string names; getters are left alone, since reading them may load or warn. */
function plainValues(owner: object): [string, unknown][] {
  return Object.entries(Object.getOwnPropertyDescriptors(owner)).flatMap(([key, descriptor]) =>
    'value' in descriptor ? [[key, descriptor.value] as [string, unknown]] : [],
  );
}
