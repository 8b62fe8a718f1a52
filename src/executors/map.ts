/**
 * The results of a map, read lazily.
 *
 *   inputs ──read ahead──► chunk ──submit──► future ──done──► items ──next()──► reader
 *          └──── at most `bufferSize` items between reading and reader ────┘
 *
 *   chaining ──end of the turn, or shutdown──► running ──inputs and items used up, return(), time-out──► ended
 */

import { InvalidStateError, TimeoutError } from '../errors.js';
import { failureOf, observe } from '../future/future.js';
import { Waiters } from '../future/waiters.js';
import type { Task, TaskBody, TaskSink } from '../pool/task.js';
import type { EncodedError } from '../protocol/errors.js';
import { MapFeed } from './map-feed.js';
import { RowReader } from './map-input.js';
import { type Chunk, Lane } from './map-lane.js';
import { duration, wholeNumber } from './options.js';

/** One input per parameter. */
export type InputsOf<A extends unknown[]> = { [K in keyof A]: Iterable<A[K]> | AsyncIterable<A[K]> };

/** An item of `.settled()`; `index` counts the inputs from 0. */
export type SettledItem<T> =
  | { readonly status: 'fulfilled'; readonly value: T; readonly index: number }
  | { readonly status: 'rejected'; readonly reason: unknown; readonly index: number };

/** What a map needs of its executor. */
export interface MapSource {
  submit(body: TaskBody, sink: TaskSink): Task;
  decode(error: EncodedError): unknown;
  readonly maxWorkers: number;
  readonly bufferSize: number;
  started(results: MapResults<unknown>): void;
}

export const defaultBufferSize = 1024;

export class MapResults<T> implements AsyncIterableIterator<T> {
  readonly #source: MapSource;
  readonly #reader: RowReader;
  #state: 'chaining' | 'running' | 'ended' = 'chaining';
  #bufferSize: number;
  #chunkSize: number | 'auto' = 'auto';
  #timeoutMs = Number.POSITIVE_INFINITY;
  #deadline = Number.POSITIVE_INFINITY;
  #inOrder = true;
  #settles = false;
  /** Set from `running` on. */
  #feed: MapFeed | undefined;
  /** Submitted and not yet read. Set from `running` on. */
  #lane = new Lane(true);
  /** Reads that wait for an item. */
  readonly #waiters = new Waiters();

  /** @internal */
  constructor(source: MapSource, inputs: readonly (Iterable<unknown> | AsyncIterable<unknown>)[]) {
    this.#source = source;
    this.#bufferSize = source.bufferSize;
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

  /** How many items are read ahead of the reader at most; 1024 by default, and as many as may be in flight on a cluster. */
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
  next(): Promise<IteratorResult<T, undefined>> {
    this.startNow();
    const chunk = this.#lane.first();
    // One promise an item, where it is there: an asynchronous function would make three.
    if (chunk === undefined) return this.#nextOf();
    try {
      return Promise.resolve({ done: false, value: this.#read(chunk) as T });
    } catch (error) {
      return Promise.reject(error);
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
    this.#lane = new Lane(this.#inOrder);
    const sizes = { chunkSize: this.#chunkSize, bufferSize: this.#bufferSize };
    this.#feed = new MapFeed(this.#reader, sizes, {
      submit: (body, sink) => this.#source.submit(body, sink),
      onChunk: (chunk) => this.#lane.add(chunk),
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
    this.#lane.done(chunk);
    this.#waiters.wake();
  }

  // ── To the reader ──

  /** Waits until there is something to be read, or never will be. */
  async #nextOf(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      const chunk = this.#lane.first();
      if (chunk !== undefined) return { done: false, value: this.#read(chunk) as T };
      if (this.#isUsedUp()) return this.#finish();
      const leftMs = this.#deadline - performance.now();
      if (leftMs <= 0) throw this.#timedOut();
      await this.#waiters.wait(leftMs);
    }
  }

  /** Takes the next item off a chunk that is done. */
  #read(chunk: Chunk): unknown {
    const row = chunk.read;
    chunk.read += 1;
    if (chunk.read === chunk.rows) this.#lane.shift();
    const index = chunk.firstIndex + row;
    const feed = this.#feed as MapFeed;
    feed.buffered -= 1;
    feed.pull();
    if (chunk.failed !== undefined) {
      observe(chunk.failed);
      return this.#failed(failureOf(chunk.failed), index);
    }
    if (chunk.rows === 1) return this.#succeeded(chunk.value, index);
    const outcome = chunk.outcomeOf(row);
    return outcome.ok ? this.#succeeded(outcome.value, index) : this.#failed(this.#source.decode(outcome.error), index);
  }

  #succeeded(value: unknown, index: number): unknown {
    return this.#settles ? { status: 'fulfilled', value, index } : value;
  }

  #failed(reason: unknown, index: number): unknown {
    if (!this.#settles) throw reason;
    return { status: 'rejected', reason, index };
  }

  #isUsedUp(): boolean {
    return this.#state === 'ended' || (this.#feed?.hasEnded === true && this.#lane.isEmpty);
  }

  #finish(): IteratorResult<T, undefined> {
    const failure = this.#state === 'ended' ? undefined : this.#feed?.failure;
    this.#end();
    if (failure !== undefined) throw failure.error;
    return { done: true, value: undefined };
  }

  #timedOut(): TimeoutError {
    const [first] = this.#lane;
    const what = first?.task === undefined ? 'the next item' : `task "${first.task.name}" (${first.task.future.state})`;
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
    for (const { task, isDone, failed } of this.#lane) {
      // Its reader has left: what becomes of it now concerns nobody.
      if (failed !== undefined) observe(failed);
      if (isDone || task === undefined) continue;
      task.giveUp();
      observe(task.future);
    }
    this.#lane.clear();
    this.#waiters.wake();
  }
}

function requireNumber(option: string, value: unknown): unknown {
  if (typeof value !== 'number') throw new TypeError(`${option} must be a whole number; got ${typeof value}`);
  return value;
}
