/**
 * The article's first program: a process of its own (`multiprocessing.Process`) for each of four inputs.
 *
 *   node --import tsx examples/bare-process.ts      (Node 22.18 and newer: node examples/bare-process.ts)
 *
 * SLEEP_MS shortens the three seconds. `bare-process-careful.ts` is the version that a careful user would write.
 */

import { inProcess } from 'concurrent-futures';

const names = ['python', 'java', 'golang', 'php'];

async function runner(name: string): Promise<void> {
  console.log('runner starts');
  console.log(name);
  await new Promise((resolve) => setTimeout(resolve, Number(process.env['SLEEP_MS'] ?? 3000)));
  console.log('runner ends');
}

// Nobody waits here: work that is pending keeps the program alive, and it ends with the last process.
for (const name of names) inProcess(runner, name);
