/**
 * Workers that get nowhere: they hold tasks and start none. Something that an earlier task left behind blocks them (a timer
 * that never returns), or somebody has stopped their process. No time limit of a task would ever end that, since none runs.
 *
 * Looked at twice, so that a machine which was asleep meanwhile is not held against them.
 */

import type { Clock } from './clock.js';
import type { WorkerSlot } from './slot.js';

export class Stalls {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #slots: Iterable<WorkerSlot>;
  /** Whether there is anything to run. */
  readonly #isNeeded: () => boolean;
  readonly #onStalled: (slot: WorkerSlot) => void;
  #isDue = false;
  /** Those that had started nothing at the last look, each with its next task, and how much of that was still on its way. */
  #suspects = new Map<WorkerSlot, string>();

  constructor(
    clock: Clock,
    limitMs: number,
    of: { slots: Iterable<WorkerSlot>; isNeeded: () => boolean },
    onStalled: (slot: WorkerSlot) => void,
  ) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#slots = of.slots;
    this.#isNeeded = of.isNeeded;
    this.#onStalled = onStalled;
  }

  /** From now on, for as long as there is anything to run. */
  watch(): void {
    if (this.#isDue || !Number.isFinite(this.#limitMs)) return;
    this.#isDue = true;
    this.#clock.after(this.#limitMs, () => this.#look());
  }

  #look(): void {
    this.#isDue = false;
    const before = this.#suspects;
    this.#suspects = new Map();
    for (const slot of [...this.#slots]) {
      if (slot.state !== 'ready' || slot.unanswered === 0 || slot.running !== undefined || slot.isReceiving) continue;
      const point = `${slot.nextSeq} ${slot.unsentBytes}`;
      if (before.get(slot) === point) this.#onStalled(slot);
      else this.#suspects.set(slot, point);
    }
    if (this.#isNeeded()) this.watch();
    else this.#suspects.clear();
  }
}
