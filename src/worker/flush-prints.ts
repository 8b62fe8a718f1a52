/** When all that was printed has been taken: by the executor's thread, or by the pipe. */

import { Writable } from 'node:stream';

export function flushPrints(done: () => void): void {
  flush(process.stdout, () => flush(process.stderr, done));
}

/** A task may have replaced the stream or its `write`, or ended it: nothing of that may hold a worker up. */
function flush(stream: unknown, done: () => void): void {
  if (stream instanceof Writable && stream.writable) Writable.prototype.write.call(stream, '', 'utf8', () => done());
  else done();
}
