/** CSV with a header → one object of strings per record. */

import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { InputError, recordCharsMax } from './input-error.js';

interface ParsedRow {
  readonly record: Readonly<Record<string, string>>;
  /** How many lines and records the parser had taken in with this one. */
  readonly info: { readonly lines: number; readonly records: number };
}

interface Fault {
  /** How many good records come before it. */
  readonly recordsBefore: number;
  readonly error: unknown;
}

/**
 * The records up to the first malformed one, then its error.
 *
 * A parser that throws drops the good rows that it had parsed but not handed out yet. So it is told to skip what is
 * malformed, and we stop at the place of the first skip.
 */
export async function* readCsv(bytes: Readable, source: string): AsyncGenerator<Record<string, string>, void> {
  const faults: Fault[] = [];
  const parser = parse({
    bom: true,
    columns: (header: string[]) => checkHeader(header, source),
    info: true,
    max_record_size: recordCharsMax,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => void faults.push({ recordsBefore: parser.info.records, error }),
  });
  // Errors reach the loop below through the parser; without a callback they would be thrown as well.
  pipeline(bytes, parser, () => {});
  let rowsTaken = 0;
  let linesTaken = 1;
  for await (const { record, info } of parser as AsyncIterable<ParsedRow>) {
    const [fault] = faults;
    if (fault !== undefined && rowsTaken >= fault.recordsBefore) break;
    rowsTaken += 1;
    linesTaken = info.lines;
    yield record;
  }
  const [fault] = faults;
  if (fault !== undefined) throw csvProblem(fault.error, source, linesTaken);
}

function checkHeader(header: readonly string[], source: string): string[] {
  const twice = header.find((name, index) => header.indexOf(name) !== index);
  if (twice === undefined) return [...header];
  throw new InputError(source, 1, `the header has the column "${twice}" twice, and one would hide the other`);
}

function csvProblem(error: unknown, source: string, linesTaken: number): unknown {
  if (!(error instanceof CsvError)) return error;
  const facts = error as CsvError & { lines?: number; columns?: unknown; record?: unknown };
  switch (error.code) {
    case 'CSV_RECORD_INCONSISTENT_COLUMNS': {
      const names = columnNames(facts.columns);
      const found = Array.isArray(facts.record) ? facts.record.length : 'another number';
      const problem = `the header has ${names.length} columns (${names.join(', ')}), this record has ${found}`;
      return new InputError(source, facts.lines, problem);
    }
    case 'CSV_QUOTE_NOT_CLOSED':
    case 'CSV_MAX_RECORD_SIZE':
      // The parser only notices at the end of the file, or far on: the line to look at is where the record starts.
      return new InputError(source, linesTaken + 1, 'a quote that is opened here is never closed');
    default:
      return new InputError(source, facts.lines, error.message);
  }
}

function columnNames(columns: unknown): string[] {
  if (!Array.isArray(columns)) return [];
  return columns.map((column: { name?: unknown }) => String(column.name));
}
