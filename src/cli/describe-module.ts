/**
 * What this command itself runs in workers, built into a file of its own for them to import. Above all, what a module
 * exports is found out in a thread: the user's code may throw, block or end its thread, and none of that must hurt us.
 */

import { spawnSync } from 'node:child_process';

export { prepareWorker } from './prepare-worker.js';

/**
 * Where tsx's two loaders are. Both are needed: without the CommonJS one, tsx on Node 20 fails on a `.ts` file in a
 * package without `"type": "module"`. `--import tsx` for the thread would not do: Node 20 ignores it in threads that
 * start from text, and tsx registers itself in main threads only there.
 */
export interface TypeScriptLoader {
  readonly esmUrl: string;
  readonly commonJsUrl: string;
}

export interface ExportDescription {
  readonly name: string;
  /** A class is a function to `typeof`, but can't be called. */
  readonly kind: 'function' | 'class' | 'value';
}

export type ModuleDescription =
  | { readonly kind: 'loaded'; readonly exports: readonly ExportDescription[] }
  | { readonly kind: 'failed'; readonly problem: string };

/** Imports the module, with the loader that the library itself would use for a task of it, and lists its exports. */
export async function describeModule(url: string, loader: TypeScriptLoader | undefined): Promise<ModuleDescription> {
  try {
    if (loader !== undefined) await registerTypeScript(loader);
    const namespace = (await import(url)) as Record<string, unknown>;
    return { kind: 'loaded', exports: listExports(namespace) };
  } catch (error) {
    return { kind: 'failed', problem: `${problemOf(error)}${placeOf(error, url)}` };
  }
}

export type ResolvedPackage =
  | { readonly kind: 'found'; readonly url: string }
  | { readonly kind: 'not found'; readonly problem: string };

/**
 * A bare specifier as a module at `parentUrl` would import it. Needs `--experimental-import-meta-resolve`, which lets
 * `import.meta.resolve` take a parent; `require.resolve` would miss packages that only export to `import`.
 */
export function resolvePackage(specifier: string, parentUrl: string): ResolvedPackage {
  try {
    return { kind: 'found', url: import.meta.resolve(specifier, parentUrl) };
  } catch (error) {
    return { kind: 'not found', problem: problemOf(error) };
  }
}

export async function registerTypeScript({ esmUrl, commonJsUrl }: TypeScriptLoader): Promise<void> {
  for (const url of [commonJsUrl, esmUrl]) ((await import(url)) as { register(): unknown }).register();
}

function listExports(namespace: Record<string, unknown>): ExportDescription[] {
  const names = new Map<string, ExportDescription['kind']>();
  for (const [name, value] of Object.entries(namespace)) names.set(name, kindOf(value));
  // A CommonJS module's exports are seen whole only through its default, which is also where tasks look for them.
  const whole = namespace['default'];
  if (typeof whole === 'object' && whole !== null) {
    for (const [name, value] of Object.entries(whole)) {
      if (names.get(name) !== 'function') names.set(name, kindOf(value));
    }
  }
  // Node 23 and newer list a CommonJS module once more under this name.
  names.delete('module.exports');
  names.delete('__esModule');
  return [...names].map(([name, kind]) => ({ name, kind }));
}

function kindOf(value: unknown): ExportDescription['kind'] {
  if (typeof value !== 'function') return 'value';
  return /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function';
}

function problemOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : `it threw ${String(error)}`;
}

/** ` (at file:///…:3)` for a syntax error, which is of little use without. */
function placeOf(error: unknown, url: string): string {
  if (!(error instanceof SyntaxError)) return '';
  const stack = error.stack ?? '';
  const place =
    /^(\S+:\d+)\n/.exec(stack)?.[1] ?? (stack.includes('compileSourceTextModule') ? uncaughtPlace(url) : undefined);
  return place === undefined ? '' : ` (at ${place})`;
}

/**
 * Where a module does not compile. Node tells that of an uncaught error only, so this imports the module once more, in a
 * process where nobody catches. None of it runs there: what does not compile is found out before anything is evaluated.
 */
function uncaughtPlace(url: string): string | undefined {
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', `import ${JSON.stringify(url)};`], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 10_000,
  });
  return /^(file:\S+:\d+)$/m.exec(stderr)?.[1];
}
