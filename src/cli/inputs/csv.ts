/** CSV and TSV with a header → one object of strings per record. */

import { Readable } from 'node:stream';
import type { CsvError } from 'csv-parse';
import { InputError, recordCharsMax } from './input-error.js';

interface ParsedRecord {
  readonly record: readonly string[];
  /** With the ends of blank lines before it, and its own. */
  readonly raw: string;
}

/** Where the parser could not go on. */
interface Fault {
  /** How many records come before it. */
  readonly recordsBefore: number;
  readonly error: CsvError;
}

/**
 * The records, with an {@link InputError} in the place of one that has more or fewer fields than the header. Throws one where a quote is
 * never closed.
 *
 * A parser that throws drops the records that it has parsed but not handed out yet. So it is told to skip what it can't parse, and we stop
 * at the place of the first skip. A quote within an unquoted field is a part of its text.
 */
export async function* readRecords(
  bytes: AsyncIterable<Uint8Array>,
  source: string,
  delimiter: ',' | '\t',
): AsyncGenerator<readonly (Record<string, string> | InputError)[], void> {
  const { parse } = await import('csv-parse');
  let fault: Fault | undefined;
  const parser = parse({
    bom: true,
    delimiter,
    max_record_size: recordCharsMax,
    raw: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error !== undefined) fault ??= { recordsBefore: parser.info.records, error };
    },
  });
  const input = Readable.from(untilFault(), { objectMode: false });
  input.on('error', (error) => parser.destroy(error));
  input.pipe(parser);

  let header: readonly string[] | undefined;
  let taken = 0;
  let line = 1;
  for await (const { record, raw } of parser as AsyncIterable<ParsedRecord>) {
    if (fault !== undefined && taken >= fault.recordsBefore) break;
    taken += 1;
    const place = line + lineEnds(/^[\r\n]*/.exec(raw)?.[0]);
    line += lineEnds(raw);
    if (header === undefined) header = checkedHeader(record, source, place);
    else if (record.length === header.length) yield [asObject(header, record)];
    else {
      const text = raw.replaceAll(/^[\r\n]+|[\r\n]+$/g, '');
      yield [new InputError(source, place, wrongCount(header, record.length), text)];
    }
  }
  if (fault !== undefined) throw unclosed(fault.error, source, line);

  /** Nothing after it can be parsed, and an endless pipe would be read for ever. */
  async function* untilFault(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of bytes) {
      yield chunk;
      if (fault !== undefined) return;
    }
  }
}

function lineEnds(text = ''): number {
  return text.match(/\r\n?|\n/g)?.length ?? 0;
}

function checkedHeader(header: readonly string[], source: string, line: number): readonly string[] {
  const twice = header.find((name, index) => header.indexOf(name) !== index);
  if (twice === undefined) return header;
  throw new InputError(source, line, `the header has the column "${twice}" twice, and one would hide the other`);
}

/** Not by assignment: a column may be called `__proto__`. */
function asObject(header: readonly string[], record: readonly string[]): Record<string, string> {
  return Object.fromEntries(header.map((name, index) => [name, record[index] as string]));
}

function wrongCount(header: readonly string[], count: number): string {
  const columns = header.length === 1 ? 'column' : 'columns';
  return `the header has ${header.length} ${columns} (${header.join(', ')}), this record has ${count}`;
}

/** The parser only notices at the end of the file, or far on: the line to look at is where the record starts. */
function unclosed(error: CsvError, source: string, line: number): InputError {
  const isUnclosed = error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE';
  return new InputError(source, line, isUnclosed ? 'a quote that is opened here is never closed' : error.message);
}
