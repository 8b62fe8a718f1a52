/**
 * How a child process ends when its parent dies, even while its main thread spins and so can't notice.
 *
 *   Linux, where `setpriv` is: the kernel is asked to kill the child with its parent, before the child becomes Node
 *   elsewhere: a thread in the child looks who its parent is (worker/process-main.ts), which takes about 10 MB
 */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const command = ['setpriv', '--pdeathsig', 'KILL', '--'] as const;

let isKnown: boolean | undefined;

/** What a command line has to begin with so that the kernel ends the process with this one; empty where that can't be had. */
export function endedByKernel(): readonly string[] {
  isKnown ??=
    process.platform === 'linux' && keepsTheWish() && spawnSync(command[0], [...command.slice(1), 'true']).status === 0;
  return isKnown ? command : [];
}

/** The kernel forgets the wish where a program gains capabilities as it starts, as Node does that was given some by `setcap`. */
function keepsTheWish(): boolean {
  try {
    const permitted = /^CapPrm:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return process.getuid?.() === 0 || (permitted !== undefined && /^0+$/.test(permitted));
  } catch {
    // No /proc, or no permission to read it.
    return false;
  }
}
