import { openThreadBatches } from '../bare/pools.mjs';
import { throughputOf } from '../measures.mjs';
import { systemById } from '../systems.mjs';

const limit = { id: 'bare', label: 'bare limit: 128 tasks in a postMessage', open: openThreadBatches };

export default {
  title: 'No-op tasks on threads',
  text: '`n => n + 1`, 50,000 submitted at once, then all awaited (10,000 for workerpool and tinypool). More is better.',
  rows: [
    {
      id: 'throughput-threads',
      title: 'No-op tasks per second on threads',
      unit: 'tasks/s',
      size: { full: { tasks: 50_000 }, quick: { tasks: 1000 } },
      variants: [
        { label: '1 worker', workers: 1, isFullOnly: true },
        { label: '2 workers', workers: 2 },
      ],
      contenders: [
        throughputOf(systemById('thread')),
        throughputOf(limit, { goal: { atLeast: 0.6 } }),
        throughputOf(systemById('piscina-64'), { goal: { atLeast: 8 } }),
        throughputOf(systemById('piscina'), { goal: { atLeast: 25 } }),
        throughputOf(systemById('workerpool-thread'), { tasksMax: 10_000 }),
        throughputOf(systemById('tinypool-thread'), { tasksMax: 10_000 }),
      ],
    },
  ],
};
