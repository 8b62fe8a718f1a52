/**
 * A signed batch that somebody has kept, and sends once more.
 *
 * The broker itself drops a message whose id it has had within its duplicate window (two minutes), so a batch must bear its id there, too. What is
 * sent again later was signed too long ago: between being signed and being stored there may be half of that window, whichever clock is ahead.
 * A broker that was started anew has forgotten ids; each worker also knows what it has had itself.
 */

import type { Delivery } from './delivery.js';
import { Refusal } from './refusal.js';

/** Half of the duplicate window of the stream (broker.ts). A submitter that tries again for longer signs again. */
const windowMs = 60_000;
const keptMax = 100_000;

export interface Issue {
  readonly id: string;
  /** When it was signed, in milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly isSigned: boolean;
}

export class Replays {
  /** Where each batch of late was stored. */
  readonly #seen = new Map<string, number>();

  /** Throws a {@link Refusal} for a batch that was signed too long before it was stored, or that was stored before in another place. */
  check(delivery: Delivery, { id, issuedAt, isSigned }: Issue): void {
    const { subject, storedAt, streamSeq } = delivery;
    const before = this.#seen.get(subject);
    if (before !== undefined && before !== streamSeq) throw new Refusal('REPLAYED', 'the batch was sent before');
    if (isSigned && delivery.messageId !== id)
      throw new Refusal('REPLAYED', 'the batch was not sent by its submitter: it does not bear its id');
    const ms = storedAt - issuedAt;
    if (isSigned && Math.abs(ms) > windowMs) {
      const when = `${Math.round(Math.abs(ms) / 1000)} s ${ms > 0 ? 'before' : 'after'} it was sent`;
      throw new Refusal(
        'REPLAYED',
        `the batch was signed ${when}: it is one of then, or the clocks of submitter and broker differ by more than a minute`,
      );
    }
    this.#seen.set(subject, streamSeq);
    if (this.#seen.size > keptMax) this.#seen.delete(this.#seen.keys().next().value as string);
  }
}
