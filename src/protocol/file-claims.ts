/**
 * Claims between processes, which share no memory but can share a file.
 *
 *   worker: claim n            executor: revoke n
 *     write started = n          write revoked[n] = 1
 *     read  revoked[n]           read  started
 *     1 ──► skip it              ≥ n ──► it may run: not revoked
 *     0 ──► run it               < n ──► revoked for certain
 *
 * Each side writes its own word first and reads the other's second, so at least one of them sees the other: were both to
 * read the old value, both reads would come before both writes, and each side's own order forbids that. Hence a task
 * is never both run and taken back. Both may see each other: the executor then says "not revoked" and the worker
 * skips, answers `revoked`, and the executor queues the task again; it is neither lost nor started twice.
 *
 * `started` alone says which tasks were begun because a worker takes tasks in the order of their numbers. The file
 * is unlinked as soon as it is open; a `pwrite` or `pread` on it takes about 1.5 µs.
 */

import { readSync, writeSync } from 'node:fs';
import { type Claimant, type Claims, decodeSince, encodeSince, type RunningSince, ringSize } from './claims.js';

const startedAtOffset = 0;
/** What else stands in the file: see file-outcomes.ts. */
export const finishedOffset = 16;
export const bellOffset = 24;
const revokedOffset = 32;
export const outcomesOffset = revokedOffset + ringSize;

/** The executor's side. */
export class FileClaims implements Claims {
  readonly #fd: number;
  /** What we revoked for certain, by place in the ring. */
  readonly #revoked = new Map<number, number>();
  readonly #bytes = Buffer.alloc(16);
  readonly #words = new Float64Array(this.#bytes.buffer, this.#bytes.byteOffset, 2);

  /** @param fd a file of zeros up to {@link outcomesOffset} at least; its `started` and `finished` are set here. */
  constructor(fd: number) {
    this.#fd = fd;
    this.#words[0] = -1;
    writeSync(fd, this.#bytes, 0, 16, startedAtOffset);
    writeSync(fd, this.#bytes, 0, 8, finishedOffset);
  }

  offer(seq: number): void {
    if (this.#revoked.delete(seq % ringSize)) this.#mark(seq, 0);
  }

  revoke(seq: number): boolean {
    this.#mark(seq, 1);
    this.#revoked.set(seq % ringSize, seq);
    return this.#started() < seq;
  }

  hasStarted(seq: number): boolean {
    return this.#started() >= seq;
  }

  runningSince(seq: number): RunningSince | undefined {
    return this.#started() === seq ? decodeSince(this.#words[1] as number) : undefined;
  }

  #started(): number {
    readSync(this.#fd, this.#bytes, 0, 16, startedAtOffset);
    return this.#words[0] as number;
  }

  #mark(seq: number, value: 0 | 1): void {
    writeSync(this.#fd, marks[value], 0, 1, revokedOffset + (seq % ringSize));
  }
}

const marks = [Buffer.from([0]), Buffer.from([1])] as const;

/** The worker's side. */
export class FileClaimant implements Claimant {
  readonly #fd: number;
  readonly #bytes = Buffer.alloc(16);
  readonly #words = new Float64Array(this.#bytes.buffer, this.#bytes.byteOffset, 2);
  /** The bell and the marks up to the one that is asked for: to read them all costs no more than to read one. */
  readonly #read = Buffer.alloc(outcomesOffset - bellOffset);
  readonly #bell = new Float64Array(this.#read.buffer, this.#read.byteOffset, 1);

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Whether the bell had been rung already at the last claim (file-outcomes.ts). */
  get wasRung(): boolean {
    return this.#bell[0] === 1;
  }

  claim(seq: number, isLoading: boolean): boolean {
    this.#words[0] = seq;
    this.#words[1] = encodeSince(isLoading);
    writeSync(this.#fd, this.#bytes, 0, 16, startedAtOffset);
    const mark = revokedOffset - bellOffset + (seq % ringSize);
    readSync(this.#fd, this.#read, 0, mark + 1, bellOffset);
    return this.#read[mark] === 0;
  }

  loaded(): void {
    this.#words[1] = encodeSince(false);
    writeSync(this.#fd, this.#bytes, 0, 16, startedAtOffset);
  }
}
