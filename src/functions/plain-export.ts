/**
 * Exports that can be told from one line of the file: `export function name(`, `export const name = (`. To have the module's text
 * as it was compiled, and to parse it, takes forty milliseconds the first time; a pool's first task would wait for that.
 *
 * V8 says where the function stands. If its text stands in the file at that very place, then what is before it on the same line is
 * code, too: a comment or a literal that began there would have to end in between. So an `export` there is one.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AnyFunction, InspectedFunction } from './inspect.js';

/** A declared function stands where its parameters begin, any other where its text does. */
const declaration = /(?:^|[\s;}])export\s+(?<default>default\s+)?(?:async\s+)?function\b\s*\*?\s*(?<name>[\w$]+)$/;
const constant = /(?:^|[\s;}])export\s+const\s+(?<name>[\w$]+)\s*=\s*$/;

export interface ExportedName {
  /** The variable of the module. */
  readonly local: string;
  readonly exported: string;
}

/** How the function's module exports what it declares there; `undefined` when it takes more to find out. */
export function plainExport(fn: AnyFunction, { location }: InspectedFunction): ExportedName | undefined {
  const source = readSource(location.url);
  const start = startOfLine(source, location.line);
  if (start === undefined) return undefined;
  const offset = start + location.column;
  const before = source.slice(start, offset);
  const text = Function.prototype.toString.call(fn);
  const declared = declaration.exec(before)?.groups;
  if (declared !== undefined) {
    const local = declared['name'] as string;
    const isThere = source.startsWith(text.slice(text.indexOf('(')), offset);
    return isThere ? { local, exported: declared['default'] === undefined ? local : 'default' } : undefined;
  }
  const local = constant.exec(before)?.groups?.['name'];
  return local !== undefined && source.startsWith(text, offset) ? { local, exported: local } : undefined;
}

function readSource(url: string): string {
  try {
    return readFileSync(fileURLToPath(url), 'utf8');
  } catch {
    // It has been deleted, or never was a file.
    return '';
  }
}

function startOfLine(source: string, line: number): number | undefined {
  let start = 0;
  for (let at = 0; at < line; at++) {
    start = source.indexOf('\n', start) + 1;
    if (start === 0) return undefined;
  }
  return start;
}
