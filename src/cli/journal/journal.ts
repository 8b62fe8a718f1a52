/**
 * The journal of a run: what it was started with, then a line for each task that is done, in the order in which they were.
 *
 *   {"journal":1,"module":…,"values":…,"flags":…,"digests":…}     written once
 *   {"index":0,"input":…,"status":"ok",…,"worker":…,"endedAt":…}  per task: its record, as in the results
 *   {"resumedAt":…}                                               each time it is taken up again
 *   {"ended":"inputs over","endedAt":…}                           when a run comes to its end
 *
 * Only ever appended to, in whole lines and by the system call itself, before the result goes anywhere else: whatever ends the
 * command, what was written stays. What was cut in the middle is the last line, and a resumed run takes it off.
 */

import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import type { Machine } from '../report/machine.js';
import { codeOf, fileProblem, messageOf, UsageError } from '../usage-error.js';

/** What a run was started with; times in milliseconds since the epoch. */
export interface JournalHead {
  readonly journal: 1;
  readonly startedAt: number;
  readonly cwd: string;
  /** `module#export`, as written. */
  readonly module: string;
  /** The inputs that were given after it. */
  readonly values: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
  /** Hexadecimal; `undefined` where it can't be known before the inputs are read. */
  readonly digests: { readonly module: string; readonly inputs: string | undefined };
  /** Where it was started. */
  readonly machine?: Machine;
}

/** A line that says what became of a task. */
export interface JournalRecord {
  readonly index: number;
  readonly input: unknown;
  readonly status: 'ok' | 'failed';
  readonly value?: unknown;
  readonly error?: Readonly<Record<string, unknown>> & { readonly name: string; readonly message: string };
  readonly ms: number;
  readonly attempts: number;
  readonly worker: string | null;
  readonly endedAt: number;
}

/** A whole line of a journal, and where it is. */
export interface JournalLine {
  readonly offset: number;
  readonly length: number;
  readonly value: Readonly<Record<string, unknown>>;
}

const chunkBytes = 1 << 20;
const newline = 0x0a;

/** The journal's lines, from the first. A last line that was cut off is left out. */
export function* readJournal(path: string): Generator<JournalLine, void> {
  const file = openJournal(path, 'r');
  try {
    let rest = Buffer.alloc(0);
    let offset = 0;
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (let number = 1; ; ) {
      const count = readSync(file, chunk, 0, chunkBytes, null);
      if (count === 0) return;
      const bytes = Buffer.concat([rest, chunk.subarray(0, count)]);
      let start = 0;
      for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start), number += 1) {
        const value = parseLine(bytes.toString('utf8', start, end), path, number);
        yield { offset: offset + start, length: end - start, value };
        start = end + 1;
      }
      rest = Buffer.from(bytes.subarray(start));
      offset += start;
    }
  } finally {
    closeSync(file);
  }
}

function parseLine(text: string, path: string, number: number): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`${path}, line ${number}: this is not a line of a journal (${messageOf(error)})`);
  }
  throw new UsageError(`${path}, line ${number}: this is not a line of a journal`);
}

/** The first line; throws a {@link UsageError} where the file is no journal. */
export function headOf(line: JournalLine | undefined, path: string): JournalHead {
  if (line !== undefined && line.value['journal'] === 1) return line.value as unknown as JournalHead;
  if (line !== undefined && typeof line.value['journal'] === 'number')
    throw new UsageError(`${path} was written by a newer version of this command`);
  throw new UsageError(`${path} is not a journal: it was not written with --journal, or stopped before its first line`);
}

export function isRecord(value: Readonly<Record<string, unknown>>): value is Record<string, unknown> & JournalRecord {
  return typeof value['index'] === 'number';
}

/** Appends to a journal. */
export class JournalWriter {
  readonly #path: string;
  readonly #file: number;
  #pending = '';

  private constructor(path: string, file: number) {
    this.#path = path;
    this.#file = file;
  }

  /** A new one; a file that exists is never touched. */
  static create(path: string, head: JournalHead): JournalWriter {
    const writer = new JournalWriter(path, openJournal(path, 'wx'));
    writer.append(JSON.stringify(head));
    writer.flush();
    return writer;
  }

  /** Goes on with one whose whole lines end at `length`. */
  static reopen(path: string, length: number): JournalWriter {
    const file = openJournal(path, 'r+');
    ftruncateSync(file, length);
    closeSync(file);
    return new JournalWriter(path, openJournal(path, 'a'));
  }

  /** Takes one line of JSON; it is written with the next {@link flush}. */
  append(line: string): void {
    this.#pending += `${line}\n`;
  }

  /** Throws where the file can't be written. */
  flush(): void {
    if (this.#pending === '') return;
    const bytes = Buffer.from(this.#pending);
    this.#pending = '';
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#file, bytes, written);
    } catch (error) {
      throw new Error(`can't write to the journal ${this.#path}: ${fileProblem(error)}`);
    }
  }

  close(): void {
    this.flush();
    closeSync(this.#file);
  }
}

function openJournal(path: string, flags: string): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      throw new UsageError(
        `the journal ${path} exists: go on with it by "futures resume ${path}", or name another file`,
      );
    }
    const problem =
      codeOf(error) === 'ENOENT' && flags !== 'r' && flags !== 'r+'
        ? 'its directory does not exist'
        : fileProblem(error);
    throw new UsageError(`can't ${flags === 'r' ? 'read' : 'write'} the journal ${path}: ${problem}`);
  }
}
