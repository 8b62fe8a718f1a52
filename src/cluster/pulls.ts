/**
 * Asking the broker for work, as much as there is room for, and dropping nothing that comes.
 *
 *   room for n ──request──► broker ──messages──► onWork         request ──used up, expired, connection lost──► over, and asked for anew
 *                                                               └──taken back, with its lane──► over
 *
 * Each request that is on its way has a lane, a subscription of its own: nothing else says which of them a message was for, the broker serves them in
 * turns, and one that is used up ends without a word. Whoever does not know takes some for waiting that are over, and asks for no others.
 *
 * Not by the client's iterators: whoever leaves one loses what was on its way to it until the broker gives that out again, and whoever does not
 * leave it takes more than there is room for.
 */

import type { Subscription } from '@nats-io/transport-node';
import type { Broker } from './broker.js';
import type { Delivery } from './delivery.js';
import { within } from './pause.js';

/** How long a request waits at the broker. */
const pullMs = 5000;
/** The broker says when one has expired; if it has not so long afterwards, it has forgotten it. */
const lateMs = 2000;
/** How long a worker that goes waits for the broker to say that nothing more comes. */
const lastWordMs = 1000;
/** The first ones may come to a queue that has just been made, and does not hear them yet. */
const early = { pullMs: 500, lateMs: 500, max: 3 };

export interface PullsOf {
  onWork(delivery: Delivery): void;
  /** For how many batches there is room. */
  room(): number;
  /** While more than so many are on their way, no others are asked for: each request costs the broker as much as a batch. */
  readonly enough: number;
  /** There may be nothing to ask: called once a second at most. */
  onRefused(): void;
}

interface Lane {
  readonly inbox: string;
  readonly subscription: Subscription;
  /** Where the latest request of it is answered. */
  reply: string;
  /** How many batches of that have not come. */
  left: number;
  forgottenAt: number;
}

export class Pulls {
  readonly #broker: Broker;
  readonly #of: PullsOf;
  #lanes: Lane[] = [];
  readonly #timer: NodeJS.Timeout;
  #wanted = 0;
  #ids = 0;
  #isDue = false;
  #isAlong = false;
  #isOver = false;
  #isRefused = false;
  /** Whether the broker has answered any. */
  #isHeard = false;

  constructor(broker: Broker, of: PullsOf) {
    this.#broker = broker;
    this.#of = of;
    this.#timer = setInterval(() => {
      const now = performance.now();
      for (const lane of this.#lanes) {
        if (lane.left === 0 || now <= lane.forgottenAt) continue;
        lane.left = 0;
        this.#isRefused = true;
        if (!this.#isEarly) broker.silence.unanswered();
      }
      if (this.#isRefused && !this.#isOver) of.onRefused();
      this.#isRefused = false;
      this.#ask();
    }, 1000);
  }

  /** Whether the queue may not hear it yet. */
  get #isEarly(): boolean {
    return !this.#isHeard && this.#ids <= early.max;
  }

  /** How many batches are asked for and have not come. */
  get pending(): number {
    return this.#lanes.reduce((pending, { left }) => pending + left, 0);
  }

  /**
   * As many are to be on their way as there is room for in the next turn: outcomes, and batches, come many at a time, and what has come goes to
   * its worker first. Those that were asked for are not taken back.
   */
  ask(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#wanted = this.#of.room();
      this.#ask();
    });
  }

  /** The same, along with what is said to the broker next: nothing is waiting there, as far as is known. */
  askAlong(): void {
    if (this.#isAlong || this.pending > this.#of.enough) return;
    this.#isAlong = true;
    this.#broker.along.add(() => {
      this.#isAlong = false;
      this.#wanted = this.#of.room();
      this.#ask();
    }, true);
  }

  /**
   * What was asked for is not wanted any more. Resolves once none of it can come: what was on its way has come.
   *
   * The broker forgets the requests of an inbox to which nobody listens as soon as it looks how many there are. While there are no others, Debian 12's
   * would lose what is given out anew until its time is over, and give out twice what came before that: so it is to look at once.
   */
  async takeBack(): Promise<void> {
    const before = this.#lanes;
    this.#lanes = [];
    this.#wanted = 0;
    if (before.length === 0) return;
    const drained = before.map(({ subscription }) => subscription.drain());
    await Promise.allSettled([...drained, this.#broker.backlog()]);
  }

  /** The connection is back; what was asked for before is forgotten. */
  anew(): void {
    for (const lane of this.#lanes) lane.left = 0;
    this.#ask();
  }

  /** Asks for no more. Resolves once nothing can come, or the broker does not say so; what was on its way has gone to `onWork`. */
  stop(): Promise<void> {
    this.#isOver = true;
    clearInterval(this.#timer);
    return within(lastWordMs, this.takeBack());
  }

  #newLane(): Lane {
    const { silence } = this.#broker;
    const inbox = this.#broker.newInbox();
    const over = (reply: string): void => {
      if (reply === lane.reply) lane.left = 0;
    };
    const subscription = this.#broker.receiveWork(`${inbox}.*`, {
      work: (delivery) => this.#received(lane, delivery),
      over: (reply) => {
        this.#isHeard = true;
        silence.answered();
        over(reply);
        this.#ask();
      },
      // Asked for again at once, it would be refused again, and again.
      refused: (reply, isThere) => {
        if (isThere) silence.answered();
        else silence.unanswered();
        this.#isRefused = true;
        over(reply);
      },
    });
    const lane: Lane = { inbox, subscription, reply: '', left: 0, forgottenAt: 0 };
    this.#lanes.push(lane);
    return lane;
  }

  #received(lane: Lane, delivery: Delivery): void {
    this.#isHeard = true;
    this.#broker.silence.answered();
    if (lane.left > 0) lane.left -= 1;
    this.#wanted -= 1;
    this.#of.onWork(delivery);
  }

  #ask(): void {
    const count = this.#wanted - this.pending;
    if (this.#isOver || count <= 0 || this.pending > this.#of.enough) return;
    this.#ids += 1;
    const lane = this.#lanes.find(({ left }) => left === 0) ?? this.#newLane();
    const times = this.#isEarly ? early : { pullMs, lateMs };
    lane.reply = `${lane.inbox}.${this.#ids}`;
    lane.left = count;
    lane.forgottenAt = performance.now() + times.pullMs + times.lateMs;
    this.#broker.askForWork(lane.reply, count, times.pullMs);
  }
}
