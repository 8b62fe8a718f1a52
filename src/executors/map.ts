/**
 * The results of a map, read lazily.
 *
 *   inputs ──read ahead──► chunk ──submit──► future ──done──► items ──next()──► reader
 *          └──── at most `bufferSize` items between reading and reader ────┘
 *
 *   chaining ──end of the turn, or shutdown──► running ──inputs and items used up, return(), time-out──► ended
 */

import { InvalidStateError, QueueFullError, TimeoutError } from '../errors.js';
import { clampTimerMs, type Future, failureOf, observe, onDone } from '../future/future.js';
import type { EncodedError } from '../protocol/errors.js';
import type { CallBody, RowOutcome } from '../protocol/messages.js';
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

interface Chunk {
  readonly future: Future<unknown>;
  readonly firstIndex: number;
  readonly rows: number;
}

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
  /** Submitted and not yet turned into items, in input order. */
  readonly #chunks = new Set<Chunk>();
  #items: Item[] = [];
  #nextItem = 0;
  /** Items read from the inputs and not yet given to the reader. */
  #buffered = 0;
  #read = 0;
  #pulls: 'may read' | 'reading' | 'ended' = 'may read';
  /** Rows that the executor's full queue did not take; they go first once something has finished. */
  #held: unknown[][] = [];
  /** Why reading the inputs or submitting ended early; raised once everything before it has been read. */
  #inputFailure: { readonly error: unknown } | undefined;
  #wakes: (() => void)[] = [];

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
      await this.#wakeWithin(leftMs);
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
    this.#pull();
  }

  #checkChaining(option: string): void {
    if (this.#state === 'chaining') return;
    throw new InvalidStateError(
      `${option}() came too late: options of a map are chained to the call, in the same turn`,
    );
  }

  // ── From the inputs ──

  /** Reads and submits until the buffer is full, the inputs end, or an input has to be waited for. */
  #pull(): void {
    if (this.#pulls !== 'may read' || this.#state !== 'running') return;
    const size = Math.min(this.#chunkSize === 'auto' ? 1 : this.#chunkSize, this.#bufferSize);
    // Refilled a whole chunk at a time: one row per item read would make every chunk a single row.
    if (this.#held.length === 0 && this.#bufferSize - this.#buffered < size) return;
    this.#pulls = 'reading';
    let rows = this.#held;
    this.#held = [];
    try {
      for (;;) {
        if (rows.length >= size || (rows.length > 0 && this.#buffered >= this.#bufferSize)) {
          const whole = rows;
          rows = [];
          if (!this.#submit(whole)) break;
        }
        if (this.#buffered >= this.#bufferSize) break;
        const row = this.#reader.next();
        if (row instanceof Promise) return this.#pullLater(rows, row);
        if (row === undefined) return this.#endOfInputs(rows);
        rows.push(row);
        this.#buffered += 1;
      }
      this.#pulls = 'may read';
    } catch (error) {
      this.#inputsFailed(error, rows);
    }
  }

  #pullLater(rows: unknown[][], pending: Promise<unknown[] | undefined>): void {
    pending.then(
      (row) => {
        this.#pulls = 'may read';
        if (this.#state !== 'running') return;
        if (row === undefined) return this.#endOfInputs(rows);
        rows.push(row);
        this.#buffered += 1;
        this.#held = rows;
        this.#pull();
      },
      (error: unknown) => this.#inputsFailed(error, rows),
    );
    // What has been read goes to work meanwhile, even if it makes a short chunk.
    if (rows.length > 0 && this.#submit(rows)) rows = [];
  }

  #endOfInputs(rows: unknown[][]): void {
    if (rows.length > 0 && !this.#submit(rows)) {
      this.#pulls = 'may read';
      return;
    }
    this.#pulls = 'ended';
    this.#wake();
  }

  /** What was read before the failure is still worked on. */
  #inputsFailed(error: unknown, rows: unknown[][]): void {
    this.#pulls = 'ended';
    this.#inputFailure = { error };
    if (rows.length > 0) this.#submitLast(rows);
    this.#reader.close();
    this.#wake();
  }

  #submitLast(rows: unknown[][]): void {
    try {
      this.#submit(rows);
    } catch {
      // The executor takes no more: that is the failure which is raised, and these rows were not started.
    }
  }

  /** `false` when the executor's queue is full: the rows wait until one of ours has finished. */
  #submit(rows: unknown[][]): boolean {
    let future: Future<unknown>;
    try {
      future = this.#source.submit(
        rows.length === 1 ? { kind: 'call', args: rows[0] as unknown[] } : { kind: 'chunk', rows },
      );
    } catch (error) {
      if (!(error instanceof QueueFullError) || this.#chunks.size === 0) throw error;
      this.#held = rows;
      return false;
    }
    const chunk: Chunk = { future, firstIndex: this.#read, rows: rows.length };
    this.#read += rows.length;
    this.#chunks.add(chunk);
    onDone(future, () => this.#chunkDone(chunk));
    return true;
  }

  #chunkDone(chunk: Chunk): void {
    if (this.#state === 'ended') return;
    if (this.#inOrder) {
      for (const first of this.#chunks) {
        if (!first.future.done()) break;
        this.#turnIntoItems(first);
      }
    } else this.#turnIntoItems(chunk);
    if (this.#held.length > 0) this.#pull();
    this.#wake();
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
    this.#buffered -= 1;
    this.#pull();
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
    return this.#state === 'ended' || (this.#pulls === 'ended' && this.#chunks.size === 0);
  }

  #finish(): IteratorResult<T, undefined> {
    const failure = this.#inputFailure;
    this.#end();
    this.#inputFailure = undefined;
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
    this.#reader.close();
    for (const { future } of this.#chunks) {
      future.cancel();
      // Its reader has left: what becomes of it now concerns nobody.
      observe(future);
    }
    for (const item of this.#items) if (!item.ok) observe(item.of);
    this.#chunks.clear();
    this.#items = [];
    this.#held = [];
    this.#nextItem = 0;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#wakes.splice(0)) wake();
  }

  #wakeWithin(leftMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(leftMs) ? setTimeout(resolve, clampTimerMs(leftMs)) : undefined;
      this.#wakes.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

function requireNumber(option: string, value: unknown): unknown {
  if (typeof value !== 'number') throw new TypeError(`${option} must be a whole number; got ${typeof value}`);
  return value;
}
