/**
 * Many workers in one process, each real, with a connection and an executor of its own that runs one task at a time in this thread:
 * `light-workers.mjs <number of this process>`, told what to do by messages.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { InlineExecutor } from 'concurrent-futures';
import { ClusterWorker } from 'concurrent-futures/cluster';

const [label] = process.argv.slice(2);
const workers = [];
let failedStarts = 0;
/** As `futures worker --wait`. */
const waits = { firstMs: 250, mostMs: 10_000 };

async function start(options) {
  for (let waitMs = waits.firstMs; ; waitMs = Math.min(waits.mostMs, waitMs * 2)) {
    const executor = new InlineExecutor();
    try {
      return await ClusterWorker.start({ ...options, executor });
    } catch {
      failedStarts += 1;
      await executor.shutdown();
      await sleep(waitMs);
    }
  }
}

const orders = {
  /** All at once. */
  async start({ count, options }) {
    const many = Array.from({ length: count }, (_, n) => start({ ...options, name: `light-${label}-${n}` }));
    workers.push(...(await Promise.all(many)));
    return { failedStarts };
  },
  /** How many tasks each has done, and the processor's time that this process has taken, in milliseconds. */
  async say() {
    const { user, system } = process.cpuUsage();
    const connected = workers.filter((worker) => worker.status().isConnected).length;
    return { done: workers.map((worker) => worker.status().done), connected, cpuMs: (user + system) / 1000 };
  },
};

process.on('message', async ({ id, order, ...rest }) => {
  try {
    process.send({ id, value: await orders[order](rest) });
  } catch (error) {
    process.send({ id, error: String(error?.stack ?? error) });
  }
});
process.on('disconnect', () => process.exit());
