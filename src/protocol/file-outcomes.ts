/**
 * Small outcomes between processes, in the file of the claims (file-claims.ts): a frame through the pipe would wake the executor
 * for each.
 *
 *   worker:   write outcome n, and claim n + 1 ──► bell rung already? ──no──► ring it: one frame
 *   executor: silence the bell ──► read the outcomes in order, up to the first that is not there
 *
 * The bell works as between threads (outcomes.ts): the worker writes before it looks at the bell, the executor silences the bell
 * before it reads. So an outcome that was met half written, which its checksum tells, is met again: the worker has not looked
 * at the bell yet. Each outcome holds the number of its task, so one that comes as a frame is told from one that is not there.
 */

import { readSync, writeSync } from 'node:fs';
import { ringSize } from './claims.js';
import { bellOffset, RecordWords, recordBytes, recordOffset } from './file-claims.js';
import { type OutcomeSource, type SmallOutcome, valueOfKind } from './outcomes.js';

/** As many records as are read in one go: what the worker finishes while the executor is told of one. */
const blockRecords = 64;

/** The executor's side. */
export class FileOutcomes implements OutcomeSource {
  readonly #fd: number;
  readonly #block = new RecordWords(blockRecords);
  /** The tasks whose records stand in the block. */
  #first = 0;
  #end = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  silence(): void {
    this.#setBell(0);
  }

  muffle(): void {
    this.#setBell(1);
  }

  take(seq: number): SmallOutcome | undefined {
    const isRead = seq >= this.#first && seq < this.#end;
    if (!(isRead && this.#block.hasOutcome(seq - this.#first, seq)) && !this.#read(seq)) return undefined;
    const i = seq - this.#first;
    return { value: valueOfKind(this.#block.kind(i), this.#block.value(i)), ms: this.#block.ms(i) };
  }

  /** Reads the file anew from that task on; `false` when its outcome is not there. */
  #read(seq: number): boolean {
    const count = Math.min(blockRecords, ringSize - (seq % ringSize));
    readSync(this.#fd, this.#block.bytes, 0, count * recordBytes, recordOffset(seq));
    this.#first = seq;
    this.#end = seq + count;
    return this.#block.hasOutcome(0, seq);
  }

  #setBell(value: 0 | 1): void {
    const word = new Float64Array([value]);
    writeSync(this.#fd, new Uint8Array(word.buffer), 0, 8, bellOffset);
  }
}
