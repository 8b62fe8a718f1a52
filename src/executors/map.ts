/**
 * The results of a map, read lazily.
 *
 *   inputs ──read ahead──► chunk ──submit──► future ──done──► items ──next()──► reader
 *          └──── at most `bufferSize` items between reading and reader ────┘
 *
 *   chaining ──end of the turn, or shutdown──► running ──inputs and items used up, return(), time-out──► ended
 */

import { InvalidStateError, TimeoutError } from '../errors.js';
import { type Future, failureOf, observe } from '../future/future.js';
import { Waiters } from '../future/waiters.js';
import type { EncodedError } from '../protocol/errors.js';
import type { CallBody, RowOutcome } from '../protocol/messages.js';
import { type Chunk, MapFeed } from './map-feed.js';
import { RowReader } from './map-input.js';
import { duration, wholeNumber } from './options.js';

/** One input per parameter. */
export type InputsOf<A extends unknown[]> = { [K in keyof A]: Iterable<A[K]> | AsyncIterable<A[K]> };

/** An item of `.settled()`; `index` counts the inputs from 0. */
export type SettledItem<T> =
  | { readonly status: 'fulfilled'; readonly value: T; readonly index: number }
  | { readonly status: 'rejected'; readonly reason: unknown; readonly index: number };

/** What a map needs of its executor. */
export interface MapSource {
  submit(body: CallBody): Future<unknown>;
  decode(error: EncodedError): unknown;
  readonly maxWorkers: number;
  started(results: MapResults<unknown>): void;
}

type Item =
  | { readonly ok: true; readonly value: unknown; readonly index: number }
  | { readonly ok: false; readonly reason: unknown; readonly index: number; readonly of: Future<unknown> };

const defaultBufferSize = 1024;

export class MapResults<T> implements AsyncIterableIterator<T> {
  readonly #source: MapSource;
  readonly #reader: RowReader;
  #state: 'chaining' | 'running' | 'ended' = 'chaining';
  #bufferSize = defaultBufferSize;
  #chunkSize: number | 'auto' = 'auto';
  #timeoutMs = Number.POSITIVE_INFINITY;
  #deadline = Number.POSITIVE_INFINITY;
  #inOrder = true;
  #settles = false;
  /** Set from `running` on. */
  #feed: MapFeed | undefined;
  /** Submitted and not yet turned into items, in input order. */
  readonly #chunks = new Set<Chunk>();
  #items: Item[] = [];
  #nextItem = 0;
  /** Reads that wait for an item. */
  readonly #waiters = new Waiters();

  /** @internal */
  constructor(source: MapSource, inputs: readonly (Iterable<unknown> | AsyncIterable<unknown>)[]) {
    this.#source = source;
    this.#reader = new RowReader(inputs);
    queueMicrotask(() => this.startNow());
  }

  /** Ends the reading with a `TimeoutError` when an item is not there `ms` milliseconds after the call to `map`. */
  timeout(ms: number): this {
    this.#checkChaining('timeout');
    this.#timeoutMs = duration('timeout', ms) ?? Number.POSITIVE_INFINITY;
    return this;
  }

  /** How many items one task takes. */
  chunkSize(size: number | 'auto'): this {
    this.#checkChaining('chunkSize');
    if (size !== 'auto') wholeNumber('chunkSize', requireNumber('chunkSize', size), 1);
    this.#chunkSize = size;
    return this;
  }

  /** How many items are read ahead of the reader at most; 1024 by default. */
  bufferSize(size: number): this {
    this.#checkChaining('bufferSize');
    this.#bufferSize = wholeNumber('bufferSize', requireNumber('bufferSize', size), 1) as number;
    return this;
  }

  /** Gives the results as they finish instead of in input order. */
  unordered(): this {
    this.#checkChaining('unordered');
    this.#inOrder = false;
    return this;
  }

  /** Gives `{ status, value | reason, index }` for each item, so that a failed one does not interrupt the loop. */
  settled(): MapResults<SettledItem<T>> {
    this.#checkChaining('settled');
    this.#settles = true;
    return this as unknown as MapResults<SettledItem<T>>;
  }

