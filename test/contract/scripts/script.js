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

/** Makes an object, uses it and lets go of it; gives what the use gave, and whether nothing keeps the object. Needs --expose-gc. @template T @param {() => { use(): Promise<T> }} makeOwner @returns {Promise<[T, 'collected' | 'kept']>} */
export async function useAndDrop(makeOwner) {
  const { given, owner } = await (async () => {
    const used = makeOwner();
    return { given: await used.use(), owner: new WeakRef(used) };
  })();
  for (const deadline = Date.now() + 10_000; owner.deref() !== undefined && Date.now() < deadline; ) {
    // A turn later: what has been looked at is kept to the end of the turn.
    await new Promise((resolve) => setTimeout(resolve, 10));
    globalThis.gc?.();
  }
  return [given, owner.deref() === undefined ? 'collected' : 'kept'];
}
