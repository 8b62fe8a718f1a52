import { byMap, bySubmit, cores, openCpuPool, timeAll } from '../cpu.mjs';
import { listSchedule } from '../statistics.mjs';

const oneIn = 50;
const timesLonger = 100;

/** Time ÷ that of a greedy list schedule of the durations that the tasks measured in themselves. */
async function open(className, runBy, { tasks, shortMs }) {
  const { executor, iterationsPerMs, close } = await openCpuPool(className);
  const short = Math.round(iterationsPerMs * shortMs);
  const iterations = Array.from({ length: tasks }, (_, i) => (i % oneIn === oneIn / 2 ? short * timesLonger : short));
  return {
    async run() {
      const { makespan, durations } = await timeAll(iterations, runBy(executor));
      return makespan / listSchedule(durations, cores);
    },
    close,
  };
}

const contender = (id, className, how, runBy) => ({
  id,
  label: `concurrent-futures ${className}.${how}`,
  isOurs: true,
  goal: { atMost: 1.05 },
  open: (size) => open(className, runBy, size),
});

export default {
  title: 'Skewed tasks',
  text: `600 tasks of 1 ms of which one in ${oneIn} takes ${timesLonger} times longer, on all cores (${cores}), by \`submit\` and by \`map\` with automatic chunks. The measure is a greedy list
schedule, computed from what the tasks measured in themselves. Less is better.`,
  rows: [
    {
      id: 'skewed',
      title: 'Skewed tasks, time by that of a list schedule',
      unit: '× schedule',
      size: { full: { tasks: 600, shortMs: 1 }, quick: { tasks: 100, shortMs: 0.2 } },
      contenders: [
        contender('thread-submit', 'ThreadPoolExecutor', 'submit', bySubmit),
        contender('thread-map', 'ThreadPoolExecutor', 'map', byMap),
        contender('process-submit', 'ProcessPoolExecutor', 'submit', bySubmit),
        contender('process-map', 'ProcessPoolExecutor', 'map', byMap),
      ],
    },
  ],
};
