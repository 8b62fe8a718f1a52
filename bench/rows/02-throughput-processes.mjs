import { openProcessBatches } from '../bare/pools.mjs';
import { throughputOf } from '../measures.mjs';
import { systemById } from '../systems.mjs';

const limit = { id: 'bare', label: 'bare limit: 128 tasks in a process.send', open: openProcessBatches };

export default {
  title: 'No-op tasks in processes',
  text: '`n => n + 1`, 50,000 submitted at once, then all awaited (10,000 for workerpool, tinypool and CPython). More is better.',
  rows: [
    {
      id: 'throughput-processes',
      title: 'No-op tasks per second in processes',
      unit: 'tasks/s',
      size: { full: { tasks: 50_000 }, quick: { tasks: 1000 } },
      variants: [
        { label: '1 worker', workers: 1, isFullOnly: true },
        { label: '2 workers', workers: 2 },
      ],
      contenders: [
        throughputOf(systemById('process')),
        throughputOf(limit),
        throughputOf(systemById('workerpool-process'), { tasksMax: 10_000, goal: { atLeast: 20 } }),
        throughputOf(systemById('tinypool-process'), { tasksMax: 10_000, goal: { atLeast: 20 } }),
        {
          id: 'cpython',
          label: 'CPython ProcessPoolExecutor.submit',
          goal: { atLeast: 20 },
          python: { what: 'submit', size: ({ tasks, workers }) => ({ count: Math.min(tasks, 10_000), workers }) },
        },
      ],
    },
  ],
};
