/** A worker says who it is: once a second, when that changes, and when somebody asks. */

import type { Broker } from './broker.js';
import type { Presence } from './messages.js';
import { encodePresence, presenceMs } from './presence.js';
import type { Seal } from './seal.js';

/** Each submitter that comes asks all workers, and each answer goes to all submitters: those that ask within this have one answer. */
const answerMs = 100;

export class Announcer {
  readonly #broker: Broker;
  readonly #seal: Seal;
  readonly #presence: () => Omit<Presence, 'version'>;
  readonly #timer: NodeJS.Timeout;
  #toldAt = Number.NEGATIVE_INFINITY;
  /** The one that is due. */
  #answer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(broker: Broker, seal: Seal, presence: () => Omit<Presence, 'version'>) {
    this.#broker = broker;
    this.#seal = seal;
    this.#presence = presence;
    this.#timer = setInterval(() => this.tell(), presenceMs);
    broker.listen(broker.names.ask, () => this.#asked());
  }

  tell(): void {
    if (this.#isOver) return;
    clearTimeout(this.#answer);
    this.#answer = undefined;
    this.#toldAt = performance.now();
    const subject = this.#broker.names.presence;
    this.#broker.tell(subject, encodePresence(this.#seal, subject, this.#presence()));
  }

  stop(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    clearTimeout(this.#answer);
  }

  #asked(): void {
    const waitMs = this.#toldAt + answerMs - performance.now();
    if (waitMs <= 0) this.tell();
    else if (!this.#isOver) this.#answer ??= setTimeout(() => this.tell(), waitMs);
  }
}
