import { strict as assert } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';
import { hold, increment } from '../tasks.mjs';

const counts = [1_000_000, 100_000, 10_000, 1000];
const checkedMax = 1000;
const execArgv = ['--max-old-space-size=8192'];
const format = new Intl.NumberFormat('en');

/** Keeps the worker busy until what this gives is called. */
async function holdWorker(executor) {
  const words = new Int32Array(new SharedArrayBuffer(4));
  executor.submit(hold, words);
  while (Atomics.load(words, 0) === 0) await sleep(1);
  return () => {
    Atomics.store(words, 0, 2);
    Atomics.notify(words, 0);
  };
}

/** A pool whose one worker is busy until it is released, and which has had pending futures before. */
async function heldPool(warmUps) {
  const { ThreadPoolExecutor } = await import('concurrent-futures');
  const executor = new ThreadPoolExecutor({ maxWorkers: 1, minWorkers: 1 });
  const release = await holdWorker(executor);
  const futures = Array.from({ length: warmUps }, (_, n) => executor.submit(increment, n));
  release();
  await Promise.all(futures);
  return { executor, release: await holdWorker(executor) };
}

async function open({ count, warmUps }) {
  const { executor, release } = await heldPool(warmUps);
  const futures = new Array(count);
  const gc = globalThis.gc;
  const argumentBytes = bytesOfArguments(count);

  /** Both at once: bytes of heap for each pending future, and microseconds for each submit. */
  async function submitAll() {
    await sleep(50);
    gc();
    const before = heapBytes();
    const startedAt = performance.now();
    for (let n = 0; n < count; n++) futures[n] = executor.submit(increment, n);
    const us = ((performance.now() - startedAt) * 1000) / count;
    await sleep(50);
    gc();
    const bytes = (heapBytes() - before) / count - argumentBytes;
    assert.ok(!futures.some((future) => future.done()));
    release();
    const checked = await Promise.all(futures.slice(0, checkedMax));
    for (const [n, result] of checked.entries()) assert.equal(result, n + 1);
    return { us, bytes };
  }
  return { submitAll };
}

/** What the lists of arguments take by themselves, each of one number. */
function bytesOfArguments(count) {
  const lists = new Array(count);
  globalThis.gc();
  const before = heapBytes();
  for (let n = 0; n < count; n++) lists[n] = [n];
  globalThis.gc();
  return (heapBytes() - before) / lists.length;
}

function heapBytes() {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const measuring = (metric) => async (size) => {
  const { submitAll } = await open(size);
  return { run: async () => (await submitAll())[metric] };
};

export default {
  title: 'A million pending futures',
  text: `Submitted in one turn to a pool whose only worker is busy: heap (and memory outside of it) per future, without its list of
one argument; and how long a call of \`submit\`
takes, by how many there are. The goal of the latter says that it stays flat: a submit of a million ÷ a submit of fewer. Less is better.`,
  rows: [
    {
      id: 'pending-bytes',
      title: 'Memory of a pending future',
      unit: 'bytes',
      isFresh: true,
      execArgv,
      size: { full: { count: 1_000_000, warmUps: 50_000 }, quick: { count: 2000, warmUps: 100 } },
      contenders: [
        {
          id: 'ours',
          label: '1,000,000 pending futures, each',
          isOurs: true,
          goal: { atMost: 250 },
          open: measuring('bytes'),
        },
      ],
    },
    {
      id: 'submit-cost',
      title: 'A call of submit, by how many are pending',
      unit: 'µs',
      isFresh: true,
      execArgv,
      size: { full: { warmUps: 50_000 }, quick: { countMax: 2000, warmUps: 100 } },
      contenders: counts.map((count) => ({
        id: `${count}`,
        label: `${format.format(count)} submitted at once`,
        isOurs: count === counts[0],
        goal: count === counts[0] ? undefined : { atMost: 1.5 },
        open: ({ countMax = count, warmUps }) => measuring('us')({ count: Math.min(count, countMax), warmUps }),
      })),
    },
  ],
};
