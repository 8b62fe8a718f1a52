// @ts-check
/** What the scripts of exit.test.ts share: `node <script> <kind>`. */

import { InlineExecutor, ProcessPoolExecutor, ThreadPoolExecutor } from 'concurrent-futures';

export const kind = process.argv[2] ?? 'thread';

/** @param {import('concurrent-futures').PoolOptions} [options] @returns {import('concurrent-futures').Executor} */
export function make(options) {
  if (kind === 'inline') return new InlineExecutor();
  const Pool = kind === 'thread' ? ThreadPoolExecutor : ProcessPoolExecutor;
  return new Pool({ maxWorkers: 2, ...options });
}
