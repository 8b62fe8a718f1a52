// Drops an executor that was never shut down; needs --expose-gc. Its results are right and its workers end.
import { pow } from '../fixtures/tasks.js';
import { kind, make } from './script.js';

let live = 0;
process.on('worker', (worker) => {
  live += 1;
  worker.once('exit', () => {
    live -= 1;
  });
});
/** @type {(number | undefined)[]} */
let pids = [];

async function useAndDrop() {
  const executor = make();
  const values = await executor.map(pow, [1, 2, 3], [2, 2, 2]).toArray();
  if (kind === 'process') pids = executor.stats().workers.map((worker) => worker.systemId);
  return values;
}

/** @param {number | undefined} pid */
const isThere = (pid) => {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    // It has ended.
    return false;
  }
};

console.log(JSON.stringify(await useAndDrop()));
const deadline = Date.now() + 10_000;
while ((live > 0 || pids.some(isThere)) && Date.now() < deadline) {
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 10));
}
console.log(live === 0 && !pids.some(isThere) ? 'workers ended' : 'workers left');
