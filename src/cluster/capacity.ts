/** How much work a worker takes: what its slots can run, and as much again as is done before more could be here. */

import type { TaskBatch } from './messages.js';
import { TaskLengths } from './task-lengths.js';

/** So much work may be held beyond what runs, so that no slot waits for the broker. */
const aheadMs = 20;
/** So many batches are asked for at once. */
const batchesMax = 64;
/** So many more where the latest tasks took about as long as a message: to ask for each would cost the broker as much as the task's own messages. */
const brief = { ms: 1, batches: 7 };

export interface HeldWork {
  readonly batches: number;
  readonly tasks: number;
  /** How many of each function, by its name. */
  tasksOf(): Iterable<readonly [name: string, tasks: number]>;
}

export class Capacity {
  readonly #slots: number;
  readonly #givesBack: boolean;
  readonly #lengths = new TaskLengths();
  /** How many tasks a batch has, lately, and of which function they are. */
  #batchTasks = 1;
  #latest = '';

  /** @param givesBack whether what has come can go to others, where it turns out to be too much */
  constructor(slots: number, givesBack: boolean) {
    this.#slots = slots;
    this.#givesBack = givesBack;
  }

  /** A task of that function took that long, or has already. */
  measured(name: string, ms: number): void {
    this.#lengths.measured(name, ms);
  }

  /** Whether a task of that function has been measured. */
  knows(name: string): boolean {
    return this.#lengths.typicalMs(name) > 0;
  }

  /** A batch has come, with functions by their digests. */
  took({ groups }: TaskBatch, handles: ReadonlyMap<string, { readonly name: string }>): void {
    const tasks = groups.reduce((sum, [, , , , count]) => sum + count, 0);
    this.#batchTasks = Math.max(1, (this.#batchTasks + tasks) / 2);
    const [digest = ''] = groups.at(-1) ?? [];
    this.#latest = handles.get(digest)?.name ?? '';
  }

  /** For how many more batches there is room beside what is held, and others of which it is not known yet what is in them. */
  room(held: HeldWork, unknown: number): number {
    const tasks = Math.max(this.#slots - held.tasks - unknown, this.#ahead(held, unknown));
    // An idle worker asks for little, and for more as it is given: to take back what was asked for costs the broker a round.
    const most = Math.min(batchesMax, this.#slots + held.batches + unknown + this.#spare);
    return Math.min(most, Math.ceil(Math.max(0, tasks) / this.#batchTasks));
  }

  get #spare(): number {
    const typicalMs = this.#lengths.typicalMs(this.#latest);
    return this.#givesBack && typicalMs > 0 && typicalMs <= brief.ms ? brief.batches : 0;
  }

  /** How many tasks, as of the latest function, there is time for. */
  #ahead(held: HeldWork, unknown: number): number {
    const typicalMs = this.#lengths.typicalMs(this.#latest);
    if (typicalMs === 0) return 0;
    let spareMs = aheadMs * this.#slots - unknown * this.#batchTasks * typicalMs;
    for (const [name, tasks] of held.tasksOf()) spareMs -= tasks * (this.#lengths.typicalMs(name) || aheadMs);
    return Math.floor(spareMs / typicalMs);
  }
}
