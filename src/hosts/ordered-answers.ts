/** Answers that come two ways, in shared words and as messages, put back into the order of their tasks. */

import { RemoteError } from '../errors.js';
import { encodeError } from '../protocol/errors.js';
import type { FromWorker } from '../protocol/messages.js';
import { bellMessage, type OutcomeSource } from '../protocol/outcomes.js';

export type FromWire = FromWorker | typeof bellMessage;

export class OrderedAnswers {
  readonly #outcomes: OutcomeSource;
  readonly #deliver: (message: FromWorker) => void;
  /** The task whose outcome is next. */
  #nextSeq = 0;
  #isWatched = false;

  constructor(outcomes: OutcomeSource, deliver: (message: FromWorker) => void) {
    this.#outcomes = outcomes;
    this.#deliver = deliver;
  }

  receive(message: FromWire): void {
    if (message === bellMessage) {
      if (!this.#isWatched) this.#outcomes.silence();
      this.look();
      return;
    }
    // Given up for unreadable, and there after all.
    if ('seq' in message && message.seq < this.#nextSeq) return;
    const isAnswer = message.kind === 'done' || message.kind === 'failed' || message.kind === 'revoked';
    if (isAnswer) {
      this.look();
      this.#nextSeq += 1;
    }
    this.#deliver(message);
    // What stood behind this answer could not be read before it, and its bell has been heard.
    if (isAnswer) this.look();
  }

  /** What came can't be read: the task that is to be answered next fails, since nobody else would ever settle it. */
  unreadable(cause: unknown): void {
    const error = new RemoteError("the worker's answer can't be read here", { cause });
    this.receive({ kind: 'failed', seq: this.#nextSeq, error: encodeError(error, structuredClone), ms: 0 });
  }

  /** Delivers the outcomes that are there, up to the first that is not. */
  look(): void {
    for (let next = this.#outcomes.take(this.#nextSeq); next; next = this.#outcomes.take(this.#nextSeq)) {
      const seq = this.#nextSeq;
      this.#nextSeq += 1;
      this.#deliver({ kind: 'done', seq, value: next.value, ms: next.ms });
    }
  }

  /**
   * While watched, the worker need not ring: whoever watches looks by itself, from its next turn on. Not in this call, whose
   * deliveries could end the watch before all workers are told of its beginning.
   */
  watch(isWatched: boolean): void {
    this.#isWatched = isWatched;
    if (isWatched) {
      this.#outcomes.muffle();
      return;
    }
    this.#outcomes.silence();
    this.look();
  }
}