  /** All results; throws the first failure, as a loop would, and cancels the rest. */
  async toArray(): Promise<T[]> {
    const results: T[] = [];
    try {
      for await (const result of this) results.push(result);
    } catch (error) {
      await this.return();
      throw error;
    }
    return results;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next result. Throws a failed item's error where it stands; reading may go on after it. */
  async next(): Promise<IteratorResult<T, undefined>> {
    this.startNow();
    for (;;) {
      const item = this.#takeItem();
      if (item !== undefined) return { done: false, value: this.#deliver(item) as T };
      if (this.#isUsedUp()) return this.#finish();
      const leftMs = this.#deadline - performance.now();
      if (leftMs <= 0) throw this.#timedOut();
      await this.#waiters.wait(leftMs);
    }
  }

  /** Leaves the map: cancels what has not started and closes the inputs. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.#end();
    return { done: true, value: undefined };
  }

  /** @internal Starts a map whose turn is not over yet. */
  startNow(): void {
    if (this.#state !== 'chaining') return;
    this.#state = 'running';
    this.#deadline = performance.now() + this.#timeoutMs;
    this.#source.started(this as MapResults<unknown>);
    const sizes = { chunkSize: this.#chunkSize, bufferSize: this.#bufferSize };
    this.#feed = new MapFeed(this.#reader, sizes, {
      submit: (body) => this.#source.submit(body),
      onChunk: (chunk) => this.#chunks.add(chunk),
      onChunkDone: (chunk) => this.#chunkDone(chunk),
      onEnd: () => this.#waiters.wake(),
    });
    this.#feed.pull();
  }

  #checkChaining(option: string): void {
    if (this.#state === 'chaining') return;
    throw new InvalidStateError(
      `${option}() came too late: options of a map are chained to the call, in the same turn`,
    );
  }

  #chunkDone(chunk: Chunk): void {
    if (this.#state === 'ended') return;
    if (this.#inOrder) {
      for (const first of this.#chunks) {
        if (!first.future.done()) break;
        this.#turnIntoItems(first);
      }
    } else this.#turnIntoItems(chunk);
    this.#waiters.wake();
  }

  #turnIntoItems(chunk: Chunk): void {
    if (!this.#chunks.delete(chunk)) return;
    const { future, firstIndex, rows } = chunk;
    const failure = failureOf(future);
    if (failure !== undefined || future.cancelled()) {
      for (let i = 0; i < rows; i++)
        this.#items.push({ ok: false, reason: failure, index: firstIndex + i, of: future });
      return;
    }
    const value = future.resultSync();
    if (rows === 1) {
      this.#items.push({ ok: true, value, index: firstIndex });
      return;
    }
    for (const [i, row] of (value as RowOutcome[]).entries()) {
      const index = firstIndex + i;
      if (row.ok) this.#items.push({ ok: true, value: row.value, index });
      else this.#items.push({ ok: false, reason: this.#source.decode(row.error), index, of: future });
    }
  }

  // ── To the reader ──

  #takeItem(): Item | undefined {
    const item = this.#items[this.#nextItem];
    if (item === undefined) return undefined;
    this.#nextItem += 1;
    if (this.#nextItem === this.#items.length) {
      this.#items = [];
      this.#nextItem = 0;
    }
    if (this.#feed !== undefined) {
      this.#feed.buffered -= 1;
      this.#feed.pull();
    }
    return item;
  }

  #deliver(item: Item): unknown {
    if (!item.ok) observe(item.of);
    if (!this.#settles) {
      if (item.ok) return item.value;
      throw item.reason;
    }
    const { index } = item;
    return item.ok
      ? { status: 'fulfilled', value: item.value, index }
      : { status: 'rejected', reason: item.reason, index };
  }

  #isUsedUp(): boolean {
    return this.#state === 'ended' || (this.#feed?.hasEnded === true && this.#chunks.size === 0);
  }

  #finish(): IteratorResult<T, undefined> {
    const failure = this.#state === 'ended' ? undefined : this.#feed?.failure;
    this.#end();
    if (failure !== undefined) throw failure.error;
    return { done: true, value: undefined };
  }

  #timedOut(): TimeoutError {
    const waitsFor = [...this.#chunks][0]?.future;
    const what = waitsFor === undefined ? 'the next item' : `task "${waitsFor.name}" (${waitsFor.state})`;
    this.#end();
    return new TimeoutError(
      `${what} was not done within the ${this.#timeoutMs} ms that the map was given; the rest is cancelled`,
    );
  }

  #end(): void {
    if (this.#state === 'chaining') this.#source.started(this as MapResults<unknown>);
    this.#state = 'ended';
    this.#feed?.close();
    this.#reader.close();
    for (const { future } of this.#chunks) {
      future.cancel();
      // Its reader has left: what becomes of it now concerns nobody.
      observe(future);
    }
    for (const item of this.#items) if (!item.ok) observe(item.of);
    this.#chunks.clear();
    this.#items = [];
    this.#nextItem = 0;
    this.#waiters.wake();
  }
}

function requireNumber(option: string, value: unknown): unknown {
  if (typeof value !== 'number') throw new TypeError(`${option} must be a whole number; got ${typeof value}`);
  return value;
}
