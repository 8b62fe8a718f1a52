/** Which workers there are: each says so once a second, and who is silent for some seconds has gone. */

import type { WorkerStats } from '../pool/stats.js';
import { decode, encode } from './codec.js';
import { clusterVersion, type Presence } from './messages.js';
import type { Seal } from './seal.js';
import { checkPresence } from './shapes.js';

export const presenceMs = 1000;
const goneAfterMs = 3500;
/** How long a count is good for: of a thousand workers, it is asked for with each message. */
const countedMs = 100;

export class Workers {
  readonly #known = new Map<string, { presence: Presence; seenAt: number }>();
  readonly #seal: Seal;
  readonly #subject: string;
  readonly #now: () => number;
  #slots = 0;
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor(seal: Seal, subject: string, now: () => number = Date.now) {
    this.#seal = seal;
    this.#subject = subject;
    this.#now = now;
  }

  /** Takes what a worker says; gives it where that worker is new, or has another number of slots. Throws for what is not a worker's. */
  take(sealed: Uint8Array): { readonly presence: Presence; readonly isNews: boolean } {
    const presence = decode(this.#seal.open(this.#subject, sealed)) as Presence;
    checkPresence(presence);
    const before = this.#known.get(presence.name);
    this.#known.set(presence.name, { presence, seenAt: this.#now() });
    const isNews =
      before === undefined ||
      before.presence.slots !== presence.slots ||
      presence.isDraining !== before.presence.isDraining;
    if (isNews) this.#countedAt = Number.NEGATIVE_INFINITY;
    return { presence, isNews };
  }

  get alive(): Presence[] {
    const now = this.#now();
    for (const [name, { seenAt }] of this.#known) if (now - seenAt > goneAfterMs) this.#known.delete(name);
    return [...this.#known.values()].map(({ presence }) => presence);
  }

  /** As an executor's `stats()` shows workers. */
  stats(): WorkerStats[] {
    return this.alive.map(({ name, isDraining, running, pid, done }, id) => ({
      id,
      name,
      state: isDraining ? 'retiring' : running > 0 ? 'busy' : 'idle',
      systemId: pid,
      completed: done,
      task: undefined,
      taskMs: undefined,
    }));
  }

  /** For people, a line each. */
  explain(): string[] {
    const workers = this.alive;
    if (workers.length === 0) return ['  no worker has been heard: start some with `futures worker`'];
    return workers.map(
      ({ name, running, slots, isDraining }) =>
        `  ${name}: runs ${running} tasks in ${slots} slots${isDraining ? ', and takes no more' : ''}`,
    );
  }

  /** How many tasks can run at once; at least one, since there may be workers that have not been heard yet. */
  get slots(): number {
    const now = this.#now();
    if (now - this.#countedAt >= countedMs) {
      this.#countedAt = now;
      this.#slots = this.alive.reduce((sum, { slots, isDraining }) => sum + (isDraining ? 0 : slots), 0);
    }
    return Math.max(1, this.#slots);
  }
}

export function encodePresence(seal: Seal, subject: string, presence: Omit<Presence, 'version'>): Buffer {
  return seal.close(subject, encode({ version: clusterVersion, ...presence }, true));
}
