/** Keeps the last lines of a worker's standard error, for the error that tells of its end. */

import type { Readable } from 'node:stream';

const keptCharacters = 4096;
const keptLines = 20;

export class StderrTail {
  #text = '';

  /** @param passOn where all of it goes besides; `undefined` for nowhere. */
  constructor(stream: Readable, passOn: NodeJS.WritableStream | undefined) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      this.#text = (this.#text + chunk).slice(-keptCharacters);
      passOn?.write(chunk);
    });
    // A worker that is ended may break its pipe; its end is told by its exit.
    stream.on('error', () => {});
  }

  get lastLines(): string {
    return this.#text.trimEnd().split('\n').slice(-keptLines).join('\n');
  }
}
