/** The least that a worker can be: it answers each number with the next, as a thread or as a forked process. */

import { parentPort } from 'node:worker_threads';

const port = parentPort ?? process;
port.on('message', (n) => (port.postMessage ?? port.send).call(port, n + 1));
