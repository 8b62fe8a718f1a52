/** How long tasks take lately, by their function's name: what one function takes says nothing of another. */

import { Allowance } from '../pool/allowance.js';

const functionsMax = 1000;

export class TaskLengths {
  readonly #of = new Map<string, Allowance>();

  /** A task took that long, or has already. */
  measured(name: string, ms: number): void {
    let allowance = this.#of.get(name);
    if (allowance === undefined) {
      allowance = new Allowance('auto');
      this.#of.set(name, allowance);
      if (this.#of.size > functionsMax) this.#of.delete(this.#of.keys().next().value as string);
    }
    allowance.measured(ms);
  }

  /** In milliseconds; 0 until tasks of that function have been measured. */
  typicalMs(name: string): number {
    return this.#of.get(name)?.typicalMs ?? 0;
  }
}
