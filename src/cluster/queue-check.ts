/** A worker looks whether its queue is there, and is the one that it was; what it finds is said once. */

import type { QueueFound, StoredQueue } from './stored-queue.js';
import type { WorkerLogEntry } from './worker-options.js';

const why = 'its streams were deleted, or the broker has lost what it had stored';
const messages = {
  another: `the queue is another one: ${why}. What is held of the earlier one is lost`,
  none: `the queue is not there: ${why}. It is waited for, and may not be made here`,
} as const;

export class QueueCheck {
  readonly #queue: StoredQueue;
  readonly #log: (level: WorkerLogEntry['level'], event: string, message: string) => void;
  #last: QueueFound = 'the same';

  constructor(queue: StoredQueue, log: (level: WorkerLogEntry['level'], event: string, message: string) => void) {
    this.#queue = queue;
    this.#log = log;
  }

  /** Something was refused, or the connection is another one. Where the broker does not say, it is looked again at the next of these. */
  look(): void {
    void this.#queue.check().then(
      (found) => this.#found(found),
      () => {},
    );
  }

  #found(found: QueueFound): void {
    const before = this.#last;
    this.#last = found;
    if (found === 'another') this.#log('warn', 'queue-lost', messages.another);
    else if (found === 'none' && before !== 'none') this.#log('error', 'queue-gone', messages.none);
  }
}
