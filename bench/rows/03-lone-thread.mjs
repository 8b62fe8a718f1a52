import { openThreadPingPong } from '../bare/pools.mjs';
import { latencyOf } from '../measures.mjs';
import { systemById } from '../systems.mjs';

const bare = { id: 'bare', label: 'bare Worker, postMessage and back', open: openThreadPingPong };

export default {
  title: 'A lone call on an idle thread',
  text: '`n => n + 1`, 20,000 calls, each awaited before the next, 1 worker. Less is better. The goals are about the median call (p50).',
  rows: [
    {
      id: 'lone-thread',
      title: 'A lone call, 1 thread',
      unit: 'µs',
      size: { full: { calls: 20_000, workers: 1 }, quick: { calls: 100, workers: 1 } },
      metrics: ['p50', 'p99'],
      contenders: [
        latencyOf(systemById('thread')),
        latencyOf(bare, { goal: { atMost: 0.15 } }),
        latencyOf(systemById('piscina'), { goal: { atMost: 0.4 } }),
        latencyOf(systemById('piscina-64')),
        latencyOf(systemById('workerpool-thread')),
        latencyOf(systemById('tinypool-thread')),
      ],
    },
  ],
};
