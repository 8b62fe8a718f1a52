/**
 * Whether the connection is there, for whoever asks something over it.
 *
 *   there ──lost──► away ──connected anew──► there          either ──closed──► (the client says so itself)
 *
 * What was asked before has no answer any more, and what is said while it is away is dropped with the next attempt to connect; the client itself
 * would wait for these answers until their time is over.
 */

import type { NatsConnection } from '@nats-io/transport-node';
import { sharedAbort, unlessAborted } from './pause.js';

export class LostConnection extends Error {
  /** Resolves once it makes sense to ask again. */
  readonly back: Promise<void>;

  constructor(back: Promise<void>) {
    super('the connection to the broker was lost before it had answered');
    this.back = back;
  }
}

export class Losses {
  #abort = sharedAbort();
  #away: LostConnection | undefined;
  /** What has not been answered. */
  readonly #asked = new Set<(lost: LostConnection) => void>();
  /** When it was lost last, by `performance.now()`. */
  lostAt = Number.NEGATIVE_INFINITY;

  constructor(connection: NatsConnection) {
    void this.#watch(connection);
  }

  /** Of the connection as it is now: aborted, with a {@link LostConnection}, once it is lost. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isAway(): boolean {
    return this.#away !== undefined;
  }

  /** Resolves once it is there; rejects where that is aborted first. */
  async back(signal: AbortSignal): Promise<void> {
    while (this.#away !== undefined) await unlessAborted(this.#away.back, signal);
  }

  /** Throws a {@link LostConnection} where there is none, or it is lost before the answer is here. */
  ask<T>(question: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#away !== undefined) throw this.#away;
      const answer = question();
      // Not by the signal: a listener for each would cost as much as all else that is done here for a message.
      this.#asked.add(reject);
      answer.then(
        (value) => {
          this.#asked.delete(reject);
          resolve(value);
        },
        (error) => {
          this.#asked.delete(reject);
          reject(error);
        },
      );
    });
  }

  async #watch(connection: NatsConnection): Promise<void> {
    let isBack = (): void => {};
    for await (const { type } of connection.status()) {
      if (type === 'reconnect') {
        this.#away = undefined;
        isBack();
      } else if (type === 'disconnect' && this.#away === undefined) {
        this.lostAt = performance.now();
        const back = new Promise<void>((resolve) => {
          isBack = resolve;
        });
        const lost = this.#abort;
        this.#abort = sharedAbort();
        this.#away = new LostConnection(back);
        lost.abort(this.#away);
        for (const reject of this.#asked) reject(this.#away);
      }
    }
    this.#away = undefined;
    isBack();
  }
}
