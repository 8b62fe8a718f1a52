/**
 * Hears what is stored under some subjects, in order and from a place on, whichever broker of a cluster is lost, and from its start where the stream
 * was made anew.
 *
 *   asking ──answered──► following ──silent for some seconds, or connected anew──► asking
 *      └──not answered──► (asks again in a moment)        └──signs of life only──► (makes sure that somebody leads the stream: silence.ts)
 *
 * What tells it lives on one broker, and goes with that; the client alone would find that out after half a minute, or not at all. Where that broker
 * was cut off from the others, it gives its signs of life, and has nothing new to tell for ever.
 */

import type { Broker } from './broker.js';
import { apiErrors, codeOf } from './broker-errors.js';
import type { Census, Following, StoredMessage } from './reader.js';

const lookMs = 1000;
/** The broker gives a sign of life every two seconds. Counted in looks: while this program is busy it hears nothing, and does not look either. */
const silentLooksMax = 6;
/** While nothing is told, but that, it is made sure so often that there may be something to tell. */
const quietLooksMax = 4;

export interface FollowerOf {
  readonly broker: Broker;
  readonly stream: string;
  readonly subject: string;
  /** The last that has been heard. */
  lastSeq(): number;
  /** This is what it will hear of. */
  onStream(census: Census): void;
  onMessage(message: StoredMessage): void;
}

export class Follower {
  readonly #of: FollowerOf;
  #following: Following | undefined;
  #timer: NodeJS.Timeout | undefined;
  #silentLooks = 0;
  #quietLooks = 0;
  #isAsking = false;
  /** What is asked for goes with a connection that is lost by now. */
  #isStale = false;
  #isOver = false;

  constructor(of: FollowerOf) {
    this.#of = of;
  }

  /** Rejects where it can't; then it is over. */
  async start(): Promise<void> {
    await this.#ask();
    if (!this.#isOver) this.#timer = setInterval(() => this.#look(), lookMs);
  }

  /** The connection is another one: whoever was telling has forgotten. */
  anew(): void {
    if (this.#isAsking) this.#isStale = true;
    else void this.#ask().catch(() => {});
  }

  stop(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#following?.stop();
  }

  #look(): void {
    this.#silentLooks += 1;
    this.#quietLooks += 1;
    if (this.#following === undefined || this.#silentLooks > silentLooksMax) this.anew();
    else if (this.#quietLooks % quietLooksMax === 0) void this.#of.broker.hearLeader(this.#of.stream);
  }

  async #ask(): Promise<void> {
    const { broker, stream, subject, lastSeq, onMessage, onStream } = this.#of;
    this.#isAsking = true;
    this.#isStale = false;
    this.#following?.stop();
    this.#following = undefined;
    const alive = (): void => {
      this.#silentLooks = 0;
    };
    try {
      onStream(await broker.reader.census(stream));
      this.#following = await broker.reader.follow(stream, subject, lastSeq() + 1, {
        alive,
        message: (message) => {
          alive();
          this.#quietLooks = 0;
          onMessage(message);
        },
      });
      alive();
      broker.silence.answered();
      if (this.#isOver) this.#following.stop();
      else if (this.#isStale) queueMicrotask(() => this.anew());
    } catch (error) {
      broker.silence.unanswered();
      if (codeOf(error) === apiErrors.noStream) await broker.queue.mend();
      throw error;
    } finally {
      this.#isAsking = false;
    }
  }
}
