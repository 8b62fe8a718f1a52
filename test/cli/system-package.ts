/** Programs that tests need and npm does not bring. */

import { spawnSync } from 'node:child_process';

/** Why it is not there: `false` where it is, installed if need be and possible. For the option `skip` of a test. */
export function missing(program: string, debianPackage = program): string | false {
  if (isThere(program)) return false;
  if (process.getuid?.() === 0 && isThere('apt-get')) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { env });
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', debianPackage], { env });
    if (isThere(program)) return false;
  }
  return `${program} is not installed: apt-get install ${debianPackage}`;
}

function isThere(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}
