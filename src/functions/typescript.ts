/**
 * Imports that understand TypeScript: natively where Node can, else through tsx where it is installed.
 *
 * Node 20 does not hand the loader hooks of the main thread on to workers
 * (https://nodejs.org/docs/latest-v20.x/api/module.html#customization-hooks), so a worker registers the loader itself.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { FunctionNotPortableError } from '../errors.js';
import { importerAt, resolveFrom } from './module-access.js';

/** `import()` as the worker's own start-up code sees it. */
type ImportUrl = (url: string) => Promise<Record<string, unknown>>;

/** Where an import stands, and what comes with it. */
interface ImportPlace {
  /** The module's; `undefined` for a program that is in no file. */
  readonly url: string | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** Imports a module by its URL, or as the specifier is meant where the import stands. */
export type ImportModule = (specifier: string, from?: ImportPlace) => Promise<Record<string, unknown>>;

export function withTypeScript(importUrl: ImportUrl): ImportModule {
  let registered: Promise<void> | undefined;
  const register = (url: string): Promise<void> => {
    registered ??= registerLoader(url, importUrl);
    return registered;
  };
  return async (specifier, from) => {
    // Before the first try: Node remembers that a module could not be loaded, and would not try again.
    if (isTypeScript(specifier) && !loadsTypeScript()) await register(from?.url ?? specifier);
    if (from === undefined) return importUrl(specifier);
    const { url, attributes } = from;
    // What TypeScript calls `./file.js` may well be `./file.ts`.
    if (url !== undefined && isTypeScript(url) && /^\.{0,2}\//.test(specifier) && !loadsTypeScript()) {
      await register(url).catch(() => {});
    }
    const importIt = importerAt(url);
    if (importIt === undefined) return importUrl(resolveFrom(url, specifier));
    return importIt(specifier, attributes && { with: attributes });
  };
}

function isTypeScript(url: string): boolean {
  return /\.[cm]?tsx?$/.test(url);
}

/** Whether this thread can be expected to load TypeScript: natively, or by hooks that its options bring. */
function loadsTypeScript(): boolean {
  if ((process.features as { typescript?: unknown }).typescript) return true;
  // What `--require` loads is seen by what it did.
  if (createRequire(process.execPath).extensions['.ts'] !== undefined) return true;
  const options = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(' ')];
  return isMainThread && options.some((option) => /^(?:--import|--(?:experimental-)?loader)(?:=|$)/.test(option));
}

async function registerLoader(url: string, importUrl: ImportUrl): Promise<void> {
  const found = findLoader(url) ?? findLoader(pathToFileURL(`${process.cwd()}/`).href);
  if (found === undefined) {
    throw new FunctionNotPortableError(
      `module ${url} is TypeScript, which Node ${process.version} can't load by itself: install a loader (npm install --save-dev tsx), or use Node 22.18 or newer`,
    );
  }
  // Which of the two a file needs follows from the `type` of its package.
  for (const api of found) {
    const { register } = await importUrl(api);
    (register as () => void)();
  }
}

interface TsxManifest {
  readonly exports: Record<'./cjs/api' | './esm/api', { readonly import: { readonly default: string } }>;
}

/** The modules that register tsx for `require` and for `import`. */
function findLoader(from: string): string[] | undefined {
  try {
    // The ES module forms, which `require` would not resolve to: of `esm/api` only that one registers on Node 20.
    const manifestPath = createRequire(from).resolve('tsx/package.json');
    const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as TsxManifest;
    return (['./cjs/api', './esm/api'] as const).map(
      (api) => new URL(manifest.exports[api].import.default, pathToFileURL(manifestPath)).href,
    );
  } catch {
    // Not installed where this module would look.
    return undefined;
  }
}
