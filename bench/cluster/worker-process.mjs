/** Workers in processes of their own; they end with this one. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const path = fileURLToPath(new URL('./worker.mjs', import.meta.url));

/** One of that contender, which takes work. */
export async function startWorker(contender, url) {
  const child = spawn(process.execPath, [path, contender, url], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`a worker has ended: ${code ?? signal}`);
  });
  ended.catch(() => {});
  await Promise.race([once(child.stdout, 'data'), ended]);
  return child;
}

/** Has it do what it holds, and go; by force where that takes too long, which is an error. */
export async function drain(child, limitMs) {
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const limit = new AbortController();
  const late = sleep(limitMs, true, { signal: limit.signal }).catch(() => false);
  if (await Promise.race([gone.then(() => false), late])) {
    child.kill('SIGKILL');
    throw new Error(`a worker has not gone within ${limitMs} ms`);
  }
  limit.abort();
}

export async function kill(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
