import { openProcessPingPong } from '../bare/pools.mjs';
import { latencyOf } from '../measures.mjs';
import { systemById } from '../systems.mjs';

const bare = { id: 'bare', label: 'bare fork, process.send and back', open: openProcessPingPong };

export default {
  title: 'A lone call to an idle process',
  text: '`n => n + 1`, 10,000 calls, each awaited before the next, 1 worker. Less is better. The goal is about the median call (p50).',
  rows: [
    {
      id: 'lone-process',
      title: 'A lone call, 1 process',
      unit: 'µs',
      size: { full: { calls: 10_000, workers: 1 }, quick: { calls: 100, workers: 1 } },
      metrics: ['p50', 'p99'],
      contenders: [
        latencyOf(systemById('process')),
        latencyOf(bare, { goal: { atMost: 1.2 } }),
        latencyOf(systemById('workerpool-process')),
        latencyOf(systemById('tinypool-process')),
      ],
    },
  ],
};
