/** One function in a worker of its own. */

import type { Future } from '../future/future.js';
import type { Executor } from './executor.js';
import { ProcessPoolExecutor } from './process.js';
import { ThreadPoolExecutor } from './thread.js';

/** Runs `fn(...args)` in a thread of its own, which ends with it: Python's `threading.Thread`. */
export function inThread<A extends unknown[], R>(fn: (this: void, ...args: A) => R, ...args: A): Future<Awaited<R>> {
  return runAlone(new ThreadPoolExecutor({ maxWorkers: 1 }), fn, args);
}

/** Runs `fn(...args)` in a process of its own, which ends with it: Python's `multiprocessing.Process`. */
export function inProcess<A extends unknown[], R>(fn: (this: void, ...args: A) => R, ...args: A): Future<Awaited<R>> {
  return runAlone(new ProcessPoolExecutor({ maxWorkers: 1 }), fn, args);
}

function runAlone<A extends unknown[], R>(
  executor: Executor,
  fn: (this: void, ...args: A) => R,
  args: A,
): Future<Awaited<R>> {
  const future = executor.submit(fn, ...args);
  void executor.shutdown({ wait: false });
  return future;
}
