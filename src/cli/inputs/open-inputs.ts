/** From what the user named to a lazily read sequence of inputs. */

import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { fileProblem, UsageError } from '../usage-error.js';
import { countInputs } from './counting.js';
import { readRecords } from './csv.js';
import { decompressed } from './gzip.js';
import { InputError } from './input-error.js';
import { readJsonArray, readJsonLines } from './json.js';
import { readLines } from './lines.js';
import { matchedFiles } from './matched-files.js';

export const inputFormats = ['lines', 'json', 'jsonl', 'csv', 'tsv'] as const;
export type InputFormat = (typeof inputFormats)[number];

/** Where the inputs come from. */
export type InputChoice =
  | { readonly kind: 'arguments'; readonly values: readonly string[] }
  | { readonly kind: 'file'; readonly path: string; readonly format: InputFormat }
  | { readonly kind: 'stdin'; readonly format: InputFormat }
  | { readonly kind: 'glob'; readonly patterns: readonly string[] };

export interface OpenInputs {
  /**
   * The inputs, those that were read together as one list: a promise for each would cost more than a tiny task. Reads no further ahead than
   * a stream's own buffer. A malformed input is given as the {@link InputError} that says what is wrong with it; throws one where reading
   * can't go on.
   */
  readonly batches: AsyncIterator<readonly unknown[], void>;
  /** How many there are, where that is known before reading. */
  readonly total: number | undefined;
  /** Gives the source up, also in the middle of a read: a read that waits for a pipe ends, with an error or none. */
  close(): void;
}

const gzipExtension = /\.gz$/i;

/** The format that a file's name tells, whether gzipped or not; what has no telling name is lines. */
export function formatOfPath(path: string): InputFormat {
  const extension = /\.([^./\\]+)$/.exec(path.replace(gzipExtension, ''))?.[1]?.toLowerCase();
  if (extension === 'ndjson') return 'jsonl';
  return inputFormats.find((format) => format === extension) ?? 'lines';
}

/** Opens the inputs. A file that can't be read fails here, before anything has started. */
export async function openInputs(choice: InputChoice): Promise<OpenInputs> {
  switch (choice.kind) {
    case 'arguments':
      return inMemory(choice.values);
    case 'stdin':
      return readBytes(process.stdin, 'standard input', choice.format, undefined);
    case 'file': {
      const { stream, total } = await openFile(choice.path, choice.format);
      return readBytes(stream, choice.path, choice.format, total);
    }
    case 'glob':
      return inMemory(await matchedFiles(choice.patterns));
    default:
      return choice satisfies never;
  }
}

async function openFile(path: string, format: InputFormat): Promise<{ stream: Readable; total: number | undefined }> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    // Opening a directory succeeds, and reading it fails: too late.
    if ((await handle.stat()).isDirectory()) throw new UsageError('it is a directory');
    const total = await countInputs(handle, format);
    return { stream: handle.createReadStream(), total };
  } catch (error) {
    await handle?.close();
    throw new UsageError(`can't read the inputs in ${path}: ${fileProblem(error)}`);
  }
}

async function readBytes(
  stream: Readable,
  source: string,
  format: InputFormat,
  total: number | undefined,
): Promise<OpenInputs> {
  const bytes = decompressed(readingOf(stream, source), source, gzipExtension.test(source));
  if (format === 'json') return inMemory(await readJsonArray(bytes, source));
  return { batches: parsed(bytes, source, format), total, close: () => void stream.destroy() };
}

function parsed(
  bytes: AsyncIterable<Uint8Array>,
  source: string,
  format: Exclude<InputFormat, 'json'>,
): AsyncIterator<readonly unknown[], void> {
  switch (format) {
    case 'lines':
      return readLines(bytes, source);
    case 'jsonl':
      return readJsonLines(bytes, source);
    case 'csv':
      return readRecords(bytes, source, ',');
    case 'tsv':
      return readRecords(bytes, source, '\t');
    default:
      return format satisfies never;
  }
}

/** The stream's bytes; its errors say which input failed. */
async function* readingOf(stream: Readable, source: string): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    throw new InputError(source, undefined, `can't read on: ${fileProblem(error)}`);
  }
}

function inMemory(items: readonly unknown[]): OpenInputs {
  return { batches: atOnce(items), total: items.length, close: () => {} };
}

async function* atOnce(items: readonly unknown[]): AsyncGenerator<readonly unknown[], void> {
  yield items;
}
