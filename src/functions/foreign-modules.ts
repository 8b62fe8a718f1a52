/**
 * Modules that another loader than Node's has loaded: a test runner's. A worker has no such loader, so the user's own modules
 * must go along by value; packages and built-in modules it can load by itself.
 */

import { existsSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export type Origin =
  /** The user's own, or not to be found: what the variable holds is all that there is. */
  | { readonly kind: 'own' }
  /** A worker can load it as `specifier`. */
  | { readonly kind: 'loadable'; readonly specifier: string }
  /** The test runner itself, which works only where it runs. */
  | { readonly kind: 'runner' };

/** Whether the script is a file that Node itself did not load as a CommonJS module; it is known to be no ES module. */
export function isForeign(url: string): boolean {
  return url.startsWith('file:') && commonJsModule(url) === undefined;
}

/** The CommonJS module that Node itself loaded from there. */
export function commonJsModule(url: string): NodeJS.Module | undefined {
  const cached = createRequire(process.execPath).cache[pathOf(url)];
  // Inside jest this is jest's cache; its modules have the fields of Node's, but not the methods.
  return cached !== undefined && '_compile' in cached ? cached : undefined;
}

/** Where a module comes from that the script at `url` asks for as `specifier`. */
export function originOf(specifier: string, url: string): Origin {
  if (isRunner(specifier)) return { kind: 'runner' };
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return { kind: 'loadable', specifier };
  const path = fileOf(specifier, url)?.replaceAll('\\', '/');
  if (path === undefined || !path.includes('/node_modules/')) return { kind: 'own' };
  const name = path.slice(path.lastIndexOf('/node_modules/') + '/node_modules/'.length);
  return isRunner(name) ? { kind: 'runner' } : { kind: 'loadable', specifier: asSpecifier(specifier, path) };
}

/** The folder that vite takes for the root of its paths (`/helper.ts`), found by one of them. */
export function viteRoot(specifiers: Iterable<string>, url: string): string {
  for (const specifier of specifiers) {
    const root = specifier.startsWith('/') ? rootOf(specifier, url) : undefined;
    if (root !== undefined) return root;
  }
  return process.cwd();
}

function isRunner(specifier: string): boolean {
  return ['vitest', '@jest/globals'].some((name) => specifier === name || specifier.startsWith(`${name}/`));
}

/** Plain names stay as they are: how they are looked up depends on who asks, `require` or `import`. */
function asSpecifier(specifier: string, path: string): string {
  return /^[./]/.test(specifier) ? pathToFileURL(path).href : specifier;
}

function fileOf(specifier: string, url: string): string | undefined {
  const clean = specifier.replace(/[?#].*$/, '');
  if (clean.startsWith('file:')) return pathOf(clean);
  if (clean.startsWith('.')) return pathOf(new URL(clean, url).href);
  if (clean.startsWith('/@fs/')) {
    const path = clean.slice('/@fs/'.length);
    // On Windows a drive's letter follows.
    return isAbsolute(path) ? path : `/${path}`;
  }
  if (clean.startsWith('/')) {
    const root = rootOf(clean, url);
    return root === undefined ? undefined : join(root, clean);
  }
  try {
    // In jest this is jest's own, so a mapped name is one of the user's files.
    return createRequire(url).resolve(specifier);
  } catch {
    // A module that a test made up.
    return undefined;
  }
}

/** The nearest folder above the script in which there is such a path. */
function rootOf(path: string, url: string): string | undefined {
  let folder = dirname(pathOf(url));
  while (!existsSync(join(folder, path))) {
    const above = dirname(folder);
    if (above === folder) return undefined;
    folder = above;
  }
  return folder;
}

function pathOf(url: string): string {
  return fileURLToPath(url.replace(/[?#].*$/, ''));
}
