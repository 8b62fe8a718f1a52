/** Answers a list of [id, n] with a list of [id, n + 1], as a thread or as a forked process. */

import { parentPort } from 'node:worker_threads';

const port = parentPort ?? process;
port.on('message', (batch) =>
  (port.postMessage ?? port.send).call(
    port,
    batch.map(([id, n]) => [id, n + 1]),
  ),
);
