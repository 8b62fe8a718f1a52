import { bySubmit, cores, openCpuPool, timeAll } from '../cpu.mjs';

/** Time ÷ ideal: all that the tasks measured in themselves, shared among the cores without a gap. */
async function open(className, { taskMs, coreMs }) {
  const { executor, iterationsPerMs, close } = await openCpuPool(className);
  const tasks = Math.max(2, Math.round(coreMs / taskMs)) * cores;
  const iterations = Array.from({ length: tasks }, () => Math.round(iterationsPerMs * taskMs));
  return {
    async run() {
      const { makespan, durations } = await timeAll(iterations, bySubmit(executor));
      return makespan / (durations.reduce((sum, ms) => sum + ms, 0) / cores);
    },
    close,
  };
}

const contender = (id, className) => ({
  id,
  label: `concurrent-futures ${className}`,
  isOurs: true,
  goal: { atMost: 1.03 },
  open: (size) => open(className, size),
});

export default {
  title: 'CPU-bound tasks on all cores',
  text: `Tasks that compute for 1, 10 or 100 ms, a second per core (${cores}), submitted at once. The ideal is the sum of what they measured in themselves ÷ the
number of cores. Less is better.`,
  rows: [
    {
      id: 'cpu-bound',
      title: 'CPU-bound tasks, time by that of the ideal',
      unit: '× ideal',
      size: { full: { coreMs: 1000 }, quick: { coreMs: 50 } },
      variants: [1, 10, 100].map((taskMs) => ({ label: `${taskMs} ms`, taskMs, isFullOnly: taskMs > 1 })),
      contenders: [contender('thread', 'ThreadPoolExecutor'), contender('process', 'ProcessPoolExecutor')],
    },
  ],
};
