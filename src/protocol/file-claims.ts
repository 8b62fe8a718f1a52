/**
 * Claims and small outcomes between processes, which share no memory but can share a file.
 *
 *   worker: claim n            executor: revoke n
 *     write started[n]           write revoked[n]
 *     read  revoked[n]           read  started[n]
 *     set   ──► skip it          set   ──► it may run: not revoked
 *     unset ──► run it           unset ──► revoked for certain
 *
 * Each side writes its own word first and reads the other's second, so at least one of them sees the other: were both to
 * read the old value, both reads would come before both writes, and each side's own order forbids that. Hence a task
 * is never both run and taken back. Both may see each other: the executor then says "not revoked" and the worker
 * skips, answers `revoked`, and the executor queues the task again; it is neither lost nor started twice.
 *
 * The file is unlinked as soon as it is open. A `pwrite` or `pread` of it takes about 1.5 µs, which is most of what a tiny task costs,
 * so a small outcome is written in one call with the claim of the next task, which stands right behind it:
 *
 *   bell │ revoked[0] [1] … │ started[0] outcome[0] │ started[1] outcome[1] │ …        (the places of a ring)
 *                                        └────one write────┘
 *
 * What a read meets half written is told by a checksum; see file-outcomes.ts for the reading of outcomes, and for the bell.
 */

import { readSync, writeSync } from 'node:fs';
import { type Claimant, type Claims, decodeSince, encodeSince, type RunningSince, ringSize } from './claims.js';
import { kindOf } from './outcomes.js';

export const bellOffset = 0;
const revokedOffset = 8;
const recordsOffset = revokedOffset + ringSize;
/** The number of the task and one, then the time. */
const startedBytes = 16;
/** The number of the task and one; kind and checksum; run time; value. */
const outcomeBytes = 32;
export const recordBytes = startedBytes + outcomeBytes;

export const claimsFileBytes = recordsOffset + ringSize * recordBytes;

/** Where a task's record begins: with its claim, its outcome behind it. */
export function recordOffset(seq: number): number {
  return recordsOffset + (seq % ringSize) * recordBytes;
}

/** The record of one task, or of several that follow each other, as it stands in the file. */
export class RecordWords {
  readonly bytes: Uint8Array;
  readonly #floats: Float64Array;
  readonly #ints: Uint32Array;

  constructor(count: number) {
    const buffer = new ArrayBuffer(count * recordBytes);
    this.bytes = new Uint8Array(buffer);
    this.#floats = new Float64Array(buffer);
    this.#ints = new Uint32Array(buffer);
  }

  /** Since when the task runs, or ran; `undefined` when it has not been claimed. */
  startedSince(i: number, seq: number): number | undefined {
    return this.#floats[i * 6] === seq + 1 ? this.#floats[i * 6 + 1] : undefined;
  }

  /** Whether the outcome of that task is there, and whole. */
  hasOutcome(i: number, seq: number): boolean {
    return this.#floats[i * 6 + 2] === seq + 1 && this.#ints[i * 12 + 7] === this.#checksum(i);
  }

  kind(i: number): number {
    return this.#ints[i * 12 + 6] as number;
  }

  ms(i: number): number {
    return this.#floats[i * 6 + 4] as number;
  }

  value(i: number): number {
    return this.#floats[i * 6 + 5] as number;
  }

  setStarted(i: number, seq: number, since: number): void {
    this.#floats[i * 6] = seq + 1;
    this.#floats[i * 6 + 1] = since;
  }

  setOutcome(i: number, seq: number, outcome: { kind: number; ms: number; value: number }): void {
    this.#floats[i * 6 + 2] = seq + 1;
    this.#ints[i * 12 + 6] = outcome.kind;
    this.#floats[i * 6 + 4] = outcome.ms;
    this.#floats[i * 6 + 5] = outcome.value;
    this.#ints[i * 12 + 7] = this.#checksum(i);
  }

  #checksum(i: number): number {
    let sum = 0x811c9dc5;
    for (let word = i * 12 + 4; word < i * 12 + 12; word++) {
      if (word === i * 12 + 7) continue;
      sum = Math.imul(sum ^ (this.#ints[word] as number), 0x9e3779b1);
      sum ^= sum >>> 15;
    }
    return sum >>> 0;
  }
}

/** The executor's side. */
export class FileClaims implements Claims {
  readonly #fd: number;
  /** What we revoked for certain, by place in the ring. */
  readonly #revoked = new Map<number, number>();
  readonly #record = new RecordWords(1);

