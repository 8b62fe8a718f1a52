/**
 * `bare-process.ts` as a careful user would write it: every outcome is read, the whole has a limit, and a process that is not
 * done by then is named and stopped. The exit code says whether all went well.
 *
 *   node --import tsx examples/bare-process-careful.ts
 *   STUCK=php LIMIT_MS=5000 node --import tsx examples/bare-process-careful.ts      (to see one stopped)
 */

import { inProcess, wait } from 'concurrent-futures';

const names = ['python', 'java', 'golang', 'php'];
const limitMs = Number(process.env['LIMIT_MS'] ?? 3 * 60 * 1000);

async function runner(name: string): Promise<void> {
  console.log(`${name} starts`);
  // Blocks its process for ever: neither a signal nor a message reaches it any more.
  if (process.env['STUCK'] === name) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  await new Promise((resolve) => setTimeout(resolve, Number(process.env['SLEEP_MS'] ?? 3000)));
  console.log(`${name} ends`);
}

const tasks = names.map((name) => ({ name, future: inProcess(runner, name) }));
const futures = tasks.map(({ future }) => future);
const { notDone } = await wait(futures, { timeout: limitMs });

for (const { name, future } of tasks) {
  if (notDone.has(future)) future.kill(new Error(`not done within ${limitMs} ms`));
  try {
    await future;
    console.log(`${name}: ok`);
  } catch (error) {
    console.log(`${name}: ${notDone.has(future) ? `stopped, not done within ${limitMs} ms` : String(error)}`);
    process.exitCode = 1;
  }
}
