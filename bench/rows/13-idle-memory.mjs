import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { openThreadPingPong } from '../bare/pools.mjs';
import { resident, residentOf } from '../memory.mjs';
import { meet, pid } from '../tasks.mjs';

const workers = 4;
const settleMs = 500;

/** Megabytes that four more of it add to a process which has one already, each. */
async function growthEach(addWorkers) {
  const closeFirst = await addWorkers(1);
  await sleep(settleMs);
  globalThis.gc();
  const before = resident();
  const closeRest = await addWorkers(workers);
  await sleep(settleMs);
  globalThis.gc();
  const grown = resident() - before;
  await Promise.all([closeFirst(), closeRest()]);
  return grown / workers;
}

/** A pool of so many workers, each of which has run one task. */
async function addOurs(count) {
  const { ThreadPoolExecutor } = await import('concurrent-futures');
  const executor = new ThreadPoolExecutor({ maxWorkers: count, minWorkers: count });
  const words = new Int32Array(new SharedArrayBuffer(4));
  const met = await Promise.all(Array.from({ length: count }, () => executor.submit(meet, words, count)));
  assert.ok(met.every(Boolean));
  return () => executor.shutdown();
}

async function addBare(count) {
  const threads = await Promise.all(Array.from({ length: count }, openThreadPingPong));
  for (const thread of threads) assert.equal(await thread.run(1), 2);
  return () => Promise.all(threads.map((thread) => thread.close()));
}

async function childOfOurs() {
  const { ProcessPoolExecutor } = await import('concurrent-futures');
  const executor = new ProcessPoolExecutor({ maxWorkers: 1, minWorkers: 1 });
  const child = await executor.submit(pid);
  await sleep(settleMs);
  const megabytes = residentOf(child);
  await executor.shutdown();
  return megabytes;
}

async function bareChild() {
  const { fork } = await import('node:child_process');
  const child = fork(new URL('../bare/echo.mjs', import.meta.url));
  child.send(1);
  assert.deepEqual(await once(child, 'message'), [2, undefined]);
  await sleep(settleMs);
  const megabytes = residentOf(child.pid);
  child.kill();
  return megabytes;
}

const row = (id, title, contenders) => ({
  id,
  title,
  unit: 'MB',
  isFresh: true,
  size: { full: {}, quick: {} },
  contenders,
});
const contender = (id, label, run, more) => ({ id, label, ...more, open: async () => ({ run }) });
const goal = { atMost: 1.05 };

export default {
  title: 'Memory of an idle worker',
  text: `Resident memory after one task or one message: what a thread adds to a process that has one already (${workers} more of them ÷ ${workers}), and what a child process has
(including what all of Node's processes share). Less is better.`,
  rows: [
    row('idle-thread', 'Memory of an idle thread', [
      contender('ours', 'a worker of a ThreadPoolExecutor', () => growthEach(addOurs), { isOurs: true }),
      contender('bare', 'bare Worker', () => growthEach(addBare), { goal }),
    ]),
    row('idle-process', 'Memory of an idle process', [
      contender('ours', 'a worker of a ProcessPoolExecutor', childOfOurs, { isOurs: true }),
      contender('bare', 'bare fork', bareChild, { goal }),
    ]),
  ],
};
