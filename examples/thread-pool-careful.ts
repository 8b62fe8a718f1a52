/**
 * `thread-pool.ts` as a careful user would write it: every outcome is read, each task has a limit and a name, a task that
 * overruns is stopped, and leaving is bounded too. The exit code says whether all went well.
 *
 *   node --import tsx examples/thread-pool-careful.ts
 *   STUCK=php LIMIT_MS=2000 node --import tsx examples/thread-pool-careful.ts      (to see one stopped)
 */

import { type Future, ThreadPoolExecutor } from 'concurrent-futures';

const names = ['python', 'java', 'golang', 'php', 'rust', 'shell', 'c'];
const limitMs = Number(process.env['LIMIT_MS'] ?? 3 * 60 * 1000);

async function runner(name: string): Promise<void> {
  console.log(`${name} starts`);
  // Blocks its thread for ever: neither a signal nor a message reaches it any more.
  if (process.env['STUCK'] === name) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  await new Promise((resolve) => setTimeout(resolve, Number(process.env['SLEEP_MS'] ?? 3000)));
  console.log(`${name} ends`);
}

/** Says how a task ended, as soon as it has. */
async function report(future: Future<void>): Promise<void> {
  try {
    await future;
    console.log(`${future.name}: ok`);
  } catch (error) {
    console.log(`${future.name}: ${error}`);
    process.exitCode = 1;
  }
}

const executor = new ThreadPoolExecutor({ maxWorkers: 4 });
try {
  // The limit is the task's own, counted from its start: waiting in the queue does not use it up.
  const futures = names.map((name) => executor.with({ name, timeout: limitMs }).submit(runner, name));
  await Promise.all(futures.map(report));
} finally {
  // Nothing is left by now unless something above threw; then what still runs gets as long again, is stopped, and is named.
  const { unfinished } = await executor.shutdown({ cancelFutures: true, timeout: limitMs });
  for (const future of unfinished) console.log(`${future.name}: stopped at the end`);
}
