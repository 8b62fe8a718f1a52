/** A thread that changes the first of some bytes, and gives them back: moved if so told, else as a copy. */

import { parentPort } from 'node:worker_threads';

parentPort.on('message', ({ bytes, movesBack }) => {
  bytes[0] += 1;
  parentPort.postMessage(bytes, movesBack ? [bytes.buffer] : []);
});
