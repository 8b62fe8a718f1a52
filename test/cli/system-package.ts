/** Programs that tests need and npm does not bring. */

import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why it is not there: `false` where it is, installed if need be and possible. For the option `skip` of a test. */
export function missing(program: string, debianPackage = program): string | false {
  if (isThere(program)) return false;
  if (process.getuid?.() === 0 && isThere('apt-get')) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const install = `apt-get update -qq; apt-get install -y -qq --no-install-recommends ${debianPackage}`;
    // One after the other: a second one at the same time would fail, and the test beside this one needs a package, too.
    spawnSync('flock', [join(tmpdir(), 'futures-test-apt.lock'), 'sh', '-c', install], { env });
    if (isThere(program)) return false;
  }
  return `${program} is not installed: apt-get install ${debianPackage}`;
}

function isThere(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}
