/** A batch as a worker is given it, and what the worker answers. */

import type { Msg } from '@nats-io/transport-node';
import type { StoredQueue } from './stored-queue.js';

export interface Delivery {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly streamSeq: number;
  /** How often it has been given out, this time included. */
  readonly count: number;
  /** When it was stored, by the broker's clock, in milliseconds since the epoch. */
  readonly storedAt: number;
  /** Whether none was waiting behind it when it was given out. */
  readonly isLast: boolean;
  /** By which the broker knows it again; empty where it was sent without. */
  readonly messageId: string;
  /** It is done, and goes from the queue. */
  ack(): void;
  /** It is still being worked on: it is not to be given to another. */
  working(): void;
  /** It goes from the queue, and is given to nobody. */
  term(): void;
  /** It goes back, and is given out again after that time; after a moment where none is given. */
  giveBack(delayMs?: number): void;
}

/** Not at once: other workers may be taking back what they have asked for, all for the same reason (Pulls.takeBack). */
const momentMs = 10;

/** The answers that JetStream understands: https://docs.nats.io/nats-concepts/jetstream/consumers#acknowledgment-models */
const answers = { ack: '+ACK', working: '+WPI', term: '+TERM' } as const;

/** By the broker's consumer. */
export class PulledDelivery implements Delivery {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly streamSeq: number;
  readonly count: number;
  readonly storedAt: number;
  readonly isLast: boolean;
  readonly #message: Msg;
  readonly #queue: StoredQueue;
  readonly #stream: string;
  readonly #identity: string | undefined;

  /** @param stream that it came from; it is not answered once that is another one */
  constructor(message: Msg, queue: StoredQueue, stream: string) {
    this.#message = message;
    this.#queue = queue;
    this.#stream = stream;
    this.#identity = queue.identityOf(stream);
    this.subject = message.subject;
    this.data = message.data;
    // $JS.ACK[.<domain>.<account>].<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<nanoseconds>.<pending>[.<token>]
    const tokens = (message.reply ?? '').split('.');
    const first = tokens.length >= 11 ? 6 : 4;
    this.count = Number(tokens[first]);
    this.streamSeq = Number(tokens[first + 1]);
    queue.reached(stream, this.streamSeq);
    this.storedAt = Math.floor(Number(tokens[first + 3]) / 1_000_000);
    this.isLast = tokens[first + 4] === '0';
  }

  get messageId(): string {
    return this.#message.headers?.get('Nats-Msg-Id') ?? '';
  }

  ack(): void {
    this.#answer(answers.ack);
  }

  working(): void {
    this.#answer(answers.working);
  }

  term(): void {
    this.#answer(answers.term);
  }

  giveBack(delayMs = momentMs * (1 + Math.random())): void {
    this.#answer(`-NAK ${JSON.stringify({ delay: Math.round(delayMs * 1_000_000) })}`);
  }

  #answer(text: string): void {
    if (this.#identity !== undefined && this.#identity !== this.#queue.identityOf(this.#stream)) return;
    try {
      this.#message.respond(text);
    } catch {
      // The connection is closed: it is given out again in time.
    }
  }
}
