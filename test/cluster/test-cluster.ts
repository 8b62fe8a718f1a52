/** A cluster of one worker in this very process, as the contract's tests make it: its options are those of the worker's pool. */

import {
  type Executor,
  type PoolOptions,
  type ShutdownOptions,
  type ShutdownResult,
  type ThreadOptions,
  ThreadPoolExecutor,
} from 'concurrent-futures';
import { ClusterExecutor, type ClusterExecutorOptions, ClusterWorker } from 'concurrent-futures/cluster';
import type { TestServer } from './nats-server.js';

let queues = 0;

/** Options of the submitting side; all others are the worker's pool's. */
const ownNames: readonly string[] = ['maxQueue', 'maxQueueBytes', 'shutdownTimeout', 'maxInFlight'];

export function testCluster(server: TestServer, options: PoolOptions & ThreadOptions): Executor {
  queues += 1;
  const common = {
    servers: server.url,
    queue: `test-${process.pid}-${queues}`,
    limits: { ackWaitMs: 2000, maxBytes: 64 * 1024 * 1024 },
  };
  const entries = Object.entries(options);
  const own = Object.fromEntries(entries.filter(([name]) => ownNames.includes(name)));
  const pool = Object.fromEntries(entries.filter(([name]) => !ownNames.includes(name)));
  const worker = ClusterWorker.start({
    ...common,
    executor: new ThreadPoolExecutor(pool),
  });
  worker.catch(() => {});
  return new TestCluster({ ...common, ...own }, worker);
}

class TestCluster extends ClusterExecutor {
  // Not a private field: it is read through views, too.
  readonly worker: Promise<ClusterWorker>;

  constructor(options: ClusterExecutorOptions, worker: Promise<ClusterWorker>) {
    super(options);
    this.worker = worker;
  }

  override async shutdown(options?: ShutdownOptions): Promise<ShutdownResult> {
    const result = await super.shutdown(options);
    // Not waited for: what comes right after a shutdown is what tests are about.
    void super.shutdown().then(async () => (await this.worker).drain({ timeout: 1000 }));
    return result;
  }
}
