/**
 * Unstarted tasks: highest priority first, first in first out within one, also of those that are put back.
 *
 * A task that is taken back out of the middle leaves a hole that `take` skips, so that removing costs nothing.
 */

import { Ring } from './ring.js';

export interface Queued {
  readonly priority: number;
  /** Its place among all that were ever queued, set by the queue: what is put back goes before those that came after it. */
  turn: number;
}

export class TaskQueue<T extends Queued> {
  readonly #rings = new Map<number, Ring<T>>();
  /** The priorities that have a ring, highest last. */
  #priorities: number[] = [];
  /** Taken out of the middle, and still standing in a ring. */
  readonly #holes = new Set<T>();
  #length = 0;
  #turns = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    this.#turns += 1;
    item.turn = this.#turns;
    this.#ring(item.priority).push(item);
    this.#length += 1;
  }

  /** Puts an item back that was taken, in its turn: only those that were put back before it can be ahead. */
  putBack(item: T): void {
    const ring = this.#ring(item.priority);
    const ahead: T[] = [];
    while (ring.first !== undefined && ring.first.turn < item.turn) ahead.push(ring.shift() as T);
    ring.unshift(item);
    for (const each of ahead.reverse()) ring.unshift(each);
    this.#length += 1;
  }

  /** The item that is next; `undefined` when there is none. */
  get first(): T | undefined {
    while (this.#length > 0) {
      const { first } = this.#rings.get(this.#highest) as Ring<T>;
      if (first !== undefined && !this.#holes.delete(first)) return first;
      this.#shift();
    }
    return undefined;
  }

  /** Takes it. */
  take(): T | undefined {
    const { first } = this;
    if (first === undefined) return undefined;
    this.#shift();
    this.#length -= 1;
    if (this.#length === 0) this.#close();
    return first;
  }

  get #highest(): number {
    return this.#priorities.at(-1) as number;
  }

  #shift(): void {
    const highest = this.#highest;
    const ring = this.#rings.get(highest) as Ring<T>;
    ring.shift();
    if (ring.length > 0) return;
    // Priorities may be deadlines or counters: one that is used up must not stay.
    this.#rings.delete(highest);
    this.#priorities.pop();
  }

  /** Takes out an item that is in the queue, wherever it stands. */
  remove(item: T): void {
    this.#holes.add(item);
    this.#length -= 1;
    if (this.#length === 0 || (this.#holes.size > 64 && this.#holes.size > this.#length)) this.#close();
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (const priority of [...this.#priorities].reverse()) {
      for (const item of this.#rings.get(priority) as Ring<T>) if (!this.#holes.has(item)) yield item;
    }
  }

  #ring(priority: number): Ring<T> {
    let ring = this.#rings.get(priority);
    if (ring === undefined) {
      ring = new Ring();
      this.#rings.set(priority, ring);
      this.#priorities.splice(this.#placeOf(priority), 0, priority);
    }
    return ring;
  }

  /** Where a new priority belongs among the others. */
  #placeOf(priority: number): number {
    let [low, high] = [0, this.#priorities.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#priorities[middle] as number) < priority) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Rebuilds the rings without holes, so that a queue of cancelled tasks does not keep them in memory. Through where it was
   * submitted a task reaches its executor, which would never be collected while its own queue keeps such a task.
   */
  #close(): void {
    if (this.#holes.size === 0) return;
    const left = [...this];
    this.#rings.clear();
    this.#priorities = [];
    this.#holes.clear();
    for (const item of left) this.#ring(item.priority).push(item);
  }
}
