/** Several inputs read in step: one row per turn, up to the end of the shortest. */

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

export class RowReader {
  readonly #iterators: AnyIterator[];
  #isOpen: boolean;

  constructor(inputs: readonly (Iterable<unknown> | AsyncIterable<unknown>)[]) {
    this.#iterators = inputs.map(openInput);
    this.#isOpen = inputs.length > 0;
  }

  /** The next row, `undefined` at the end; a promise only when an input is asynchronous. */
  next(): unknown[] | undefined | Promise<unknown[] | undefined> {
    if (!this.#isOpen) return undefined;
    return this.#read([], 0);
  }

  /** Lets the inputs go before their end: an unfinished generator runs its `finally`. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const iterator of this.#iterators) closeIterator(iterator);
  }

  #read(row: unknown[], from: number): unknown[] | undefined | Promise<unknown[] | undefined> {
    for (let i = from; i < this.#iterators.length; i++) {
      const step = (this.#iterators[i] as AnyIterator).next();
      if (step instanceof Promise) {
        return step.then((result) => (this.#take(row, i, result) ? this.#read(row, i + 1) : undefined));
      }
      if (!this.#take(row, i, step as IteratorResult<unknown>)) return undefined;
    }
    return row;
  }

  #take(row: unknown[], i: number, result: IteratorResult<unknown>): boolean {
    if (result.done) {
      this.#isOpen = false;
      // This input has ended by itself; the longer ones are left before their end.
      for (const [j, iterator] of this.#iterators.entries()) if (j !== i) closeIterator(iterator);
      return false;
    }
    row.push(result.value);
    return true;
  }
}

function openInput(input: Iterable<unknown> | AsyncIterable<unknown>, i: number): AnyIterator {
  if (input !== undefined && input !== null) {
    const asynchronous = (input as AsyncIterable<unknown>)[Symbol.asyncIterator];
    if (typeof asynchronous === 'function') return asynchronous.call(input);
    const synchronous = (input as Iterable<unknown>)[Symbol.iterator];
    if (typeof synchronous === 'function') return synchronous.call(input);
  }
  throw new TypeError(
    `input ${i + 1} of map must be iterable or async iterable; got ${input === null ? 'null' : typeof input}`,
  );
}

function closeIterator(iterator: AnyIterator): void {
  try {
    const closing: unknown = iterator.return?.();
    // A generator that fails while it is closed has nobody left to tell: its reader has gone.
    if (closing instanceof Promise) closing.catch(() => {});
  } catch {
    // The same, synchronously.
  }
}
