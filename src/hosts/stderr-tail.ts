/** Passes a worker's standard error on and keeps its last lines, for the error that tells of its end. */

import type { Readable } from 'node:stream';

const keptCharacters = 4096;
const keptLines = 20;

export class StderrTail {
  #text = '';

  constructor(stream: Readable) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      this.#text = (this.#text + chunk).slice(-keptCharacters);
      process.stderr.write(chunk);
    });
    // A worker that is ended may break its pipe; its end is told by its exit.
    stream.on('error', () => {});
  }

  get lastLines(): string {
    return this.#text.trimEnd().split('\n').slice(-keptLines).join('\n');
  }
}
