/** Which captured objects are nothing but data, and which of them share objects, so that they are copied together. */

import { globalPath } from './builtins.js';
import { objectKind } from './object-kind.js';

/** @typeParam E what stands for a captured object. */
export class DataGroups<E> {
  readonly #entryOf: (value: object) => E | undefined;
  readonly #absorb: (entry: E) => void;
  /** The entry as part of which each object was found to be data. */
  readonly #ownerOf = new Map<object, E>();
  readonly #impure = new Set<object>();
  /** As a forest: each entry's way to the one that stands for all that share objects with it. */
  readonly #joined = new Map<E, E>();

  /** @param absorb told of an entry of its own that turned out to be a part of another's data. */
  constructor(entryOf: (value: object) => E | undefined, absorb: (entry: E) => void) {
    this.#entryOf = entryOf;
    this.#absorb = absorb;
  }

  /** Whether the object is known to be data. */
  holds(value: object): boolean {
    return this.#ownerOf.has(value);
  }

  /** Notes that the object, and so whatever leads to it, is more than data. */
  exclude(value: object): void {
    this.#impure.add(value);
  }

  /** Whether structured clone copies the object whole, with all that it leads to. */
  take(root: object, entry: E): boolean {
    const seen = new Set<object>();
    const others = new Set<E>();
    const visit = (value: unknown): boolean => {
      if (typeof value === 'function' || typeof value === 'symbol') return false;
      if (typeof value !== 'object' || value === null || seen.has(value)) return true;
      if (this.#impure.has(value)) return false;
      const owner = this.#ownerOf.get(value);
      if (owner !== undefined) {
        others.add(owner);
        return true;
      }
      seen.add(value);
      const known = this.#entryOf(value);
      if (known !== undefined && known !== entry) others.add(known);
      const isPure = globalPath(value) === undefined && partsAre(value, visit);
      if (!isPure) this.#impure.add(value);
      return isPure;
    };
    if (!visit(root)) return false;
    for (const object of seen) this.#ownerOf.set(object, entry);
    for (const other of others) this.#join(other, entry);
    return true;
  }

  /** The entry that stands for all those that share objects with this one. */
  standIn(entry: E): E {
    let at = entry;
    for (let next = this.#joined.get(at); next !== undefined; next = this.#joined.get(at)) at = next;
    return at;
  }

  #join(one: E, other: E): void {
    this.#absorb(one);
    const [a, b] = [this.standIn(one), this.standIn(other)];
    if (a !== b) this.#joined.set(a, b);
  }
}

function partsAre(value: object, isData: (part: unknown) => boolean): boolean {
  const kind = objectKind(value);
  switch (kind.is) {
    case 'plain':
      return Object.values(value).every(isData);
    case 'array':
      return (value as unknown[]).every(isData);
    case 'map':
      return [...kind.object].every(([key, item]) => isData(key) && isData(item));
    case 'set':
      return [...kind.object].every(isData);
    default:
      return kind.is === 'leaf';
  }
}
