/** Finds what a TypeScript module needs to be loaded. */

import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TypeScriptLoader } from './register-typescript.js';
import { UsageError } from './usage-error.js';

/**
 * The loader to register in workers; `undefined` where none is needed: for JavaScript, and on a Node that strips types.
 *
 * @throws {@link UsageError} when one is needed and not installed.
 */
export function typeScriptLoader(moduleUrl: string, cwd: string): TypeScriptLoader | undefined {
  const { pathname, protocol } = new URL(moduleUrl);
  if (protocol !== 'file:' || !/\.[mc]?ts$/.test(pathname) || stripsTypes()) return undefined;
  // The user's own first: of the version that their project is written for.
  for (const base of [fileURLToPath(moduleUrl), resolve(cwd, 'noname.js'), fileURLToPath(import.meta.url)]) {
    const require = createRequire(base);
    try {
      return { esm: require.resolve('tsx/esm/api'), commonJs: require.resolve('tsx/cjs/api') };
    } catch {
      // Not installed there, or a version before 4 that has no such loaders.
    }
  }
  throw new UsageError(
    `${fileURLToPath(moduleUrl)} is TypeScript, which Node ${process.versions.node} can't load by itself: ` +
      'run "npm install --save-dev tsx", or use Node 22.18 or newer',
  );
}

function stripsTypes(): boolean {
  const { typescript } = process.features as { typescript?: unknown };
  return Boolean(typescript);
}
