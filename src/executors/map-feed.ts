/**
 * The first half of a map: from its inputs to submitted chunks.
 *
 *   open ──pull──► reading ──buffer full, queue full──► open
 *                     └──inputs used up, a failure──► ended
 *
 * `buffered` counts the items between reading and reader; whoever gives one to the reader takes it off and pulls again.
 */

import { QueueFullError } from '../errors.js';
import type { Task, TaskBody, TaskSink } from '../pool/task.js';
import type { RowReader } from './map-input.js';
import { Chunk } from './map-lane.js';

/** Refilled a quarter at a time: what is read together goes to the workers together. */
const refillShare = 4;

export interface FeedEvents {
  submit(body: TaskBody, sink: TaskSink): Task;
  onChunk(chunk: Chunk): void;
  onChunkDone(chunk: Chunk): void;
  /** No more chunks will come. */
  onEnd(): void;
}

export class MapFeed {
  readonly #reader: RowReader;
  readonly #events: FeedEvents;
  readonly #chunkRows: number;
  readonly #bufferSize: number;
  /** How many rows of room in the buffer are worth reading for. */
  readonly #refill: number;
  #state: 'open' | 'reading' | 'ended' = 'open';
  /** Read and not submitted: a chunk in the making, or one that the executor's full queue did not take. */
  #rows: unknown[][] = [];
  #submittedRows = 0;
  #chunksInFlight = 0;
  /** Items read from the inputs and not yet given to the reader. */
  buffered = 0;
  /** Why it ended early; to be raised once everything before it has been read. */
  failure: { readonly error: unknown } | undefined;

  constructor(reader: RowReader, sizes: { chunkSize: number | 'auto'; bufferSize: number }, events: FeedEvents) {
    this.#reader = reader;
    this.#events = events;
    this.#bufferSize = sizes.bufferSize;
    this.#chunkRows = Math.min(sizes.chunkSize === 'auto' ? 1 : sizes.chunkSize, sizes.bufferSize);
    this.#refill = Math.max(this.#chunkRows, Math.floor(sizes.bufferSize / refillShare));
  }

  get hasEnded(): boolean {
    return this.#state === 'ended';
  }

  /** Reads and submits until the buffer is full, the inputs end, or an input has to be waited for. */
  pull(): void {
    if (this.#state !== 'open') return;
    if (this.#rows.length === 0 && this.#bufferSize - this.buffered < this.#refill) return;
    this.#state = 'reading';
    this.#orFail(() => this.#fill());
  }

  /** Closes the inputs and reads no more. */
  close(): void {
    this.#state = 'ended';
    this.#rows = [];
    this.#reader.close();
  }

  #fill(): void {
    for (;;) {
      const isFull = this.buffered >= this.#bufferSize;
      const isChunk = this.#rows.length >= this.#chunkRows || (isFull && this.#rows.length > 0);
      if (isFull || isChunk) {
        const isTaken = !isChunk || this.#submit();
        if (isFull || !isTaken) {
          this.#state = 'open';
          return;
        }
      }
      const row = this.#reader.next();
      if (row instanceof Promise) {
        this.#await(row);
        return;
      }
      if (!this.#take(row)) return;
    }
  }

  #await(pending: Promise<unknown[] | undefined>): void {
    // What has been read goes to work when the input lets itself be waited for, even if it makes a short chunk.
    const impatience =
      this.#rows.length === 0 ? undefined : setImmediate(() => this.#orFail(() => void this.#submit()));
    pending.then(
      (row) => {
        clearImmediate(impatience);
        if (this.#state !== 'reading') return;
        this.#orFail(() => {
          if (this.#take(row)) this.#fill();
        });
      },
      (error: unknown) => {
        clearImmediate(impatience);
        this.#fail(error);
      },
    );
  }

  /** `false` when there is nothing more to be read now. */
  #take(row: unknown[] | undefined): boolean {
    if (row !== undefined) {
      this.#rows.push(row);
      this.buffered += 1;
      return true;
    }
    if (this.#rows.length > 0 && !this.#submit()) {
      // The reader, at its end, will say so again.
      this.#state = 'open';
      return false;
    }
    this.#state = 'ended';
    this.#events.onEnd();
    return false;
  }

  #orFail(step: () => void): void {
    if (this.#state === 'ended') return;
    try {
      step();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** What was read before the failure is still worked on, where the executor takes it. */
  #fail(error: unknown): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.failure = { error };
    this.#reader.close();
    try {
      if (this.#rows.length > 0) this.#submit();
    } catch {
      // The executor takes no more: these rows were not started, and the first failure is the one that is raised.
    }
    this.#events.onEnd();
  }

  /** `false` when the executor's queue is full: the rows wait until one of ours has finished. */
  #submit(): boolean {
    const rows = this.#rows;
    if (rows.length === 0) return true;
    const isChunk = rows.length > 1;
    const chunk = new Chunk(this.#submittedRows, rows.length, this.#onDone);
    try {
      chunk.task = this.#events.submit({ isChunk, values: isChunk ? rows : (rows[0] as unknown[]) }, chunk);
    } catch (error) {
      if (error instanceof QueueFullError && this.#chunksInFlight > 0) return false;
      this.#rows = [];
      throw error;
    }
    this.#rows = [];
    this.#submittedRows += rows.length;
    this.#chunksInFlight += 1;
    this.#events.onChunk(chunk);
    // It was over in the very call: a pool that is broken, arguments that can't be copied, an aborted signal.
    if (chunk.isDone) this.#done(chunk);
    return true;
  }

  readonly #onDone = (chunk: Chunk): void => {
    if (chunk.task !== undefined) this.#done(chunk);
  };

  #done(chunk: Chunk): void {
    this.#chunksInFlight -= 1;
    this.#events.onChunkDone(chunk);
    if (this.#rows.length > 0) this.pull();
  }
}
