import { Executor } from '../executors/executor.js';
import { checkNames, duration, wholeNumber } from '../executors/options.js';
import { systemClock } from '../pool/clock.js';
import { type ClusterOptions, clusterSettings } from './cluster-options.js';
import { ClusterPool } from './cluster-pool.js';
import { Link } from './link.js';

export interface ClusterExecutorOptions extends ClusterOptions {
  /** How many tasks may be with the broker and the workers at a time; further ones wait here. 4,096 by default. */
  readonly maxInFlight?: number;
  /** How many tasks may wait here; `submit` beyond it throws `QueueFullError`. No limit by default. */
  readonly maxQueue?: number;
  /** How many bytes of arguments, about, the tasks that are not done may hold. No limit by default. */
  readonly maxQueueBytes?: number;
  /** How long reaching the broker may take; 30,000 ms by default. Afterwards the executor is broken. */
  readonly startupTimeout?: number;
  /** How long leaving an `await using` block may take; no limit by default. */
  readonly shutdownTimeout?: number;
}

const optionNames = [
  ...['servers', 'queue', 'name', 'key', 'allowUnsigned', 'connection', 'manageStreams', 'limits', 'maxMessageBytes'],
  ...['maxInFlight', 'maxQueue', 'maxQueueBytes', 'startupTimeout', 'shutdownTimeout'],
];

/**
 * Runs tasks on the workers (`futures worker`) of a NATS JetStream broker, on as many machines as there are.
 *
 * A task starts at least once: where a worker is lost or cut off, another one starts it again, so tasks should be such that this does no harm. It
 * has exactly one outcome.
 */
export class ClusterExecutor extends Executor {
  constructor(options: ClusterExecutorOptions) {
    const given = checkNames('ClusterExecutor option', options, optionNames);
    const { broker, seal } = clusterSettings('ClusterExecutor', given);
    const client = given.name ?? `anonymous-${Math.random().toString(36).slice(2, 12)}`;
    const startupTimeoutMs = duration('startupTimeout', given.startupTimeout) ?? 30_000;
    const settings = {
      namePrefix: `ClusterExecutor-${given.name ?? broker.names.queue}`,
      maxInFlight: wholeNumber('maxInFlight', given.maxInFlight, 1) ?? 4096,
      maxQueue: wholeNumber('maxQueue', given.maxQueue, 1) ?? Number.POSITIVE_INFINITY,
      maxQueueBytes: wholeNumber('maxQueueBytes', given.maxQueueBytes, 1) ?? Number.POSITIVE_INFINITY,
    };
    const pool = new ClusterPool(
      settings,
      systemClock(),
      (events) => new Link({ broker, seal, client, startupTimeoutMs }, events),
    );
    super(pool, duration('shutdownTimeout', given.shutdownTimeout) ?? Number.POSITIVE_INFINITY);
  }
}
