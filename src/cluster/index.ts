/** The public names of `concurrent-futures/cluster`. */

import { ClusterExecutor } from './executor.js';
import { ClusterWorker } from './worker.js';

export type { ClusterOptions } from './cluster-options.js';
export type { ClusterExecutorOptions } from './executor.js';
export type { BrokerLimits } from './make-queue.js';
export { prepareQueue } from './prepare.js';
export type { ClusterKey } from './seal.js';
export { type ClusterBacklog, type ClusterWatch, type WatchedWorker, watchCluster } from './watch.js';
export type { ClusterWorkerOptions, ClusterWorkerStatus, WorkerLogEntry } from './worker-options.js';
export { ClusterExecutor, ClusterWorker };

// Said once more as texts: bundlers call a class otherwise that names itself, and people go by these.
for (const [name, each] of Object.entries({ ClusterExecutor, ClusterWorker }))
  Object.defineProperty(each, 'name', { value: name, configurable: true });
