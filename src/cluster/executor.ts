import { Executor, poolOf } from '../executors/executor.js';
import { checkNames, duration, limit, wholeNumber } from '../executors/options.js';
import type { Future } from '../future/future.js';
import { systemClock } from '../pool/clock.js';
import { type ClusterOptions, clusterSettings } from './cluster-options.js';
import { ClusterPool } from './cluster-pool.js';
import { Link } from './link.js';
import { checkedName } from './names.js';

export interface ClusterExecutorOptions extends ClusterOptions {
  /**
   * How many tasks may be with the broker and the workers at a time; further ones wait here. 4,096 by default, or twice as many as
   * the workers have slots where that is more.
   */
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
  /** The futures of tasks that an earlier executor has left, oldest first: see {@link ClusterExecutor.attach}. */
  readonly attached: readonly Future<unknown>[] = [];

  constructor(options: ClusterExecutorOptions) {
    const given = checkNames('ClusterExecutor option', options, optionNames);
    const { broker, seal } = clusterSettings('ClusterExecutor', given);
    const client = given.name ?? `anonymous-${Math.random().toString(36).slice(2, 12)}`;
    const startupTimeoutMs = duration('startupTimeout', given.startupTimeout) ?? 30_000;
    const settings = {
      namePrefix: `ClusterExecutor-${given.name ?? broker.names.queue}`,
      maxInFlight: wholeNumber('maxInFlight', given.maxInFlight, 1),
      maxQueue: limit('maxQueue', given.maxQueue, 1),
      maxQueueBytes: limit('maxQueueBytes', given.maxQueueBytes, 1),
    };
    const pool = new ClusterPool(
      settings,
      systemClock(),
      (events) => new Link({ broker, seal, client, startupTimeoutMs, attaches: attaching.has(options) }, events),
    );
    super(pool, duration('shutdownTimeout', given.shutdownTimeout) ?? Number.POSITIVE_INFINITY);
  }

  /**
   * An executor that takes over what an earlier one of the same `name` has left with the broker, for example because its process was killed: the
   * futures of these tasks, by their names, are its {@link ClusterExecutor.attached}. They are not retried, since what they ran is not known here.
   *
   * Outcomes are kept for an hour (`limits.resultTtlMs`), and until they have been taken.
   *
   * @throws {@link BrokenExecutorError} when the broker can't be used.
   */
  static async attach(options: ClusterExecutorOptions & { readonly name: string }): Promise<ClusterExecutor> {
    checkedName('name', options.name);
    const own = { ...options };
    attaching.add(own);
    const executor = new ClusterExecutor(own);
    return Object.assign(executor, { attached: await (poolOf(executor) as ClusterPool).attach() });
  }
}

/** Options of executors that are to take over what was left. */
const attaching = new WeakSet<object>();
