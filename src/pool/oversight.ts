/** Looking after a pool that gets nowhere: what it does in words, and told by itself when that lasts. */

import type { Clock } from './clock.js';
import type { Crew } from './crew.js';
import type { Dispatcher } from './dispatcher.js';
import { explain } from './explain.js';
import { reportStall } from './losses.js';
import type { PoolSettings } from './settings.js';
import { Stalls } from './stalls.js';
import { Stuck } from './stuck.js';

/** What only the pool itself knows. */
export interface PoolView {
  readonly state: string;
  readonly pending: number;
  readonly done: number;
  /** Tasks between two attempts. */
  readonly retrying: number;
}

export class Oversight {
  readonly #settings: PoolSettings;
  readonly #clock: Clock;
  readonly #crew: Crew;
  readonly #dispatcher: Dispatcher;
  readonly #view: () => PoolView;
  readonly #stalls: Stalls;
  readonly #stuck: Stuck;

  constructor(of: { settings: PoolSettings; clock: Clock; crew: Crew; dispatcher: Dispatcher; view: () => PoolView }) {
    const { settings, clock, crew, dispatcher, view } = of;
    this.#settings = settings;
    this.#clock = clock;
    this.#crew = crew;
    this.#dispatcher = dispatcher;
    this.#view = view;
    const { startupTimeoutMs, stuckAfterMs } = settings;
    const isPending = (): boolean => view().pending > 0;
    // A blocked worker has to go also when others have done its work.
    const isNeeded = (): boolean => isPending() || [...crew.slots].some((slot) => slot.isStuck);
    this.#stalls = new Stalls(clock, startupTimeoutMs, { slots: crew.slots, isNeeded }, (slot) => {
      reportStall(slot.name, startupTimeoutMs);
      crew.condemn(slot);
    });
    const work = { slots: crew.slots, isPending, done: () => view().done, explain: () => this.explain() };
    this.#stuck = new Stuck(clock, stuckAfterMs, work);
  }

  /** From now on, for as long as anything is pending. */
  watch(): void {
    this.#stalls.watch();
    this.#stuck.watch();
  }

  explain(): string {
    const { state, retrying } = this.#view();
    return explain({
      state,
      retrying,
      settings: this.#settings,
      slots: [...this.#crew.slots],
      queued: this.#dispatcher.queued,
      queuedCount: this.#dispatcher.length,
      now: this.#clock.now(),
      hasRoom: this.#crew.hasRoom,
    });
  }
}
