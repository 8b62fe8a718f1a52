/**
 * Small outcomes between processes, in the file of the claims (file-claims.ts): a frame through the pipe would wake the executor
 * for each.
 *
 *   worker:   write outcome n ──► claim n + 1, or finished = n ──► bell rung already? ──no──► ring it: one frame
 *   executor: silence the bell ──► read started and finished ──► read the outcomes before them, in order
 *
 * The bell works as between threads (outcomes.ts). The one thing more: a read of a file may meet a write of it half done, so an
 * outcome counts only once `started` or `finished` has moved past it, which is written by a later call. Of a worker that is dead
 * the last outcome counts in any case, since nothing is half done any more.
 *
 * Each place holds the number of its task, so one whose outcome came as a frame is told from one that is not there.
 */

import { readSync, writeSync } from 'node:fs';
import { ringSize } from './claims.js';
import { bellOffset, finishedOffset, outcomesOffset } from './file-claims.js';
import { kindOf, type SmallOutcome, valueOfKind } from './outcomes.js';

const placeBytes = 32;
/** As many outcomes as are read in one go. */
const blockPlaces = 128;

export const outcomesFileBytes = outcomesOffset + ringSize * placeBytes;

/** The worker's side. */
export class FileOutcomeWriter {
  readonly #fd: number;
  readonly #place = new Float64Array(placeBytes / 8);
  readonly #placeBytes = new Uint8Array(this.#place.buffer);
  readonly #word = new Float64Array(1);
  readonly #wordBytes = new Uint8Array(this.#word.buffer);
  #written = -1;
  #announced = -1;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Writes an outcome down; `false` for one that needs a frame. */
  write(seq: number, value: unknown, ms: number): boolean {
    const kind = kindOf(value);
    if (kind === undefined) return false;
    this.#place[0] = seq + 1;
    this.#place[1] = kind;
    this.#place[2] = ms;
    this.#place[3] = typeof value === 'number' ? value : 0;
    writeSync(this.#fd, this.#placeBytes, 0, placeBytes, outcomesOffset + (seq % ringSize) * placeBytes);
    this.#written = seq;
    return true;
  }

  /** Lets the last outcome count where no claim of a next task does it. */
  finish(): void {
    if (this.#written === this.#announced) return;
    this.#word[0] = this.#written;
    writeSync(this.#fd, this.#wordBytes, 0, 8, finishedOffset);
  }

  /**
   * Whether the executor has to be told of what counts since the last call.
   *
   * @param wasRung what the bell said after the last outcome began to count; read here where that is not known.
   */
  ring(wasRung = this.#readBell()): boolean {
    if (this.#written === this.#announced) return false;
    this.#announced = this.#written;
    if (wasRung) return false;
    this.#word[0] = 1;
    writeSync(this.#fd, this.#wordBytes, 0, 8, bellOffset);
    return true;
  }

  #readBell(): boolean {
    if (this.#written === this.#announced) return true;
    readSync(this.#fd, this.#wordBytes, 0, 8, bellOffset);
    return this.#word[0] === 1;
  }
}

/** The executor's side. */
export class FileOutcomes {
  readonly #fd: number;
  readonly #block = new Float64Array((blockPlaces * placeBytes) / 8);
  readonly #blockBytes = new Uint8Array(this.#block.buffer);
  readonly #words = new Float64Array(3);
  readonly #wordBytes = new Uint8Array(this.#words.buffer);
  /** The tasks whose outcomes stand in the block. */
  #first = 0;
  #end = 0;
  #isDead = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  silence(): void {
    this.#setBell(0);
  }

  muffle(): void {
    this.#setBell(1);
  }

  /** The worker has ended: what it wrote last counts. */
  close(): void {
    this.#isDead = true;
    this.#end = 0;
  }

  take(seq: number): SmallOutcome | undefined {
    if ((seq < this.#first || seq >= this.#end) && !this.#read(seq)) return undefined;
    const at = ((seq - this.#first) * placeBytes) / 8;
    if (this.#block[at] !== seq + 1) {
      // It comes as a frame; or it does not count yet, and must be read again then.
      this.#end = 0;
      return undefined;
    }
    return {
      value: valueOfKind(this.#block[at + 1] as number, this.#block[at + 3] as number),
      ms: this.#block[at + 2] as number,
    };
  }

  #read(seq: number): boolean {
    readSync(this.#fd, this.#wordBytes, 0, 24, 0);
    const [started, , finished] = this.#words as unknown as [number, number, number];
    const end = Math.max(started + (this.#isDead ? 1 : 0), finished + 1);
    if (seq >= end) return false;
    const place = seq % ringSize;
    const count = Math.min(end - seq, blockPlaces, ringSize - place);
    readSync(this.#fd, this.#blockBytes, 0, count * placeBytes, outcomesOffset + place * placeBytes);
    this.#first = seq;
    this.#end = seq + count;
    return true;
  }

  #setBell(value: 0 | 1): void {
    const word = new Float64Array([value]);
    writeSync(this.#fd, new Uint8Array(word.buffer), 0, 8, bellOffset);
  }
}
