/** What the cluster's workers run to be measured. */

import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { timedSpin } from '../cpu.mjs';

export const increment = (n) => n + 1;

/** A task that takes that long and no processor. */
export const rest = async (ms) => {
  await sleep(ms);
  return ms;
};

/** Its outcome is as large as what it was given. */
export const echo = (value) => value;

export const restAndEcho = async (value) => {
  await sleep(20);
  return value;
};

/** Computes, and leaves a line in a file for each start, so that a second one of the same task is seen. */
export const notedSpin = (file, id, iterations) => {
  const startedAt = Date.now();
  appendFileSync(file, `${id}\n`);
  const { ms } = timedSpin(iterations);
  return { id, pid: process.pid, startedAt, ms };
};
