/** Tasks that are not to be run, told to all workers: the batch may be on its way to any of them. */

import { decode } from './codec.js';
import type { CancelMessage } from './messages.js';
import type { Seal } from './seal.js';
import { checkCancel } from './shapes.js';

const keptMax = 10_000;
const none: ReadonlySet<number> = new Set();

export class Cancellations {
  readonly #seal: Seal;
  readonly #subject: string;
  readonly #of = new Map<string, Set<number>>();

  constructor(seal: Seal, subject: string) {
    this.#seal = seal;
    this.#subject = subject;
  }

  /** Keeps it, and gives it. Throws a refusal for what is not a submitter's. */
  take(data: Uint8Array): CancelMessage {
    const message = decode(this.#seal.open(this.#subject, data)) as CancelMessage;
    checkCancel(message);
    for (const [batch, indices] of message.batches) this.#keep(`${message.client}.${batch}`, indices);
    return message;
  }

  #keep(key: string, indices: readonly number[]): void {
    const known = this.#of.get(key) ?? new Set();
    for (const index of indices) known.add(index);
    this.#of.set(key, known);
    if (this.#of.size > keptMax) this.#of.delete(this.#of.keys().next().value as string);
  }

  /** The tasks of that batch that are not to be run. */
  of(client: string, batch: string): ReadonlySet<number> {
    return this.#of.get(`${client}.${batch}`) ?? none;
  }

  /** The batch is done. */
  forget(client: string, batch: string): void {
    this.#of.delete(`${client}.${batch}`);
  }
}
