/** Many messages deleted, a few at a time: all at once they would make the broker deaf to others for a moment, and from 10,000 on it drops what it is asked. */

import type { Broker } from './broker.js';

const atOnce = 64;

/**
 * Does that with each, a few at a time. Gives those with which it may not be done, since the broker has stopped to answer, or it does not go on.
 *
 * @param one gives `false` where the broker does not answer
 * @param goesOn asked before each
 */
export async function aFewAtATime<T>(
  items: readonly T[],
  one: (item: T) => Promise<boolean>,
  goesOn: () => boolean = () => true,
): Promise<readonly T[]> {
  let isHeard = true;
  let next = 0;
  const lane = async (): Promise<void> => {
    while (isHeard && next < items.length && goesOn()) if (!(await one(items[next++] as T))) isHeard = false;
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  // Those that were asked for last may be done: to ask once more does no harm.
  return isHeard && next >= items.length ? [] : items.slice(Math.max(0, next - atOnce));
}

/** Gives what may still be there. */
export function deleteAll(
  broker: Broker,
  stream: string,
  seqs: readonly number[],
  goesOn?: () => boolean,
): Promise<readonly number[]> {
  return aFewAtATime(seqs, async (seq) => (await broker.delete(stream, seq)) !== undefined, goesOn);
}
