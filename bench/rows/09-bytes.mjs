import { strict as assert } from 'node:assert';
import { Worker } from 'node:worker_threads';
import { changeFirst } from '../tasks.mjs';

const length = 8 * 2 ** 20;

/** Milliseconds per round trip of the same bytes, again and again. */
async function roundTrips(trips, send) {
  let bytes = new Uint8Array(length).fill(7);
  bytes[0] = 0;
  const startedAt = performance.now();
  for (let trip = 1; trip <= trips; trip++) {
    bytes = await send(bytes);
    assert.equal(bytes[0], trip % 256);
  }
  const ms = (performance.now() - startedAt) / trips;
  assert.equal(bytes.length, length);
  assert.equal(bytes[length - 1], 7);
  return ms;
}

async function openOurs({ trips, factor = 1, movesThere, movesBack }) {
  const { ThreadPoolExecutor } = await import('concurrent-futures');
  const { changeAndMove } = await import('../moving-tasks.mjs');
  const task = movesBack ? changeAndMove : changeFirst;
  const executor = new ThreadPoolExecutor({ maxWorkers: 1, minWorkers: 1 });
  const send = (bytes) =>
    movesThere ? executor.with({ transfer: [bytes.buffer] }).submit(task, bytes) : executor.submit(task, bytes);
  return { run: () => roundTrips(trips * factor, send), close: () => executor.shutdown() };
}

async function openBare({ trips, factor = 1, movesThere, movesBack }) {
  const worker = new Worker(new URL('../bare/echo-bytes.mjs', import.meta.url));
  let answer;
  worker.on('message', (bytes) => answer(bytes));
  const send = (bytes) =>
    new Promise((resolve) => {
      answer = resolve;
      worker.postMessage({ bytes, movesBack }, movesThere ? [bytes.buffer] : []);
    });
  return { run: () => roundTrips(trips * factor, send), close: () => worker.terminate() };
}

export default {
  title: '8 MB there and back',
  text: `A \`Uint8Array\` of 8 MB to a thread that changes one byte, and back: copied, moved there with the option \`transfer\` and copied back, and moved
both ways, back with \`currentTask().transfer()\`. Less is better.`,
  rows: [
    {
      id: 'bytes',
      title: '8 MB there and back',
      unit: 'ms',
      size: { full: { trips: 40 }, quick: { trips: 3 } },
      variants: [
        { label: 'copied', movesThere: false, movesBack: false },
        { label: 'moved there', movesThere: true, movesBack: false },
        // A hundred times as fast: with forty, what is measured is how code warms up.
        { label: 'moved both ways', movesThere: true, movesBack: true, factor: 50 },
      ],
      contenders: [
        { id: 'ours', label: 'concurrent-futures ThreadPoolExecutor', isOurs: true, open: openOurs },
        { id: 'bare', label: 'bare Worker, postMessage and back', goal: { atMost: 1.1 }, open: openBare },
      ],
    },
  ],
};
