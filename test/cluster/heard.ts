/** What a worker has logged, and waiting for what it will. */

import type { WorkerLogEntry } from 'concurrent-futures/cluster';

export class Heard {
  readonly #entries: WorkerLogEntry[] = [];
  readonly #looks = new Set<() => void>();

  readonly onLog = (entry: WorkerLogEntry): void => {
    this.#entries.push(entry);
    for (const look of this.#looks) look();
  };

  /** Resolves with the next entry of that event; what has been heard is not heard again. */
  said(event: string): Promise<WorkerLogEntry> {
    return new Promise((resolve) => {
      const look = (): void => {
        const at = this.#entries.findIndex((entry) => entry.event === event);
        if (at === -1) return;
        this.#looks.delete(look);
        resolve(this.#entries.splice(0, at + 1).at(-1) as WorkerLogEntry);
      };
      this.#looks.add(look);
      look();
    });
  }
}
