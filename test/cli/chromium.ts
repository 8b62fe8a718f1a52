/** A browser for tests: Debian's Chromium, which is installed where it is missing and may be. */

import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export type FoundChromium = { readonly path: string } | { readonly hindrance: string };

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** Where CI runs, it has to be there: a test that skips itself for ever tells nothing. */
export function chromium(): FoundChromium {
  const found = onPath(names) ?? install();
  if (found !== undefined) return { path: found };
  const hindrance = 'there is no Chromium, and it can only be installed by root with apt-get: apt-get install chromium';
  if (process.env['CI'] === 'true') throw new Error(hindrance);
  return { hindrance };
}

function install(): string | undefined {
  const apt = onPath(['apt-get']);
  if (process.getuid?.() !== 0 || apt === undefined) return undefined;
  const options = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
  // Another test may be installing something, too.
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  spawnSync(apt, ['update', ...wait], options);
  spawnSync(apt, ['install', '--yes', '--no-install-recommends', ...wait, 'chromium'], options);
  return onPath(names);
}

function onPath(wanted: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return wanted.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us.
    return false;
  }
}
