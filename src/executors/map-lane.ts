/**
 * The second half of a map: from submitted chunks to those that can be read.
 *
 *   add ──► on its way ──its task is done──► ready ──first()──► reader
 *                                              └── in input order: once all before it have been read
 */

import type { Future } from '../future/future.js';
import { Ring } from '../pool/ring.js';
import type { Task, TaskSink } from '../pool/task.js';
import type { RowOutcome } from '../protocol/messages.js';

/** One submitted task of a map, which stands for one row or several, and what became of it. */
export class Chunk implements TaskSink {
  readonly firstIndex: number;
  readonly rows: number;
  /** Set right after it was submitted. */
  task: Task | undefined;
  isDone = false;
  /** How many of its rows have been read. */
  read = 0;
  #value: unknown;
  /** Set when the whole task failed or was cancelled. */
  #ended: Future<unknown> | undefined;
  readonly #onDone: (chunk: Chunk) => void;

  constructor(firstIndex: number, rows: number, onDone: (chunk: Chunk) => void) {
    this.firstIndex = firstIndex;
    this.rows = rows;
    this.#onDone = onDone;
  }

  succeeded(value: unknown): void {
    this.#value = value;
    this.#done();
  }

  ended(future: Future<unknown>): void {
    this.#ended = future;
    this.#done();
  }

  /** The future of a task that gave no values. */
  get failed(): Future<unknown> | undefined {
    return this.#ended;
  }

  /** The value of a chunk of one row. */
  get value(): unknown {
    return this.#value;
  }

  outcomeOf(row: number): RowOutcome {
    return (this.#value as readonly RowOutcome[])[row] as RowOutcome;
  }

  #done(): void {
    this.isDone = true;
    this.#onDone(this);
  }
}

export class Lane {
  readonly #inOrder: boolean;
  /** In input order: all chunks. Otherwise: those that are done, in the order in which they were. */
  readonly #line = new Ring<Chunk>();
  /** Those that are not done, where the line does not have them. */
  readonly #onTheirWay = new Set<Chunk>();

  constructor(inOrder: boolean) {
    this.#inOrder = inOrder;
  }

  get isEmpty(): boolean {
    return this.#line.length === 0 && this.#onTheirWay.size === 0;
  }

  add(chunk: Chunk): void {
    if (this.#inOrder) this.#line.push(chunk);
    else this.#onTheirWay.add(chunk);
  }

  done(chunk: Chunk): void {
    if (!this.#inOrder && this.#onTheirWay.delete(chunk)) this.#line.push(chunk);
  }

  /** The chunk that is to be read from; `undefined` while there is none. */
  first(): Chunk | undefined {
    const { first } = this.#line;
    return first?.isDone ? first : undefined;
  }

  /** Strikes off the first one. */
  shift(): void {
    this.#line.shift();
  }

  /** All that were not struck off, read ones of the first included. */
  *[Symbol.iterator](): IterableIterator<Chunk> {
    yield* this.#line;
    yield* this.#onTheirWay;
  }

  clear(): void {
    while (this.#line.shift() !== undefined);
    this.#onTheirWay.clear();
  }
}
