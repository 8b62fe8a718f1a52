/**
 * What waits on the submitting side, and when how much of it goes.
 *
 *   push ──► queue ──end of the turn; outcomes made room──► batches, each of as many tasks as are worth a message
 */

import type { Clock } from '../pool/clock.js';
import { TaskQueue } from '../pool/queue.js';
import type { Task } from '../pool/task.js';
import { BatchSize } from './batch-size.js';

export interface OutgoingOf {
  readonly clock: Clock;
  /** How many tasks may be with the broker and the workers at a time. */
  maxInFlight(): number;
  /** How many tasks the workers can run at once. */
  slots(): number;
  /** @param isBrief whether all outcomes are expected in a moment */
  send(tasks: readonly Task[], isBrief: boolean): void;
}

export class Outgoing {
  readonly #of: OutgoingOf;
  readonly #queue = new TaskQueue<Task>();
  readonly #size: BatchSize;
  /** How many tasks have been sent and have no outcome. */
  inFlight = 0;
  #isDue = false;
  #isProbeDue = false;
  #isClosed = false;
  /** Once tasks have differed in priority they wait here, not at the broker, which knows no priorities. */
  #ordersByPriority = false;

  constructor(of: OutgoingOf) {
    this.#of = of;
    this.#size = new BatchSize(() => of.clock.now());
  }

  get length(): number {
    return this.#queue.length;
  }

  get tasks(): Iterable<Task> {
    return this.#queue;
  }

  push(task: Task): void {
    task.place = 'queued';
    task.holder = undefined;
    if (task.priority !== 0) this.#ordersByPriority = true;
    this.#queue.push(task);
    this.dispatchSoon();
  }

  remove(task: Task): void {
    this.#queue.remove(task);
  }

  /** A task of that function took that long. */
  measured(name: string, ms: number): void {
    this.#size.measured(name, ms);
  }

  /** Sends nothing any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Sends at the end of the code that runs now. */
  dispatchSoon(): void {
    if (this.#isDue || this.#queue.length === 0) return;
    this.#isDue = true;
    this.#of.clock.soon(() => {
      this.#isDue = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    const slots = this.#of.slots();
    const most = this.#ordersByPriority ? slots : this.#of.maxInFlight();
    while (this.#queue.length > 0 && this.inFlight < most && !this.#isClosed) {
      const tasks = this.#nextBatch(slots, most - this.inFlight);
      if (tasks.length === 0) return this.#probeLater();
      this.inFlight += tasks.length;
      // A single one, for which a slot is free.
      const isBrief = tasks.length === 1 && this.inFlight <= slots && this.#size.isShort(tasks[0] as Task);
      this.#of.send(tasks, isBrief);
    }
  }

  #nextBatch(slots: number, room: number): Task[] {
    const share = Math.ceil(this.#queue.length / slots);
    const tasks: Task[] = [];
    for (let ms = 0; tasks.length < room; ) {
      const task = this.#queue.take();
      if (task === undefined) break;
      const { name } = task.handle;
      const taskMs = this.#size.fits(name, tasks.length, ms, share);
      if (taskMs === undefined || (tasks.length === 0 && this.#size.waits(name, this.inFlight, slots))) {
        this.#queue.putBack(task);
        break;
      }
      tasks.push(task);
      ms += taskMs;
    }
    return tasks;
  }

  #probeLater(): void {
    if (this.#isProbeDue) return;
    this.#isProbeDue = true;
    this.#of.clock.after(this.#size.waitMs, () => {
      this.#isProbeDue = false;
      this.#dispatch();
    });
  }
}
