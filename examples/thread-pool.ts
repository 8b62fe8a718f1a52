/**
 * The article's second program: seven inputs, four threads, a limit on the last result.
 *
 *   node --import tsx examples/thread-pool.ts
 *
 * `thread-pool.ts` and `process-pool.ts` differ in the class's name only. SLEEP_MS shortens the three seconds, LIMIT_MS the
 * three minutes. `thread-pool-careful.ts` is the version that a careful user would write.
 */

import { ThreadPoolExecutor, TimeoutError } from 'concurrent-futures';

const names = ['python', 'java', 'golang', 'php', 'rust', 'shell', 'c'];

async function runner(name: string): Promise<void> {
  console.log('runner starts');
  console.log(name);
  await new Promise((resolve) => setTimeout(resolve, Number(process.env['SLEEP_MS'] ?? 3000)));
  console.log('runner ends');
}

const executor = new ThreadPoolExecutor({ maxWorkers: 4 });
try {
  const futures = names.map((name) => executor.submit(runner, name));
  await futures.at(-1)?.result({ timeout: Number(process.env['LIMIT_MS'] ?? 3 * 60 * 1000) });
} catch (error) {
  if (!(error instanceof TimeoutError)) throw error;
  console.log('timed out');
} finally {
  await executor.shutdown();
}
