/** How many workers a machine, or the container on it, can really run at a time. */

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * The processors that this process may use: those of its affinity mask, lowered to the CPU quota of its control group
 * (which Node versions know to differing degrees). A quota of 1.5 processors gives 2; never less than 1.
 */
export function usableProcessors(root = '/sys/fs/cgroup', membership = '/proc/self/cgroup'): number {
  const quota = cpuQuota(root, membership);
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(quota)));
}

/** The smallest quota in processors from this process's group up to the root; `Infinity` for none. */
function cpuQuota(root: string, membership: string): number {
  let quota = Number.POSITIVE_INFINITY;
  for (const line of read(membership)?.split('\n') ?? []) {
    // "<hierarchy>:<controllers>:<path>", and the path may have colons of its own.
    const [, controllers, ...rest] = line.split(':');
    if (rest.length === 0) continue;
    const path = rest.join(':');
    if (controllers === '') quota = Math.min(quota, smallestUpwards(root, path, quotaV2));
    else if (controllers?.split(',').includes('cpu')) {
      quota = Math.min(
        quota,
        smallestUpwards(join(root, 'cpu'), path, quotaV1),
        smallestUpwards(join(root, controllers), path, quotaV1),
      );
    }
  }
  return quota;
}

function smallestUpwards(root: string, path: string, quotaOf: (folder: string) => number): number {
  let quota = Number.POSITIVE_INFINITY;
  // Inside a container the path may be that of the host, so a folder that is not there means: look further up.
  for (let at = join('/', path); ; at = dirname(at)) {
    quota = Math.min(quota, quotaOf(join(root, at)));
    if (at === '/') return quota;
  }
}

/** `cpu.max` holds "quota period" in microseconds, or "max period". */
function quotaV2(folder: string): number {
  const [quota, period] = (read(join(folder, 'cpu.max')) ?? '').split(' ').map(Number);
  return ratio(quota, period);
}

function quotaV1(folder: string): number {
  return ratio(
    Number(read(join(folder, 'cpu.cfs_quota_us')) ?? ''),
    Number(read(join(folder, 'cpu.cfs_period_us')) ?? ''),
  );
}

function ratio(quota: number | undefined, period: number | undefined): number {
  return quota !== undefined && period !== undefined && quota > 0 && period > 0
    ? quota / period
    : Number.POSITIVE_INFINITY;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // No such file: another operating system, or a group without a limit.
    return undefined;
  }
}
