/** Functions that a worker can import: exported by a module other than the program's entry. */

import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { PortableFunction } from '../protocol/portable.js';
import { exportedNames } from './declared-names.js';
import { isBeingEvaluated } from './evaluation.js';
import { commonJsModule } from './foreign-modules.js';
import { type AnyFunction, type InspectedFunction, readBinding, scriptSource } from './inspect.js';
import { lineStarts, parseModule } from './parse.js';
import { plainExport } from './plain-export.js';

type Reference = Extract<PortableFunction, { kind: 'reference' }>;

/** The reference of a function that its module exports, found by identity; `undefined` when it must travel by value. */
export function referenceTo(fn: AnyFunction, inspected: InspectedFunction): Reference | undefined {
  const { url } = inspected.location;
  if (!url.startsWith('file:') || isEntry(url)) return undefined;
  return commonJsExport(fn, url) ?? exportOfEvaluated(fn, inspected);
}

/** A module that is still being evaluated when its own function is submitted would start the same work in each worker. */
function exportOfEvaluated(fn: AnyFunction, inspected: InspectedFunction): Reference | undefined {
  const reference = moduleExport(fn, inspected);
  return reference !== undefined && isBeingEvaluated(inspected.location.url) ? undefined : reference;
}

/** Whether a module is the file that the program was started with: a worker that imported it would start it again. */
function isEntry(url: string): boolean {
  const entry = process.argv[1];
  if (entry === undefined) return false;
  const key = `${entry}\n${url}`;
  const known = entries.get(key) ?? sameFile(url, entry);
  entries.set(key, known);
  return known;
}

const entries = new Map<string, boolean>();

function sameFile(url: string, path: string): boolean {
  const clean = url.replace(/[?#].*$/, '');
  try {
    return clean === pathToFileURL(path).href || clean === pathToFileURL(realpathSync(path)).href;
  } catch {
    // The program was not started from a file (`node -e`, a deleted script): then no module is the entry.
    return false;
  }
}

function commonJsExport(fn: AnyFunction, url: string): Reference | undefined {
  const cached = commonJsModule(url);
  if (cached === undefined || !cached.loaded) return undefined;
  const exports: unknown = cached.exports;
  if (exports === fn) return { kind: 'reference', url, name: 'default' };
  if (typeof exports !== 'object' && typeof exports !== 'function') return undefined;
  for (const [name, value] of Object.entries(exports ?? {})) {
    if (value === fn) return { kind: 'reference', url, name };
  }
  return undefined;
}

interface ModuleExports {
  readonly source: string;
  readonly names: readonly { readonly local: string; readonly exported: string }[];
  /** Where an anonymous default export stands in the source. */
  readonly anonymousDefault: { readonly start: number; readonly end: number } | undefined;
}

const exportsByScript = new Map<string, ModuleExports>();

function moduleExport(fn: AnyFunction, inspected: InspectedFunction): Reference | undefined {
  const { scriptId, url } = inspected.location;
  const module = inspected.scopes.find((scope) => scope.kind === 'module');
  if (module === undefined) return undefined;
  const plain = plainExport(fn, inspected);
  if (plain !== undefined && readBinding(module, plain.local) === fn) {
    return { kind: 'reference', url, name: plain.exported };
  }
  let exports = exportsByScript.get(scriptId);
  if (exports === undefined) {
    exports = readExports(scriptSource(scriptId));
    exportsByScript.set(scriptId, exports);
  }
  for (const { local, exported } of exports.names) {
    if (readBinding(module, local) === fn) return { kind: 'reference', url, name: exported };
  }
  if (exports.anonymousDefault !== undefined && isAnonymousDefault(fn, inspected, exports)) {
    return { kind: 'reference', url, name: 'default' };
  }
  return undefined;
}

function readExports(source: string): ModuleExports {
  const program = parseModule(source);
  if (program === undefined) return { source, names: [], anonymousDefault: undefined };
  const node = program.body.find((statement) => statement.type === 'ExportDefaultDeclaration');
  return { source, names: exportedNames(program), anonymousDefault: node?.declaration };
}

function isAnonymousDefault(fn: AnyFunction, { location }: InspectedFunction, exports: ModuleExports): boolean {
  const { start, end } = exports.anonymousDefault as { start: number; end: number };
  const offset = (lineStarts(exports.source)[location.line] ?? 0) + location.column;
  return offset >= start && offset < end && exports.source.slice(start, end) === Function.prototype.toString.call(fn);
}
