/** The public names of `concurrent-futures/cluster`. */

export type { ClusterOptions } from './cluster-options.js';
export { ClusterExecutor, type ClusterExecutorOptions } from './executor.js';
export type { BrokerLimits } from './make-queue.js';
export { prepareQueue } from './prepare.js';
export type { ClusterKey } from './seal.js';
export { type ClusterBacklog, type ClusterWatch, type WatchedWorker, watchCluster } from './watch.js';
export { ClusterWorker } from './worker.js';
export type { ClusterWorkerOptions, ClusterWorkerStatus, WorkerLogEntry } from './worker-options.js';
