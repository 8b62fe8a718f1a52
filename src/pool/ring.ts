/** A double-ended queue on a ring that doubles when full. */
export class Ring<T> {
  #items: (T | undefined)[] = new Array(16);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  /** The item at that place, counted from the front; `undefined` where there is none. */
  at(i: number): T | undefined {
    return i >= 0 && i < this.#length ? this.#items[(this.#head + i) & (this.#items.length - 1)] : undefined;
  }

  /** Puts another item in the place of the one at `i`. */
  put(i: number, item: T): void {
    this.#items[(this.#head + i) & (this.#items.length - 1)] = item;
  }

  push(item: T): void {
    this.#makeRoom();
    this.#items[(this.#head + this.#length) & (this.#items.length - 1)] = item;
    this.#length += 1;
  }

  unshift(item: T): void {
    this.#makeRoom();
    this.#head = (this.#head - 1) & (this.#items.length - 1);
    this.#items[this.#head] = item;
    this.#length += 1;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.#length -= 1;
    return item;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.#length; i++) yield this.#items[(this.#head + i) & (this.#items.length - 1)] as T;
  }

  #makeRoom(): void {
    if (this.#length < this.#items.length) return;
    const grown: (T | undefined)[] = new Array(this.#items.length * 2);
    const mask = this.#items.length - 1;
    for (let i = 0; i < this.#length; i++) grown[i] = this.#items[(this.#head + i) & mask];
    this.#items = grown;
    this.#head = 0;
  }
}
