/** How much memory a process has, as Linux says; where there is no /proc, as Node says. */

import { readFileSync } from 'node:fs';

const inMegabytes = (kilobytes) => kilobytes / 1024;

function fromStatus(pid, name) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)[1]);
  } catch {
    return undefined;
  }
}

/** What another process has in memory now, in megabytes. */
export function residentOf(pid) {
  const kilobytes = fromStatus(pid, 'VmRSS');
  if (kilobytes === undefined) throw new Error('there is no /proc/PID/status here');
  return inMegabytes(kilobytes);
}

/** The most that another process has had so far, in megabytes; `undefined` once it is gone. */
export function peakOf(pid) {
  const kilobytes = fromStatus(pid, 'VmHWM');
  return kilobytes === undefined ? undefined : inMegabytes(kilobytes);
}

export function resident() {
  return process.memoryUsage.rss() / 2 ** 20;
}

/** The most that this process has had. Unlike `maxRSS`, the peak in /proc does not begin with what its parent had at the fork. */
export function peakResident() {
  return inMegabytes(fromStatus(process.pid, 'VmHWM') ?? process.resourceUsage().maxRSS);
}
