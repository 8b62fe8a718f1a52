/**
 * Batches that the broker has and gives to nobody: after it was killed, the server of Debian 12 takes some for acknowledged that are not, and others
 * that were come back. Both stand in the stream before everything that its consumer still has to give out.
 *
 *   look ──none──► (the next look)
 *     └──some──► given to this worker, which reads what is known of them: what is done goes, what is not is run
 *
 * Several workers may find the same one: then its tasks may start twice, and have one outcome, as ever.
 */

import type { Broker } from './broker.js';
import type { Delivery } from './delivery.js';

/** With as much again at random, so that not all workers look at once. */
const everyMs = 10_000;
const firstMs = 500;

export class Orphans {
  readonly #broker: Broker;
  readonly #adopt: (delivery: Delivery) => void | Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** @param adopt resolves once it is known what there is to do */
  constructor(broker: Broker, adopt: (delivery: Delivery) => void | Promise<void>) {
    this.#broker = broker;
    this.#adopt = adopt;
    this.lookSoon();
  }

  /** The broker has just come back. */
  lookSoon(): void {
    this.#lookIn(firstMs);
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    this.#timer = setTimeout(
      () => {
        void this.#look()
          .catch(() => {})
          .finally(() => this.#lookIn(everyMs));
      },
      ms * (1 + Math.random()),
    );
  }

  async #look(): Promise<void> {
    const { names } = this.#broker;
    const floor = await this.#broker.ackFloor();
    for await (const { seq, subject, data, storedAt, messageId } of this.#broker.reader.waiting(
      names.allTasks,
      floor,
    )) {
      if (this.#isOver) return;
      const remove = (): void => void this.#broker.delete(names.tasks, seq);
      await this.#adopt({
        subject,
        data,
        storedAt,
        isLast: false,
        messageId,
        streamSeq: seq,
        // It may have been run before.
        count: 2,
        ack: remove,
        term: remove,
        working() {},
        giveBack() {},
      });
    }
  }
}
