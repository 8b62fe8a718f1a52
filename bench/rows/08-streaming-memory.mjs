import { strict as assert } from 'node:assert';
import { cores } from '../cpu.mjs';
import { peakResident } from '../memory.mjs';
import { increment } from '../tasks.mjs';

function* numbersTo(count) {
  for (let n = 0; n < count; n++) yield n;
}

/** The peak of a process in which so many items went through a `map`, one read after the other. */
async function open(items) {
  const { ThreadPoolExecutor } = await import('concurrent-futures');
  const executor = new ThreadPoolExecutor({ maxWorkers: cores, minWorkers: cores });
  return {
    async run() {
      let next = 0;
      for await (const result of executor.map(increment, numbersTo(items))) {
        next += 1;
        if (result !== next) assert.equal(result, next);
      }
      assert.equal(next, items);
      return peakResident();
    },
    close: () => executor.shutdown(),
  };
}

export default {
  title: 'Peak memory of a streaming map',
  text: 'The most memory that a fresh process had, whose threads mapped what a generator gives, each result read by `for await`. Less is better.',
  rows: [
    {
      id: 'streaming-memory',
      title: 'Peak memory of a streaming map',
      unit: 'MB',
      isFresh: true,
      size: { full: { many: 1_000_000, few: 10_000 }, quick: { many: 5000, few: 1000 } },
      contenders: [
        { id: 'many', label: '1,000,000 items', isOurs: true, open: ({ many }) => open(many) },
        { id: 'few', label: '10,000 items', goal: { atMost: 1.2 }, open: ({ few }) => open(few) },
      ],
    },
  ],
};
