/**
 * The queue's streams and the consumer of its workers, which may be deleted while they are in use, or be lost with all that the broker has stored.
 *
 *   there ──deleted, lost──► gone ──mend(), by whichever side finds that──► there: another one, with nothing in it
 *
 * Numbers of an earlier one mean nothing any more: what is acknowledged or deleted by them would be something else. So whoever keeps numbers keeps
 * also of which stream they are, and looks whether that is still the one. A broker alone that has lost the last of what it had written, in a power
 * cut, or was given an older copy of its disk, gives some numbers twice: that is taken for another stream, too.
 */

import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream';
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

interface KnownStream {
  readonly madeAt: string;
  readonly identity: string;
  /** How often it had fewer messages than before. */
  readonly losses: number;
  /** The largest number that was seen. */
  lastSeq: number;
}

/** Another one has nothing of what was in the queue before. */
export type QueueFound = 'the same' | 'another' | 'none';

export class StoredQueue {
  readonly #of: StoredQueueOf;
  readonly #known = new Map<string, KnownStream>();
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

  /** Which one the stream is, as far as is known: numbers are good with the same identity only. */
  identityOf(stream: string): string | undefined {
    return this.#known.get(stream)?.identity;
  }

  /** The stream has a message of that number. */
  reached(stream: string, seq: number): void {
    const known = this.#known.get(stream);
    if (known !== undefined && seq > known.lastSeq) known.lastSeq = seq;
  }

  /** The broker is about to be asked for the stream: what to call with its answer, which gives the identity. */
  asking(stream: string): (info: StreamInfo) => string {
    // What comes to be known while it answers may be newer than the answer.
    const lastSeq = this.#known.get(stream)?.lastSeq ?? 0;
    return (info) => this.#found(stream, info, lastSeq);
  }

  #found(stream: string, { created, state, cluster }: StreamInfo, lastSeqBefore: number): string {
    const madeAt = String(created);
    const known = this.#known.get(stream);
    const isSame = known?.madeAt === madeAt;
    // One of several brokers may not have heard yet what others have.
    const hasLost = isSame && cluster?.replicas === undefined && state.last_seq < lastSeqBefore;
    const losses = hasLost ? known.losses + 1 : isSame ? known.losses : 0;
    const identity = losses === 0 ? madeAt : `${madeAt} ${losses}`;
    const lastSeq = isSame && !hasLost ? Math.max(known.lastSeq, state.last_seq) : state.last_seq;
    this.#known.set(stream, { madeAt, losses, lastSeq, identity });
    return identity;
  }

  /** Looks which one it is, and gives that; rejects where the broker does not say. */
  async look(stream: string): Promise<string> {
    const found = this.asking(stream);
    return found(await this.#of.jsm.streams.info(stream));
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
    const before = this.identityOf(names.tasks);
    const error = await jsm.consumers.info(names.tasks, workersConsumer).catch((thrown: unknown) => thrown);
    const isGone = codeOf(error) === apiErrors.noConsumer || codeOf(error) === apiErrors.noStream;
    if (!isGone && error instanceof Error) throw error;
    if (isGone && !(await this.mend())) return 'none';
    const now = await this.look(names.tasks);
    return now === (before ?? now) ? 'the same' : 'another';
  }
}
