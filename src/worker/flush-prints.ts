/**
 * When all that was printed has been taken: by the executor's thread, or by the pipe.
 *
 * A stream that nobody has used yet is left alone. To make it would have the pipe, which a child shares with its parent, not block any more:
 * whoever writes to it synchronously there would fail.
 */

import { Writable } from 'node:stream';

const names = ['stdout', 'stderr'] as const;
const used = new Set<string>();

/** To be called before anything is printed. */
export function watchPrints(): void {
  for (const name of names) {
    const property = Object.getOwnPropertyDescriptor(process, name);
    const read = property?.get;
    if (read === undefined || !property?.configurable) continue;
    Object.defineProperty(process, name, {
      ...property,
      get() {
        used.add(name);
        return read.call(process);
      },
    });
  }
}

export function flushPrints(done: () => void): void {
  flush('stdout', () => flush('stderr', done));
}

/** A task may have replaced the stream or its `write`, or ended it: nothing of that may hold a worker up. */
function flush(name: (typeof names)[number], done: () => void): void {
  const stream: unknown = used.has(name) ? process[name] : undefined;
  if (stream instanceof Writable && stream.writable) Writable.prototype.write.call(stream, '', 'utf8', () => done());
  else done();
}
