/**
 * What Node itself gives, without a pool, behind the functions of systems.mjs: `open…()` gives `run(n)`, a promise of `n + 1`, and
 * `close()`.
 */

import { fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';

const echo = new URL('./echo.mjs', import.meta.url);
const echoBatch = new URL('./echo-batch.mjs', import.meta.url);
const batchLength = 128;

function openThread(file) {
  const worker = new Worker(file);
  return { port: worker, send: (message) => worker.postMessage(message), close: () => worker.terminate() };
}

function openProcess(file, serialization) {
  const child = fork(file, { serialization });
  return { port: child, send: (message) => child.send(message), close: () => child.kill() };
}

/** One message per call, one call at a time. */
function pingPong({ port, send, close }) {
  let answer;
  port.on('message', (n) => answer(n));
  const run = (n) =>
    new Promise((resolve) => {
      answer = resolve;
      send(n);
    });
  return { run, close };
}

export const openThreadPingPong = async () => pingPong(openThread(echo));
/** With Node's default serialization, which is its fastest for a number. */
export const openProcessPingPong = async () => pingPong(openProcess(echo, 'json'));

/** The limit: a promise per task, and many tasks in one message; several workers take turns. */
function batches(links) {
  const answers = new Map();
  let lastId = 0;
  let batch = [];
  let turn = 0;

  for (const { port } of links) {
    port.on('message', (results) => {
      for (const [id, n] of results) {
        answers.get(id)(n);
        answers.delete(id);
      }
    });
  }

  function flush() {
    if (batch.length === 0) return;
    links[turn].send(batch);
    turn = (turn + 1) % links.length;
    batch = [];
  }

  const run = (n) =>
    new Promise((resolve) => {
      lastId += 1;
      answers.set(lastId, resolve);
      // The last one of a turn of the event loop seldom fills its batch.
      if (batch.push([lastId, n]) === 1) queueMicrotask(flush);
      if (batch.length === batchLength) flush();
    });
  return { run, close: () => Promise.all(links.map(({ close }) => close())) };
}

const times = (workers, open) => Array.from({ length: workers }, open);

export const openThreadBatches = async (workers) => batches(times(workers, () => openThread(echoBatch)));
export const openProcessBatches = async (workers) => batches(times(workers, () => openProcess(echoBatch, 'advanced')));
