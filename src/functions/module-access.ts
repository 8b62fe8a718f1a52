/** How a function that travels by value reaches what its module could reach. */

import { createRequire } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** `import.meta` of the module at `url`, as far as Node's goes. */
export function metaOf(url: string | undefined): object {
  if (url === undefined) return {};
  const filename = pathOf(url);
  return { url, filename, dirname: dirname(filename), resolve: (specifier: string) => resolveFrom(url, specifier) };
}

/** `import()` as code of a module writes it. */
type Importer = (specifier: string, options?: ImportCallOptions) => Promise<Record<string, unknown>>;

const importers = new Map<string, Importer | undefined>();

/**
 * The `import()` of the module at `url`, or of a program that is in no file; `undefined` where it can't be had.
 *
 * A package may hand out other files to `import` than to `require`, and Node resolves for `import` only in code that stands
 * in the module's place: so a little code is put there.
 */
export function importerAt(url: string | undefined): Importer | undefined {
  const path = url === undefined ? join(process.cwd(), '[eval]') : pathOf(url);
  if (!importers.has(path)) importers.set(path, makeImporter(path));
  return importers.get(path);
}

interface CompilingModule {
  exports: unknown;
  filename: string;
  paths: string[];
  _compile?(content: string, filename: string): void;
}

function makeImporter(path: string): Importer | undefined {
  const { Module } = createRequire(process.execPath)('node:module') as { Module: new (id: string) => CompilingModule };
  const made = new Module(path);
  // A test runner's own has none.
  if (typeof made._compile !== 'function') return undefined;
  made.filename = path;
  made.paths = [];
  made._compile('module.exports = (specifier, options) => import(specifier, options);', path);
  return made.exports as Importer;
}

/** Resolves what is required, or asked of `import.meta.resolve`, as the module at `url` would. */
export function resolveFrom(url: string | undefined, specifier: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(specifier)) return specifier;
  const base = url ?? pathToFileURL(`${process.cwd()}/`).href;
  if (/^\.{0,2}\//.test(specifier)) return new URL(specifier, base).href;
  const resolved = createRequire(base).resolve(specifier);
  return isAbsolute(resolved) ? pathToFileURL(resolved).href : resolved;
}

function pathOf(url: string): string {
  return fileURLToPath(url.replace(/[?#].*$/, ''));
}
