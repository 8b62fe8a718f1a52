/** Bytes that may be gzipped → the bytes that are meant, as a stream. */

import type { Gunzip } from 'node:zlib';
import { messageOf } from '../usage-error.js';
import { InputError } from './input-error.js';

/** The two bytes of the magic number, and the only method of compression that there is. */
const magic = [0x1f, 0x8b, 0x08] as const;
/** What is handed to zlib at once: it may come out a thousand times as long, and is in memory then. */
const sliceBytes = 16 * 1024;
const newline = 0x0a;

/**
 * Told by the first bytes, whatever the name: text never starts like that.
 *
 * @param isNamed whether the name says that it is an archive, so that anything else is a mistake
 */
export async function* decompressed(
  chunks: AsyncIterable<Uint8Array>,
  source: string,
  isNamed: boolean,
): AsyncGenerator<Uint8Array, void> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    let start: Uint8Array = new Uint8Array(0);
    // No further than it takes to tell: whoever writes a line into a pipe waits for its result.
    while (start.length < magic.length && start.every((byte, index) => byte === magic[index])) {
      const next = await iterator.next();
      if (next.done === true) break;
      start = Buffer.concat([start, next.value]);
    }
    if (magic.every((byte, index) => start[index] === byte)) yield* gunzipped(start, iterator, source);
    else if (isNamed) throw new InputError(source, undefined, whatElse(start));
    else yield* following(start, iterator);
  } finally {
    await iterator.return?.();
  }
}

function whatElse({ length }: Uint8Array): string {
  return length === 0 ? 'the file is empty, which no gzip archive is' : 'this is not a gzip archive, as its name says';
}

async function* following(start: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  if (start.length > 0) yield start;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** All that could be unpacked, then the error where there is one. A pipeline would drop what it holds when an error comes. */
async function* gunzipped(
  start: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
  source: string,
): AsyncGenerator<Uint8Array, void> {
  const { createGunzip } = await import('node:zlib');
  const gunzip = createGunzip();
  let unpacked: Uint8Array[] = [];
  let line = 1;
  gunzip.on('data', (chunk: Uint8Array) => {
    unpacked.push(chunk);
    line += newlinesIn(chunk);
  });
  try {
    for await (const chunk of following(start, rest)) {
      for (let from = 0; from < chunk.length; from += sliceBytes) {
        const problem = await written(gunzip, chunk.subarray(from, from + sliceBytes));
        yield* unpacked;
        unpacked = [];
        if (problem !== undefined) throw corrupt(problem);
      }
    }
    const problem = await ended(gunzip);
    yield* unpacked;
    if (problem !== undefined) throw corrupt(problem);
  } finally {
    gunzip.destroy();
  }

  function corrupt(problem: Error & { code?: string }): InputError {
    const what = problem.code === 'Z_BUF_ERROR' ? 'is cut off' : `is corrupt (${messageOf(problem)})`;
    return new InputError(source, line, `the gzip archive ${what} at byte ${gunzip.bytesWritten}`);
  }
}

function newlinesIn(chunk: Uint8Array): number {
  let count = 0;
  for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) count += 1;
  return count;
}

/** Resolves when zlib is through with the bytes, with the error that it met. */
function written(gunzip: Gunzip, bytes: Uint8Array): Promise<Error | undefined> {
  return settled(gunzip, (done) => gunzip.write(bytes, done));
}

function ended(gunzip: Gunzip): Promise<Error | undefined> {
  return settled(gunzip, (done) => {
    gunzip.once('end', done);
    gunzip.end();
  });
}

function settled(gunzip: Gunzip, begin: (done: (error?: Error | null) => void) => void): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const done = (error?: Error | null): void => {
      gunzip.off('error', done);
      resolve(error ?? undefined);
    };
    gunzip.on('error', done);
    begin(done);
  });
}
