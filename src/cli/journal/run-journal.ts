/** A run's journal, as the run sees it: what is known from before, and where to write what becomes known. */

import { closeSync, openSync, readSync } from 'node:fs';
import type { TaskRecord } from '../records.js';
import { UsageError } from '../usage-error.js';
import { isRecord, type JournalRecord, JournalWriter, readJournal } from './journal.js';
import { type Session, SessionReader } from './sessions.js';

export interface RunJournal {
  readonly path: string;
  /** What an earlier run has found out about this input; throws a {@link UsageError} where it was another one then. */
  recorded(index: number, input: unknown): JournalRecord | undefined;
  /** Takes a record and its line of JSON; it is written at the end of this turn of the event loop, or by {@link flush}. */
  write(record: TaskRecord, line: string): void;
  flush(): void;
  close(why: string): void;
}

/** Where the records are that need no other run, by index. */
export interface KnownRecords {
  /** Where the whole lines end, in bytes. */
  readonly length: number;
  readonly places: ReadonlyMap<number, { readonly offset: number; readonly length: number }>;
  readonly sessions: readonly Session[];
}

/** A journal that can be opened, as far as is known; and when the run went on before. */
export interface PreparedJournal {
  /** As it is found from here. */
  readonly path: string;
  readonly earlier: readonly Session[];
  open(): RunJournal;
}

/** Reads what a journal holds. With `againFailed`, tasks that failed count as not done. The last record of a task is the one that counts. */
export function knownRecords(path: string, againFailed: boolean): KnownRecords {
  const places = new Map<number, { offset: number; length: number }>();
  const failures = new Set<number>();
  const sessions = new SessionReader();
  let end = 0;
  for (const { offset, length, value } of readJournal(path)) {
    end = offset + length + 1;
    sessions.read(value);
    if (!isRecord(value)) continue;
    places.set(value.index, { offset, length });
    if (value.status === 'failed') failures.add(value.index);
    else failures.delete(value.index);
  }
  if (againFailed) for (const index of failures) places.delete(index);
  return { length: end, places, sessions: sessions.sessions() };
}

export function newJournal(writer: JournalWriter, path: string): RunJournal {
  return { ...writing(writer), path, recorded: () => undefined };
}

/**
 * @param shown the path as the user wrote it
 * @param isForced runs inputs again that are others now, instead of throwing
 */
export function resumedJournal(path: string, shown: string, known: KnownRecords, isForced: boolean): RunJournal {
  const writer = JournalWriter.reopen(path, known.length);
  writer.append(JSON.stringify({ resumedAt: Date.now() }));
  const file = openSync(path, 'r');
  const rest = writing(writer);
  return {
    ...rest,
    path: shown,
    recorded(index, input) {
      const place = known.places.get(index);
      if (place === undefined) return undefined;
      const bytes = Buffer.allocUnsafe(place.length);
      readSync(file, bytes, 0, place.length, place.offset);
      const record = JSON.parse(bytes.toString()) as JournalRecord;
      if (sameInput(record.input, input)) return record;
      if (isForced) return undefined;
      throw new UsageError(
        `input ${index} is not what it was when ${shown} was written (${cut(record.input)} then, ${cut(input)} now): ` +
          'the inputs have changed; with --force, what has changed is run again',
      );
    },
    close(why) {
      rest.close(why);
      closeSync(file);
    },
  };
}

function writing(writer: JournalWriter): Pick<RunJournal, 'write' | 'flush' | 'close'> {
  return {
    write: ({ worker, endedAt }, line) => {
      const more = JSON.stringify({ worker: worker ?? null, endedAt: Math.round(endedAt * 10) / 10 });
      writer.append(`${line.slice(0, -1)},${more.slice(1)}`);
    },
    flush: () => writer.flush(),
    close: (why) => {
      writer.append(JSON.stringify({ ended: why, endedAt: Date.now() }));
      writer.close();
    },
  };
}

/** As JSON: that is what the journal has kept of it. */
function sameInput(recorded: unknown, input: unknown): boolean {
  // A malformed input was kept as its text, or as null.
  const { text } = input instanceof Error ? (input as Error & { text?: string }) : { text: undefined };
  return JSON.stringify(recorded) === JSON.stringify(input instanceof Error ? (text ?? null) : input);
}

function cut(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
