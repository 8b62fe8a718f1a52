/** How a function that travels by value reaches what its module could reach. */

import { createRequire } from 'node:module';
import { dirname, isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** `import.meta` of the module at `url`, as far as Node's goes. */
export function metaOf(url: string | undefined): object {
  if (url === undefined) return {};
  const filename = fileURLToPath(url.replace(/[?#].*$/, ''));
  return { url, filename, dirname: dirname(filename), resolve: (specifier: string) => resolveFrom(url, specifier) };
}

/** Resolves what is imported as the module at `url` would. */
export function resolveFrom(url: string | undefined, specifier: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(specifier)) return specifier;
  const base = url ?? pathToFileURL(`${process.cwd()}/`).href;
  if (/^\.{0,2}\//.test(specifier)) return new URL(specifier, base).href;
  const resolved = createRequire(base).resolve(specifier);
  return isAbsolute(resolved) ? pathToFileURL(resolved).href : resolved;
}
