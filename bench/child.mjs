/** Each measurement has a process of its own, so that no system meets what another has left behind. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const limitMs = 5 * 60_000;

/** Runs a file of this folder and gives what it printed as JSON; `undefined` when it failed, after saying so. */
export async function measureInChild(file, ...args) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', path, ...args], {
      timeout: limitMs,
      killSignal: 'SIGKILL',
    });
    return JSON.parse(stdout);
  } catch (error) {
    const reason = error.killed ? `not done after ${limitMs / 60_000} minutes` : error.message;
    console.error(`${file} ${args.join(' ')}: ${reason}`);
    return undefined;
  }
}
