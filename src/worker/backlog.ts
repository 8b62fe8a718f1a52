/** What a worker was handed and has not run yet, in order. */

import type { BatchGroup } from '../protocol/messages.js';

export interface HandedTask {
  readonly seq: number;
  readonly functionId: number;
  readonly name: string;
  readonly attempt: number;
  readonly isChunk: boolean;
  /** The arguments, or one list of arguments per row of a chunk. */
  readonly values: readonly unknown[];
  readonly context: Readonly<Record<string, unknown>> | undefined;
}

export class Backlog {
  readonly #groups: { readonly firstSeq: number; readonly group: BatchGroup }[] = [];
  /** How many tasks of the first group have been taken. */
  #taken = 0;

  get isEmpty(): boolean {
    return this.#groups.length === 0;
  }

  push(firstSeq: number, groups: readonly BatchGroup[]): void {
    let seq = firstSeq;
    for (const group of groups) {
      this.#groups.push({ firstSeq: seq, group });
      const [, , , , count] = group;
      seq += count;
    }
  }

  shift(): HandedTask | undefined {
    const [first] = this.#groups;
    if (first === undefined) return undefined;
    const [functionId, names, attempt, isChunk, count, size, all, context] = first.group;
    const i = this.#taken;
    const values = size === 1 ? [all[i]] : all.slice(i * size, (i + 1) * size);
    const name = typeof names === 'string' ? names : (names[i] as string);
    this.#taken += 1;
    if (this.#taken === count) {
      this.#groups.shift();
      this.#taken = 0;
    }
    return { seq: first.firstSeq + i, functionId, name, attempt, isChunk, values, context };
  }

  clear(): void {
    this.#groups.length = 0;
    this.#taken = 0;
  }
}
