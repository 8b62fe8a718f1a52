/** A browser for tests: Debian's Chromium. */

import { execFileSync } from 'node:child_process';
import { missing } from './system-package.js';

export type FoundChromium = { readonly path: string } | { readonly hindrance: string };

/** Where CI runs, it has to be there: a test that skips itself for ever tells nothing. */
export function chromium(): FoundChromium {
  const hindrance = missing('chromium');
  if (hindrance === false)
    return { path: execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim() };
  if (process.env['CI'] === 'true') throw new Error(hindrance);
  return { hindrance };
}
