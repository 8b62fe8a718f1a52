/** From what the user named to a lazily read sequence of inputs. */

import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { fileProblem, UsageError } from '../usage-error.js';
import { readCsv } from './csv.js';
import { InputError } from './input-error.js';
import { readJsonArray, readJsonLines } from './json.js';
import { readLines } from './lines.js';

export const inputFormats = ['lines', 'json', 'jsonl', 'csv'] as const;
export type InputFormat = (typeof inputFormats)[number];

/** Where the inputs come from. */
export type InputChoice =
  | { readonly kind: 'arguments'; readonly values: readonly string[] }
  | { readonly kind: 'file'; readonly path: string; readonly format: InputFormat }
  | { readonly kind: 'stdin'; readonly format: InputFormat }
  | { readonly kind: 'glob'; readonly patterns: readonly string[] };

export interface OpenInputs {
  /**
   * Reads no further ahead than a stream's own buffer. A malformed input is given as the {@link InputError} that says what is wrong with
   * it; throws one where reading can't go on.
   */
  readonly values: AsyncIterator<unknown, void>;
  /** How many there are, where that is known before reading. */
  readonly total: number | undefined;
  /** Gives the source up, also in the middle of a read: a read that waits for a pipe ends, with an error or none. */
  close(): void;
}

/** The format that a file's name tells; what has no telling name is lines. */
export function formatOfPath(path: string): InputFormat {
  const extension = /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase();
  if (extension === 'ndjson') return 'jsonl';
  return inputFormats.find((format) => format === extension) ?? 'lines';
}

/** Opens the inputs. A file that can't be read fails here, before anything has started. */
export async function openInputs(choice: InputChoice): Promise<OpenInputs> {
  switch (choice.kind) {
    case 'arguments':
      return inMemory(choice.values);
    case 'stdin':
      return readBytes(process.stdin, 'standard input', choice.format);
    case 'file':
      return readBytes(await openFile(choice.path), choice.path, choice.format);
    case 'glob':
      throw new UsageError('not yet');
    default:
      return choice satisfies never;
  }
}

async function openFile(path: string): Promise<Readable> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    // Opening a directory succeeds, and reading it fails: too late.
    if ((await handle.stat()).isDirectory()) throw new UsageError('it is a directory');
    return handle.createReadStream();
  } catch (error) {
    await handle?.close();
    throw new UsageError(`can't read the inputs in ${path}: ${fileProblem(error)}`);
  }
}

async function readBytes(bytes: Readable, source: string, format: InputFormat): Promise<OpenInputs> {
  if (format === 'json') return inMemory(await readJsonArray(readingOf(bytes, source), source));
  return { values: parsed(bytes, source, format), total: undefined, close: () => void bytes.destroy() };
}

function parsed(bytes: Readable, source: string, format: Exclude<InputFormat, 'json'>): AsyncIterator<unknown, void> {
  switch (format) {
    case 'lines':
      return readLines(readingOf(bytes, source), source);
    case 'jsonl':
      return readJsonLines(readingOf(bytes, source), source);
    case 'csv':
      return readCsv(Readable.from(readingOf(bytes, source), { objectMode: false }), source);
    default:
      return format satisfies never;
  }
}

/** The stream's bytes; its errors say which input failed. */
async function* readingOf(bytes: Readable, source: string): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const chunk of bytes) yield chunk as Uint8Array;
  } catch (error) {
    throw new InputError(source, undefined, `can't read on: ${fileProblem(error)}`);
  }
}

function inMemory(items: readonly unknown[]): OpenInputs {
  return { values: each(items), total: items.length, close: () => {} };
}

async function* each(items: readonly unknown[]): AsyncGenerator<unknown, void> {
  yield* items;
}
