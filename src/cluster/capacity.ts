/** How much work a worker takes: what its slots can run, and as much again as is done before more could be here. */

import { Allowance } from '../pool/allowance.js';
import type { TaskBatch } from './messages.js';

/** So much work may be held beyond what runs, so that no slot waits for the broker. */
const aheadMs = 20;
/** So many batches are asked for at once. */
const batchesMax = 64;

export class Capacity {
  readonly #slots: number;
  readonly #allowance = new Allowance('auto');
  /** How many tasks a batch has, lately. */
  #batchTasks = 1;

  constructor(slots: number) {
    this.#slots = slots;
  }

  /** A task took that long. */
  measured(ms: number): void {
    this.#allowance.measured(ms);
  }

  took(batch: TaskBatch): void {
    const tasks = batch.groups.reduce((sum, [, , , , count]) => sum + count, 0);
    this.#batchTasks = Math.max(1, (this.#batchTasks + tasks) / 2);
  }

  /** For how many more batches there is room, where so many tasks are held. */
  room(held: number): number {
    const { typicalMs } = this.#allowance;
    const ahead = typicalMs === 0 ? 0 : Math.floor((aheadMs * this.#slots) / typicalMs);
    const tasks = Math.max(this.#slots, ahead) - held;
    return Math.min(batchesMax, Math.ceil(Math.max(0, tasks) / this.#batchTasks));
  }
}
