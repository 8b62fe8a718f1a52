import { strict as assert } from 'node:assert';
import { cores } from '../cpu.mjs';
import { increment } from '../tasks.mjs';

/** Items per second of `map` with automatic chunks, all results in an array as Python's `list(executor.map(…))`. */
function ours(className) {
  return {
    id: 'ours',
    label: `concurrent-futures ${className}.map`,
    isOurs: true,
    async open({ items, workers }) {
      const futures = await import('concurrent-futures');
      const executor = new futures[className]({ maxWorkers: workers, minWorkers: workers });
      const numbers = Array.from({ length: items }, (_, n) => n);
      return {
        async run() {
          const startedAt = performance.now();
          const results = await executor.map(increment, numbers).chunkSize('auto').toArray();
          const seconds = (performance.now() - startedAt) / 1000;
          assert.equal(results.length, items);
          for (let n = 0; n < items; n++) if (results[n] !== n + 1) assert.equal(results[n], n + 1);
          return items / seconds;
        },
        close: () => executor.shutdown(),
      };
    },
  };
}

const cpython = {
  id: 'cpython',
  label: 'CPython ProcessPoolExecutor.map(chunksize=1000)',
  goal: { atLeast: 1 },
  python: { what: 'map', size: ({ items, workers }) => ({ count: items, workers }) },
};

const row = (id, title, className) => ({
  id,
  title,
  unit: 'items/s',
  size: { full: { items: 1_000_000, workers: cores }, quick: { items: 5000, workers: cores } },
  contenders: [ours(className), cpython],
});

export default {
  title: 'map of a million numbers',
  text: `\`map(n => n + 1)\` of 1,000,000 numbers with automatic chunks, as many workers as cores (${cores}). More is better.`,
  rows: [
    row('map-threads', 'map, threads', 'ThreadPoolExecutor'),
    row('map-processes', 'map, processes', 'ProcessPoolExecutor'),
  ],
};
