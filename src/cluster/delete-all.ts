/** Many messages deleted, a few at a time: all at once they would make the broker deaf to others for a moment, and from 10,000 on it drops what it is asked. */

import type { Broker } from './broker.js';

const atOnce = 64;

/**
 * Gives what may still be there, since the broker has stopped to answer, or it does not go on.
 *
 * @param goesOn asked before each
 */
export async function deleteAll(
  broker: Broker,
  stream: string,
  seqs: readonly number[],
  goesOn: () => boolean = () => true,
): Promise<readonly number[]> {
  let isHeard = true;
  let next = 0;
  const lane = async (): Promise<void> => {
    while (isHeard && next < seqs.length && goesOn())
      if ((await broker.delete(stream, seqs[next++] as number)) === undefined) isHeard = false;
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  // Those that were asked for last may be gone: to ask once more does no harm.
  return isHeard && next >= seqs.length ? [] : seqs.slice(Math.max(0, next - atOnce));
}
