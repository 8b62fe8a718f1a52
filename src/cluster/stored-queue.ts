/**
 * The queue's streams and the consumer of its workers, which may be deleted while they are in use, or be lost with all that the broker has stored.
 *
 *   there ──deleted, lost──► gone ──mend(), by whichever side finds that──► there: another one, with nothing in it
 *
 * Numbers of an earlier one mean nothing any more: what is acknowledged or deleted by them would be something else. So whoever keeps numbers keeps
 * also of which stream they are, and looks whether that is still the one.
 */

import type { JetStreamManager } from '@nats-io/jetstream';
import { apiErrors, codeOf } from './broker-errors.js';
import type { Clients } from './clients.js';
import { type BrokerLimits, makeQueue } from './make-queue.js';
import { type Names, workersConsumer } from './names.js';

export interface StoredQueueOf {
  readonly jsm: JetStreamManager;
  readonly clients: Clients;
  readonly names: Names;
  readonly limits: BrokerLimits;
  /** Whether to make it, or to take for granted that an administrator has. */
  readonly managesStreams: boolean;
}

/** Another one has nothing of what was in the queue before. */
export type QueueFound = 'the same' | 'another' | 'none';

export class StoredQueue {
  readonly #of: StoredQueueOf;
  readonly #madeAt = new Map<string, string>();
  #mending: Promise<boolean> | undefined;
  #checking: Promise<QueueFound> | undefined;

  constructor(of: StoredQueueOf) {
    this.#of = of;
  }

  /** Makes what is not there of it. */
  async make(): Promise<void> {
    const { jsm, clients, names, limits, managesStreams } = this.#of;
    if (managesStreams) await makeQueue(jsm, clients, names, limits);
  }

  /** Makes anew what is gone; `false` where that is not this side's to do, or can't be done at the moment. */
  mend(): Promise<boolean> {
    this.#mending ??= this.make()
      .then(
        () => this.#of.managesStreams,
        () => false,
      )
      .finally(() => {
        this.#mending = undefined;
      });
    return this.#mending;
  }

  /** When the stream was made, as far as is known: another time, another stream. */
  madeAt(stream: string): string | undefined {
    return this.#madeAt.get(stream);
  }

  /** The stream is the one that was made then. */
  isOf(stream: string, madeAt: string): void {
    this.#madeAt.set(stream, madeAt);
  }

  /** Looks of when it is, and gives that; rejects where the broker does not say. */
  async look(stream: string): Promise<string> {
    const { created } = await this.#of.jsm.streams.info(stream);
    this.isOf(stream, String(created));
    return String(created);
  }

  /** Looks what there is, and makes what is gone. Rejects where the broker does not say. */
  check(): Promise<QueueFound> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async #check(): Promise<QueueFound> {
    const { jsm, names } = this.#of;
    const before = this.madeAt(names.tasks);
    const error = await jsm.consumers.info(names.tasks, workersConsumer).catch((thrown: unknown) => thrown);
    const isGone = codeOf(error) === apiErrors.noConsumer || codeOf(error) === apiErrors.noStream;
    if (!isGone && error instanceof Error) throw error;
    if (isGone && !(await this.mend())) return 'none';
    const now = await this.look(names.tasks);
    return now === (before ?? now) ? 'the same' : 'another';
  }
}
