/** A signed batch that somebody has kept, and sends once more. */

import { Refusal } from './refusal.js';

/** Between being signed and being stored: the submitter tries for as long as its broker is away, so that is generous. */
const windowMs = 10 * 60_000;
const keptMax = 100_000;

export class Replays {
  /** Where each batch of late was stored. */
  readonly #seen = new Map<string, number>();

  /**
   * Throws a {@link Refusal} for a batch that was signed long before it was stored, or that is stored in another place than it was before. What is
   * left, one that is sent again soon and reaches another worker, runs, and its outcomes are not taken: its batch has some.
   */
  check(id: string, of: { issuedAt: number; storedAt: number; streamSeq: number; isSigned: boolean }): void {
    const { issuedAt, storedAt, streamSeq, isSigned } = of;
    if (isSigned && Math.abs(storedAt - issuedAt) > windowMs) {
      throw new Refusal(
        'REPLAYED',
        `the batch was signed ${Math.round((storedAt - issuedAt) / 1000)} s before it was sent: it is one of then, or the clocks differ`,
      );
    }
    const before = this.#seen.get(id);
    if (before !== undefined && before !== streamSeq) throw new Refusal('REPLAYED', 'the batch was sent before');
    this.#seen.set(id, streamSeq);
    if (this.#seen.size > keptMax) this.#seen.delete(this.#seen.keys().next().value as string);
  }
}
