/**
 * How a thread tells small outcomes without a message: a message costs several microseconds on each side, a word or a short text in
 * shared memory next to nothing.
 *
 *   worker:   write outcome ──► bell rung already? ──no──► ring it: one message
 *   executor: a look: silence the bell ──► read outcomes in order, up to the first that is missing
 *
 * Outcomes stand in a ring, each at its task's place. What does not fit comes as a message of its own; the executor reads the
 * ring up to there before it takes the message, and goes on with the ring behind it, so answers stay in order.
 *
 * No outcome is overlooked: the worker writes before it looks at the bell, the executor silences the bell before it reads. If
 * the worker found the bell rung, then the executor had not silenced it yet, and so reads after the outcome was written. And
 * none is lost with its worker: what was written is there, whoever has died since.
 */

import { ringSize } from './claims.js';

/** 0 is an empty place. */
const missing = 0;
const kinds = { undefined: 1, null: 2, false: 3, true: 4, number: 5 } as const;

/** A text that takes no more bytes, two for each unit of UTF-16, needs no message: most names, digests and numbers in digits do. */
const textBytes = 64;
const text = 6;

const silent = 0;
const rung = 1;

/** What a worker sends when it rings. */
export const bellMessage = 0;

export interface SmallOutcome {
  readonly value: unknown;
  readonly ms: number;
}

/** Where an executor reads outcomes, whatever they are written in. */
export interface OutcomeSource {
  /** From now on the worker rings again. */
  silence(): void;
  /** As long as the executor looks by itself, the worker need not ring. */
  muffle(): void;
  /** The outcome of a task, if it is there; its place is free then. */
  take(seq: number): SmallOutcome | undefined;
}

export class OutcomeRing implements OutcomeSource {
  static readonly byteLength = 8 + ringSize * (4 + 8 + 8 + textBytes);
  readonly #bell: Int32Array;
  readonly #kinds: Int32Array;
  readonly #ms: Float64Array;
  /** Numbers, and how many bytes a text takes. */
  readonly #values: Float64Array;
  readonly #texts: Buffer;

  constructor(buffer: SharedArrayBuffer) {
    this.#bell = new Int32Array(buffer, 0, 1);
    this.#ms = new Float64Array(buffer, 8, ringSize);
    this.#values = new Float64Array(buffer, 8 + ringSize * 8, ringSize);
    this.#kinds = new Int32Array(buffer, 8 + ringSize * 16, ringSize);
    this.#texts = Buffer.from(buffer, 8 + ringSize * 20);
  }

  // ── The worker's side ──

  /** Writes an outcome down; `false` for one that needs a message. */
  write(seq: number, value: unknown, ms: number): boolean {
    const isText = typeof value === 'string' && value.length * 2 <= textBytes;
    const kind = isText ? text : kindOf(value);
    if (kind === undefined) return false;
    const place = seq % ringSize;
    this.#ms[place] = ms;
    if (isText) this.#values[place] = this.#texts.write(value, place * textBytes, 'utf16le');
    else if (typeof value === 'number') this.#values[place] = value;
    Atomics.store(this.#kinds, place, kind);
    return true;
  }

  /** Whether the executor has to be told that there is something. */
  ring(): boolean {
    return Atomics.load(this.#bell, 0) === silent && Atomics.exchange(this.#bell, 0, rung) === silent;
  }

  // ── The executor's side ──

  silence(): void {
    Atomics.store(this.#bell, 0, silent);
  }

  muffle(): void {
    Atomics.store(this.#bell, 0, rung);
  }

  take(seq: number): SmallOutcome | undefined {
    const place = seq % ringSize;
    const kind = Atomics.load(this.#kinds, place);
    if (kind === missing) return undefined;
    const word = this.#values[place] as number;
    const value = kind === text ? this.#textAt(place * textBytes, word) : valueOfKind(kind, word);
    const outcome = { value, ms: this.#ms[place] as number };
    Atomics.store(this.#kinds, place, missing);
    return outcome;
  }

  #textAt(offset: number, bytes: number): string {
    return this.#texts.toString('utf16le', offset, offset + bytes);
  }
}

/** The number for a value that a word can hold; `undefined` for others. */
export function kindOf(value: unknown): number | undefined {
  switch (typeof value) {
    case 'undefined':
      return kinds.undefined;
    case 'boolean':
      return value ? kinds.true : kinds.false;
    case 'number':
      return kinds.number;
    default:
      return value === null ? kinds.null : undefined;
  }
}

/** The value of that kind; `word` is that of a number. */
export function valueOfKind(kind: number, word: number): unknown {
  switch (kind) {
    case kinds.null:
      return null;
    case kinds.false:
      return false;
    case kinds.true:
      return true;
    case kinds.number:
      return word;
    default:
      return undefined;
  }
}
