/** The threads of this process: its end waits for each of them, and nothing interrupts one that is in native code. */

import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

/** What is not in native code is gone in some milliseconds. */
const endMs = 250;

const alive = new Set<Worker>();

/** To be called before any is started. */
export function watchThreads(): void {
  process.on('worker', (worker: Worker) => {
    // Node has some of its own, for loaders of modules, which end with the process; if one is ended before, so is that.
    if (worker.constructor !== Worker) return;
    alive.add(worker);
    worker.once('exit', () => alive.delete(worker));
  });
}

/** Ends them; gives how many can't be ended. */
export async function endThreads(): Promise<number> {
  if (alive.size === 0) return 0;
  const ended = Promise.all([...alive].map((worker) => worker.terminate()));
  await Promise.race([ended, delay(endMs)]);
  return alive.size;
}

/** The process is about to exit, and nothing of it runs any more: where a thread keeps it from that, somebody else has to end it. */
export function killUnlessEnded(signal: NodeJS.Signals): void {
  if (alive.size === 0 || process.platform === 'win32') return;
  const script = `sleep ${(2 * endMs) / 1000}; kill -s ${signal.slice('SIG'.length)} "$0"`;
  const killer = spawn('sh', ['-c', script, String(process.pid)], { detached: true, stdio: 'ignore' });
  killer.on('error', () => {});
  killer.unref();
}
