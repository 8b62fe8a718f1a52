/** What is said while a cell is played: warnings of this process, and what its workers write to standard error. */

import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../contract/gates.js';

/** As `process.emitWarning` makes them. */
interface Warning extends Error {
  readonly code?: string;
  readonly detail?: string;
}

export class Overheard {
  readonly #warnings: Warning[] = [];
  readonly #written: (string | Uint8Array)[] = [];
  readonly #write = process.stderr.write;
  readonly #onWarning = (warning: Warning): void => {
    this.#warnings.push(warning);
  };

  /** From now on nothing is printed: workers that die say a lot. */
  constructor() {
    process.on('warning', this.#onWarning);
    process.stderr.write = (chunk: string | Uint8Array) => {
      this.#written.push(chunk);
      return true;
    };
  }

  /** Takes the reports of workers that died of a left-over: so many, once they are there. */
  async reports(many: number): Promise<Warning[]> {
    const isReport = (warning: Warning): boolean => warning.code === 'CF_LEFT_OVER';
    await eventually(() => this.#warnings.filter(isReport).length >= many, `${many} reports of a left-over`);
    const taken: Warning[] = [];
    for (let at = this.#warnings.findIndex(isReport); at >= 0 && taken.length < many; ) {
      taken.push(...this.#warnings.splice(at, 1));
      at = this.#warnings.findIndex(isReport);
    }
    return taken;
  }

  /** Prints what has been kept back, for a cell that failed. */
  tell(): void {
    process.stderr.write = this.#write;
    for (const chunk of this.#written) process.stderr.write(chunk);
  }

  /** Gives the warnings that nobody took. */
  async end(): Promise<string[]> {
    // Warnings are emitted in a later turn; those of a shutdown after whoever waited for it has gone on.
    await delay(5);
    process.stderr.write = this.#write;
    process.off('warning', this.#onWarning);
    return this.#warnings.map((warning) => `${warning}\n${warning.detail ?? ''}`);
  }
}
