/** How much work a worker takes: what its slots can run, and as much again as is done before more could be here. */

import type { TaskBatch } from './messages.js';
import { TaskLengths } from './task-lengths.js';

/** So much work may be held beyond what runs, so that no slot waits for the broker. */
const aheadMs = 20;
/** So many batches are asked for at once. */
const batchesMax = 64;

export interface HeldWork {
  readonly batches: number;
  readonly tasks: number;
  /** How many of each function, by its name. */
  tasksOf(): Iterable<readonly [name: string, tasks: number]>;
}

export class Capacity {
  readonly #slots: number;
  readonly #lengths = new TaskLengths();
  /** How many tasks a batch has, lately, and of which function they are. */
  #batchTasks = 1;
  #latest = '';

  constructor(slots: number) {
    this.#slots = slots;
  }

  /** A task of that function took that long, or has already. */
  measured(name: string, ms: number): void {
    this.#lengths.measured(name, ms);
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
    const most = Math.min(batchesMax, this.#slots + held.batches + unknown);
    return Math.min(most, Math.ceil(Math.max(0, tasks) / this.#batchTasks));
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
