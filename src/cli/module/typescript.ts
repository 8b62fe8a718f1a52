/** Finds what a TypeScript module needs to be loaded. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { TypeScriptLoader } from '../describe-module.js';
import { UsageError } from '../usage-error.js';

/**
 * The loader to register before the module is imported; `undefined` where none is needed: for JavaScript, and on a Node
 * that strips types. Looked for where the library's workers look for it.
 *
 * @throws {@link UsageError} when one is needed and not installed.
 */
export function typeScriptLoader(moduleUrl: string, cwd: string): TypeScriptLoader | undefined {
  const { pathname, protocol } = new URL(moduleUrl);
  if (protocol !== 'file:' || !/\.[mc]?ts$/.test(pathname) || stripsTypes()) return undefined;
  for (const base of [fileURLToPath(moduleUrl), resolve(cwd, 'noname.js')]) {
    const loader = installedLoader(base);
    if (loader !== undefined) return loader;
  }
  throw new UsageError(
    `${fileURLToPath(moduleUrl)} is TypeScript, which Node ${process.versions.node} can't load by itself: ` +
      'run "npm install --save-dev tsx", or use Node 22.18 or newer',
  );
}

/** What `import` gets of tsx; `require.resolve` would give the other build, whose loader for ES modules is broken. */
function installedLoader(base: string): TypeScriptLoader | undefined {
  try {
    const manifestPath = createRequire(base).resolve('tsx/package.json');
    const { exports } = JSON.parse(readFileSync(manifestPath, 'utf8')) as TsxManifest;
    const urlOf = (name: keyof TsxManifest['exports']): string => {
      return new URL(exports[name].import.default, pathToFileURL(manifestPath)).href;
    };
    return { esmUrl: urlOf('./esm/api'), commonJsUrl: urlOf('./cjs/api') };
  } catch {
    // Not installed there, or a version before 4.8, which has no such loaders.
    return undefined;
  }
}

interface TsxManifest {
  readonly exports: Readonly<Record<'./esm/api' | './cjs/api', { readonly import: { readonly default: string } }>>;
}

function stripsTypes(): boolean {
  const { typescript } = process.features as { typescript?: unknown };
  return Boolean(typescript);
}