  /** @param fd a file of {@link claimsFileBytes} zeros. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  offer(seq: number): void {
    if (this.#revoked.delete(seq % ringSize)) this.#mark(seq, 0);
  }

  revoke(seq: number): boolean {
    this.#mark(seq, 1);
    this.#revoked.set(seq % ringSize, seq);
    return this.#startedSince(seq) === undefined;
  }

  hasStarted(seq: number): boolean {
    return this.#startedSince(seq) !== undefined;
  }

  runningSince(seq: number): RunningSince | undefined {
    const since = this.#startedSince(seq);
    if (since === undefined || this.#record.hasOutcome(0, seq)) return undefined;
    // Its outcome may be on its way as a frame.
    return this.#startedSince(seq + 1) === undefined ? decodeSince(since) : undefined;
  }

  #startedSince(seq: number): number | undefined {
    readSync(this.#fd, this.#record.bytes, 0, recordBytes, recordOffset(seq));
    return this.#record.startedSince(0, seq);
  }

  #mark(seq: number, value: 0 | 1): void {
    writeSync(this.#fd, marks[value], 0, 1, revokedOffset + (seq % ringSize));
  }
}

const marks = [Buffer.from([0]), Buffer.from([1])] as const;

/** The worker's side. */
export class FileClaimant implements Claimant {
  readonly #fd: number;
  /** The record of the task before, and that of the task to be claimed. */
  readonly #records = new RecordWords(2);
  /** Bell and marks, up to the one that is asked for: to read them all costs no more than to read one. */
  readonly #read = Buffer.alloc(recordsOffset);
  readonly #bell = new Float64Array(this.#read.buffer, this.#read.byteOffset, 1);
  #claimed = -1;
  /** The task whose outcome is to be written with the next claim. */
  #held: number | undefined;
  /** Whether outcomes were written that the executor has not been told of. */
  #isNews = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  claim(seq: number, isLoading: boolean): boolean {
    this.#claimed = seq;
    this.#records.setStarted(1, seq, encodeSince(isLoading));
    if (this.#held === seq - 1 && seq % ringSize > 0) {
      this.#write(startedBytes, outcomeBytes + startedBytes, recordOffset(seq - 1) + startedBytes);
      this.#noteWritten();
    } else {
      this.#writeHeld();
      this.#write(recordBytes, startedBytes, recordOffset(seq));
    }
    const mark = revokedOffset + (seq % ringSize);
    readSync(this.#fd, this.#read, 0, mark + 1, bellOffset);
    return this.#read[mark] === 0;
  }

  loaded(): void {
    this.#records.setStarted(1, this.#claimed, encodeSince(false));
    this.#write(recordBytes, startedBytes, recordOffset(this.#claimed));
  }

  /** Takes an outcome, to be written with the next claim or by {@link flush}; `false` for one that needs a frame. */
  answer(seq: number, value: unknown, ms: number): boolean {
    const kind = kindOf(value);
    if (kind === undefined) return false;
    this.#records.setOutcome(0, seq, { kind, ms, value: typeof value === 'number' ? value : 0 });
    this.#held = seq;
    return true;
  }

  /** Writes the outcome that no claim follows; says, as {@link ring} does, whether the executor has to be told. */
  flush(): boolean {
    this.#writeHeld();
    if (!this.#isNews) return false;
    readSync(this.#fd, this.#read, 0, 8, bellOffset);
    return this.ring();
  }

  /** Whether the executor has to be told of outcomes, by what the bell said after they were written: at the last claim. */
  ring(): boolean {
    if (!this.#isNews) return false;
    this.#isNews = false;
    if (this.#bell[0] === 1) return false;
    this.#bell[0] = 1;
    writeSync(this.#fd, this.#read, 0, 8, bellOffset);
    return true;
  }

  #writeHeld(): void {
    if (this.#held === undefined) return;
    this.#write(startedBytes, outcomeBytes, recordOffset(this.#held) + startedBytes);
    this.#noteWritten();
  }

  #noteWritten(): void {
    this.#held = undefined;
    this.#isNews = true;
  }

  #write(from: number, length: number, offset: number): void {
    writeSync(this.#fd, this.#records.bytes, from, length, offset);
  }
}
