/** Tasks between two attempts. */

import type { Clock } from '../pool/clock.js';
import type { Task } from '../pool/task.js';

export class Retries {
  readonly #clock: Clock;
  /** Each with the way to cancel its timer. */
  readonly #waiting = new Map<Task, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get tasks(): Iterable<Task> {
    return this.#waiting.keys();
  }

  /** Has the task tried again after a while. */
  add(task: Task, delayMs: number, again: () => void): void {
    task.attempt += 1;
    task.place = 'waiting';
    task.holder = undefined;
    const cancel = this.#clock.after(delayMs, () => {
      this.#waiting.delete(task);
      again();
    });
    this.#waiting.set(task, cancel);
  }

  remove(task: Task): void {
    this.#waiting.get(task)?.();
    this.#waiting.delete(task);
  }
}
