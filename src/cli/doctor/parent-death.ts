/**
 * A process worker ends with its parent, also one that spins.
 *
 *   doctor ──► a program with a worker that spins ──its id──► doctor: SIGKILL to the program ──► is the worker gone?
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type Finding, failed, ok } from './check.js';

/** The worker itself says its id, on the standard output that it has from its program, when it begins to spin. */
const program = (library: string, options: object): string => `
  import { ProcessPoolExecutor } from ${JSON.stringify(library)};
  const executor = new ProcessPoolExecutor(${JSON.stringify({ maxWorkers: 1, ...options })});
  await executor.submit(async () => {
    const { writeSync } = await import('node:fs');
    writeSync(1, process.pid + '\\n');
    for (;;);
  });`;

/** How long a worker may live on: where the kernel does not end it, a thread in it looks four times a second. */
const limitMs = 3_000;

export async function parentDeath(execPath: string | undefined): Promise<Finding> {
  const text = program(import.meta.resolve('concurrent-futures'), execPath === undefined ? {} : { execPath });
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  const exited = once(child, 'exit');
  const line = await Promise.race([once(child.stdout, 'data'), exited.then(() => undefined)]);
  const pid = line === undefined ? undefined : Number(String(line[0]));
  child.kill('SIGKILL');
  await exited;
  if (pid === undefined) return failed(`a program with a process worker did not start: ${said.trim()}`);
  const killedAt = performance.now();
  while (performance.now() - killedAt < limitMs) {
    if (!isAlive(pid))
      return ok(`a spinning worker ended ${Math.round(performance.now() - killedAt)} ms after its program was killed`);
    await delay(10);
  }
  process.kill(pid, 'SIGKILL');
  return failed(
    'a spinning worker lived on after its program was killed',
    'Install setpriv (util-linux), and give tasks a timeout.',
  );
}

/** One that nobody has waited for is dead all the same: in a container there may be nobody who does. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    // Gone by now; or there is no /proc, and the signal has to do.
    return process.platform !== 'linux';
  }
}
