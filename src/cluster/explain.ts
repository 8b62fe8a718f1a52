/** `explain()` of a cluster's executor: what is where, and why it does not move. */

import type { Batches } from './batches.js';
import type { Link } from './link.js';
import type { Outgoing } from './outgoing.js';

export interface Explained {
  readonly name: string;
  readonly state: string;
  readonly link: Link;
  readonly outgoing: Outgoing;
  readonly batches: Batches;
  /** How many tasks wait for their next attempt. */
  readonly retrying: number;
  readonly maxInFlight: number;
}

export function explained({ name, state, link, outgoing, batches, retrying, maxInFlight }: Explained): string {
  const sent = `${outgoing.inFlight} tasks in ${batches.size} batches are with the broker or a worker`;
  const queued = `${outgoing.length} tasks, of which none is sent before others are done (maxInFlight ${maxInFlight})`;
  const unstored = batches.unstoredCount;
  const why = 'the broker is away or has no room (limits.maxBatches, maxBytes), or they have just been sent';
  return [
    `${name}: ${state}`,
    ...link.explain(),
    `  ${sent}, ${batches.runningCount} of them known to run`,
    ...(unstored === 0 ? [] : [`  ${unstored} of the batches are not stored yet: ${why}`]),
    `  queue: ${outgoing.length === 0 ? 'empty' : queued}`,
    ...(retrying === 0 ? [] : [`  ${retrying} failed and wait for the next attempt`]),
  ].join('\n');
}
