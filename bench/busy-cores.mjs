/** A machine that has no core to spare. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cores } from './cpu.mjs';

/** It ends by itself, should nobody be left to end it. */
const spinner = `process.stdout.write('x'); const end = Date.now() + 60_000; while (Date.now() < end);`;

/** Measures with as many spinning processes as there are cores. */
export async function withBusyCores(measure) {
  const spinners = Array.from({ length: cores }, () =>
    spawn(process.execPath, ['-e', spinner], { stdio: ['ignore', 'pipe', 'ignore'] }),
  );
  try {
    await Promise.all(spinners.map(({ stdout }) => once(stdout, 'data')));
    return await measure();
  } finally {
    for (const child of spinners) child.kill('SIGKILL');
  }
}
