/** Where the records go: a file, or standard output. */

import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { codeOf, fileProblem, UsageError } from './usage-error.js';

/** Why no more can be written. */
export type OutputLoss =
  /** The reader of our pipe has gone: it has what it wants. */
  { readonly kind: 'reader gone' } | { readonly kind: 'write failed'; readonly message: string };

export interface RecordOutput {
  /** Whether it takes more now; where it does not, {@link OutputListener.ready} follows. */
  isReady(): boolean;
  /** Takes one line of JSON. Lines written in one turn of the event loop go out together, at its end. */
  write(line: string): void;
  /** Resolves when everything written has left this process. */
  close(): Promise<void>;
}

export interface OutputListener {
  ready(): void;
  lost(loss: OutputLoss): void;
}

/**
 * A file that has every record as soon as its task is done, whatever happens to this process next: written
 * synchronously, since a record in a stream's buffer dies with the process.
 */
export function fileOutput(path: string, kept: readonly KeptFile[], listener: OutputListener): RecordOutput {
  checkApart('--output', path, kept);
  const file = openForWriting(path);
  let lost = false;
  const lines = lineBuffer((text) => {
    if (lost) return;
    try {
      writeWhole(file, Buffer.from(text));
    } catch (error) {
      lost = true;
      listener.lost({ kind: 'write failed', message: `can't write to ${path}: ${fileProblem(error)}` });
    }
  });
  return {
    isReady: () => true,
    write: lines.add,
    close: async () => {
      lines.flush();
      closeSync(file);
    },
  };
}

/** A file that no output may overwrite. */
export interface KeptFile {
  readonly path: string;
  /** `the file that the inputs are read from`. */
  readonly what: string;
}

/** Throws a {@link UsageError} where an output would overwrite one of these. */
export function checkApart(option: string, path: string, kept: readonly KeptFile[]): void {
  const same = kept.find((other) => sameFile(path, other.path));
  if (same !== undefined) throw new UsageError(`${option} ${path} is ${same.what}: name another`);
}

function openForWriting(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    const problem = codeOf(error) === 'ENOENT' ? 'its directory does not exist' : fileProblem(error);
    throw new UsageError(`can't write --output ${path}: ${problem}`);
  }
}

function sameFile(path: string, other: string): boolean {
  try {
    const [one, two] = [statSync(path), statSync(other)];
    // Neither a terminal nor /dev/null is hurt by being read and written.
    return one.isFile() && one.dev === two.dev && one.ino === two.ino;
  } catch {
    // One of them does not exist (yet).
    return false;
  }
}

function writeWhole(file: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}

/**
 * Standard output, which may be a pipe that is read slowly, or no longer.
 *
 * @param whenFree calls what it is given once nothing else is on the screen
 */
export function standardOutput(whenFree: (write: () => void) => void, listener: OutputListener): RecordOutput {
  const stream = process.stdout;
  // The stream's own, since what tasks print on it goes elsewhere.
  const write = stream.write.bind(stream);
  let lost = false;
  stream.on('drain', () => listener.ready());
  stream.on('error', (error) => {
    if (lost) return;
    lost = true;
    const gone = codeOf(error) === 'EPIPE';
    const message = `can't write to standard output: ${fileProblem(error)}`;
    listener.lost(gone ? { kind: 'reader gone' } : { kind: 'write failed', message });
  });
  const lines = lineBuffer((text) => {
    if (!lost) whenFree(() => write(text));
  });
  return {
    isReady: () => lost || !stream.writableNeedDrain,
    write: lines.add,
    close: async () => {
      lines.flush();
      // The callback also comes, with an error, when the stream breaks.
      if (!lost) await new Promise<void>((resolve) => write('', () => resolve()));
    },
  };
}

function lineBuffer(send: (text: string) => void): { add(line: string): void; flush(): void } {
  let text = '';
  const flush = (): void => {
    const ready = text;
    text = '';
    if (ready !== '') send(ready);
  };
  const add = (line: string): void => {
    if (text === '') queueMicrotask(flush);
    text += `${line}\n`;
  };
  return { add, flush };
}
