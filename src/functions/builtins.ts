/** Functions of the language and of Node, by their public path. */

import { builtinModules, createRequire } from 'node:module';
import type { PortableFunction } from '../protocol/portable.js';
import type { AnyFunction } from './inspect.js';

type Builtin = Extract<PortableFunction, { kind: 'builtin' }>;

/** Loading these has effects of its own, or warns that they are deprecated or experimental. */
const unsafeToLoad =
  /^(_|sys$|punycode$|inspector|repl$|cluster$|wasi$|test|trace_events$|domain$|sea$|sqlite$|ffi$|quic$)/;

/** The public path of a built-in, found by identity among the globals and then the built-in modules. */
export function builtinPath(fn: AnyFunction): Builtin | undefined {
  const path = pathIn(globalThis, fn, true);
  if (path !== undefined) return { kind: 'builtin', module: undefined, path };
  const load = createRequire(process.execPath);
  for (const listed of builtinModules) {
    // Newer modules are listed with their prefix.
    const name = listed.replace(/^node:/, '');
    if (unsafeToLoad.test(name)) continue;
    const found = pathIn(load(`node:${name}`) as object, fn, false);
    if (found !== undefined) return { kind: 'builtin', module: `node:${name}`, path: found };
  }
  return undefined;
}

function pathIn(owner: object, fn: AnyFunction, deep: boolean): string | undefined {
  const values = plainValues(owner);
  for (const [key, value] of values) if (value === fn) return key;
  if (!deep) return undefined;
  for (const [key, value] of values) {
    if (value === owner || (typeof value !== 'object' && typeof value !== 'function') || value === null) continue;
    const [inner] = plainValues(value).find(([, member]) => member === fn) ?? [];
    if (inner !== undefined) return `${key}.${inner}`;
  }
  return undefined;
}

/** Own data properties under string names; getters are left alone, since reading them may load or warn. */
function plainValues(owner: object): [string, unknown][] {
  return Object.entries(Object.getOwnPropertyDescriptors(owner)).flatMap(([key, descriptor]) =>
    'value' in descriptor ? [[key, descriptor.value] as [string, unknown]] : [],
  );
}
