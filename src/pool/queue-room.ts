/** How much may be submitted and not done: `maxQueue` by count, `maxQueueBytes` by what arguments take. */

import { QueueFullError } from '../errors.js';
import { estimatedBytes } from './arguments.js';
import type { PoolSettings } from './settings.js';
import type { Task } from './task.js';

type RoomSettings = Pick<PoolSettings, 'namePrefix' | 'maxQueue' | 'maxQueueBytes'>;

export class QueueRoom {
  readonly #settings: RoomSettings;
  /** The bytes of each task that is not done; nothing is measured where there is no limit. */
  readonly #bytesOf: Map<Task, number> | undefined;
  #bytes = 0;

  constructor(settings: RoomSettings) {
    this.#settings = settings;
    this.#bytesOf = Number.isFinite(settings.maxQueueBytes) ? new Map() : undefined;
  }

  /**
   * Throws where there is no room for one more. The bytes are a threshold: how many the next task has is known only once its
   * arguments are copied, and what is moved with them can't be given back.
   *
   * @param queued how many tasks wait.
   */
  check(queued: number): void {
    const { namePrefix, maxQueue, maxQueueBytes } = this.#settings;
    if (queued >= maxQueue) {
      throw new QueueFullError(
        `the queue of ${namePrefix} holds ${maxQueue} tasks (maxQueue): wait for some before you submit more`,
      );
    }
    if (this.#bytes >= maxQueueBytes) {
      throw new QueueFullError(
        `${namePrefix} holds ${this.#bytes} bytes of arguments, of ${this.#bytesOf?.size} tasks that are not done, ` +
          `and its limit is ${maxQueueBytes} (maxQueueBytes): wait for some before you submit more, ` +
          'or send the names of files instead of their contents',
      );
    }
  }

  /** Counts a task, whose arguments are its own by now. */
  take(task: Task): void {
    if (this.#bytesOf === undefined) return;
    const bytes = estimatedBytes(task.values);
    this.#bytesOf.set(task, bytes);
    this.#bytes += bytes;
  }

  /** The task is done, and its arguments are let go. */
  release(task: Task): void {
    if (this.#bytesOf === undefined) return;
    this.#bytes -= this.#bytesOf.get(task) ?? 0;
    this.#bytesOf.delete(task);
  }
}
