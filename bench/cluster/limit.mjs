/** Waiting that ends. */

import { setTimeout as sleep } from 'node:timers/promises';

/** What the promise gives; rejects where that takes too long, and says what was waited for. */
export async function withLimit(promise, ms, what) {
  const limit = new AbortController();
  const late = sleep(ms, undefined, { signal: limit.signal }).then(() => {
    throw new Error(`${what}: not done within ${ms} ms`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    limit.abort();
    late.catch(() => {});
  }
}

/** Resolves once `isSo` gives true; gives how long that took, in milliseconds. */
export async function until(isSo, ms, what) {
  const startedAt = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startedAt > ms) throw new Error(`${what}: not so within ${ms} ms`);
    await sleep(10);
  }
  return performance.now() - startedAt;
}
