import { bursts } from '../measures.mjs';
import { systemById } from '../systems.mjs';

const burst = 50;

export default {
  title: 'Fifty no-op tasks at a time, on threads',
  text: `\`n => n + 1\`, ${burst} submitted at once and all awaited, 200 times over, 2 workers. More is better.`,
  rows: [
    {
      id: 'bursts',
      title: 'Fifty tasks at a time, tasks per second',
      unit: 'tasks/s',
      size: { full: { times: 200, workers: 2 }, quick: { times: 5, workers: 2 } },
      contenders: ['thread', 'piscina-64', 'piscina', 'workerpool-thread', 'tinypool-thread'].map((name) => {
        const { id, label, isOurs, open } = systemById(name);
        return {
          id,
          label,
          isOurs,
          async open({ workers, times }) {
            const pool = await open(workers);
            return { run: () => bursts(pool, burst, times), close: () => pool.close() };
          },
        };
      }),
    },
  ],
};
