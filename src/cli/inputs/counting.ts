/** How many inputs a file holds, where that can be told without parsing it: for a bar, and the time left. */

import type { FileHandle } from 'node:fs/promises';
import type { InputFormat } from './open-inputs.js';

/** Larger files are not looked through: it would delay the first task. This many take some hundredths of a second. */
const bytesMax = 64 * 1024 * 1024;
const [newline, carriageReturn, space, quote] = [0x0a, 0x0d, 0x20, 0x22];
const gzipMagic = 0x1f;

/** `undefined` where it can't be told: not a plain file, gzipped, too large, or records in which a line's end may be a part of a field. */
export async function countInputs(handle: FileHandle, format: InputFormat): Promise<number | undefined> {
  const stats = await handle.stat();
  if (!stats.isFile() || stats.size > bytesMax || format === 'json') return undefined;
  const bytes = Buffer.allocUnsafe(stats.size);
  // From its place in the file, so that the stream that is read afterwards still begins at the first byte.
  const { bytesRead } = await handle.read(bytes, 0, stats.size, 0);
  const text = bytes.subarray(0, bytesRead);
  if (text[0] === gzipMagic) return undefined;
  if (format === 'lines') return countLines(text, () => true);
  if (format === 'jsonl') return countLines(text, (line) => line.some((byte) => byte > space));
  // In a quoted field, or where line ends of two kinds are mixed, one of them may be a part of a field.
  const returns = occurrences(text, carriageReturn);
  if (text.includes(quote) || (returns > 0 && returns !== occurrences(text, newline))) return undefined;
  const records = countLines(text, (line) => line.some((byte) => byte !== carriageReturn));
  // The first one names the columns.
  return Math.max(0, records - 1);
}

function occurrences(text: Buffer, byte: number): number {
  let count = 0;
  for (let at = text.indexOf(byte); at !== -1; at = text.indexOf(byte, at + 1)) count += 1;
  return count;
}

function countLines(text: Buffer, counts: (line: Buffer) => boolean): number {
  let count = 0;
  let start = 0;
  for (let end = text.indexOf(newline); end !== -1; end = text.indexOf(newline, start)) {
    if (counts(text.subarray(start, end))) count += 1;
    start = end + 1;
  }
  // What follows the last line's end is a line only where there is something.
  const rest = text.subarray(start);
  return rest.length > 0 && counts(rest) ? count + 1 : count;
}
