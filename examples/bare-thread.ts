/**
 * The article's first program: a thread of its own (Python's `threading.Thread`) for each of four inputs.
 *
 *   node --import tsx examples/bare-thread.ts      (Node 22.18 and newer: node examples/bare-thread.ts)
 *
 * SLEEP_MS shortens the three seconds. `bare-thread-careful.ts` is the version that a careful user would write.
 */

import { inThread } from 'concurrent-futures';

const names = ['python', 'java', 'golang', 'php'];

async function runner(name: string): Promise<void> {
  console.log('runner starts');
  console.log(name);
  await new Promise((resolve) => setTimeout(resolve, Number(process.env['SLEEP_MS'] ?? 3000)));
  console.log('runner ends');
}

// Nobody waits here: work that is pending keeps the program alive, and it ends with the last thread.
for (const name of names) inThread(runner, name);
