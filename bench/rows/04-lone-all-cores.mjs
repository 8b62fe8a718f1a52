import { openThreadPingPong } from '../bare/pools.mjs';
import { withBusyCores } from '../busy-cores.mjs';
import { bySubmit, cores, openCpuPool, timeAll } from '../cpu.mjs';
import { latency, latencyOf } from '../measures.mjs';
import { systemById } from '../systems.mjs';

const ours = systemById('thread');
const bare = { id: 'bare', label: 'bare Worker, postMessage and back', open: openThreadPingPong };
const callEveryMs = 10;

/** Lone calls while other processes want every core. */
function busyLatencyOf({ id, label, isOurs, open }, goal) {
  return {
    id,
    label,
    isOurs,
    goal,
    async open({ workers, calls }) {
      const pool = await open(workers);
      return { run: () => withBusyCores(() => latency(pool, calls)), close: () => pool.close() };
    },
  };
}

/** Tasks of a millisecond per second on all cores, while `beside()` is there; it gives what ends it. */
async function openBusyPool({ tasks }, beside) {
  const { executor, iterationsPerMs, close } = await openCpuPool('ThreadPoolExecutor');
  const iterations = Array.from({ length: tasks }, () => Math.round(iterationsPerMs));
  return {
    async run() {
      const end = await beside();
      const { makespan } = await timeAll(iterations, bySubmit(executor));
      await end();
      return (tasks / makespan) * 1000;
    },
    close,
  };
}

/** A pool of one worker, called now and then. */
async function calledPool() {
  const pool = await ours.open(1);
  await latency(pool, 10);
  let calling = Promise.resolve();
  const timer = setInterval(() => {
    calling = calling.then(() => latency(pool, 1));
  }, callEveryMs);
  return async () => {
    clearInterval(timer);
    await calling;
    await pool.close();
  };
}

export default {
  title: 'A lone call on a pool of all cores, and what waiting workers cost others',
  text: `As above, with as many workers as cores (${cores}), once on an otherwise idle machine and once with as many spinning processes as cores. Less is better.

Then tasks of 1 ms on all cores, with and without a second pool of one worker that is called every ${callEveryMs} ms. More is better.`,
  rows: [
    {
      id: 'lone-all-cores',
      title: 'A lone call, as many threads as cores',
      unit: 'µs',
      size: { full: { calls: 20_000, workers: cores }, quick: { calls: 100, workers: cores } },
      metrics: ['p50', 'p99'],
      contenders: [latencyOf(ours), latencyOf(bare, { goal: { atMost: 1.05 } })],
    },
    {
      id: 'lone-busy-cores',
      title: 'A lone call, every core busy with other processes',
      unit: 'µs',
      size: { full: { calls: 500, workers: cores }, quick: { calls: 10, workers: cores } },
      metrics: ['p50', 'p99'],
      contenders: [busyLatencyOf(ours), busyLatencyOf(bare, { atMost: 1.05 })],
    },
    {
      id: 'beside-waiting',
      title: 'Tasks of 1 ms on all cores, beside a waiting pool',
      unit: 'tasks/s',
      size: { full: { tasks: 1000 * cores }, quick: { tasks: 50 * cores } },
      contenders: [
        {
          id: 'beside',
          label: 'beside a pool that is called now and then',
          isOurs: true,
          open: (size) => openBusyPool(size, calledPool),
        },
        {
          id: 'alone',
          label: 'alone',
          goal: { atLeast: 0.97 },
          open: (size) => openBusyPool(size, async () => async () => {}),
        },
      ],
    },
  ],
};
