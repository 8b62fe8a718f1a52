/**
 * Failures that nobody has looked at: an error is never lost in silence.
 *
 * Each is reported once, as a process warning, when its executor stops, or on standard error when the process exits first.
 */

import { writeSync } from 'node:fs';
import { type Future, failureOf } from '../future/future.js';

/** More than this are counted instead of kept: a failing million-item run must not fill the memory. */
const keptMax = 1000;
const shownMax = 10;

const withFailures = new Set<UnobservedFailures>();
let watchesExit = false;

export class UnobservedFailures {
  readonly #poolName: string;
  readonly #kept = new Set<Future<unknown>>();
  #uncounted = 0;

  constructor(poolName: string) {
    this.#poolName = poolName;
  }

  add(future: Future<unknown>): void {
    if (this.#kept.size >= keptMax) this.#uncounted += 1;
    else this.#kept.add(future);
    withFailures.add(this);
    if (watchesExit) return;
    watchesExit = true;
    process.once('exit', () => {
      for (const failures of withFailures) for (const line of failures.#take()) writeSync(2, `${line.join('\n')}\n`);
    });
  }

  delete(future: Future<unknown>): void {
    this.#kept.delete(future);
    if (this.#kept.size === 0 && this.#uncounted === 0) withFailures.delete(this);
  }

  /** Reports what is there and forgets it. */
  report(): void {
    for (const [message, detail] of this.#take()) {
      process.emitWarning(message, { type: 'UnobservedFailure', code: 'CF_UNOBSERVED', detail });
    }
  }

  #take(): [message: string, detail: string][] {
    const futures = [...this.#kept];
    const more = futures.length - shownMax + this.#uncounted;
    this.#kept.clear();
    this.#uncounted = 0;
    withFailures.delete(this);
    const lines = futures.slice(0, shownMax).map((future): [string, string] => {
      const error = failureOf(future);
      const detail = error instanceof Error ? (error.stack ?? String(error)) : String(error);
      return [`task "${future.name}" of ${this.#poolName} failed, and nobody looked at its outcome`, detail];
    });
    if (more > 0)
      lines.push([`${more} more tasks of ${this.#poolName} failed, and nobody looked at their outcomes`, '']);
    return lines;
  }
}
