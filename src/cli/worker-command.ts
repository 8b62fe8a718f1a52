/**
 * `futures worker`.
 *
 *   starting ──connected──► working ──SIGTERM, SIGINT──► draining ──nothing held, or --grace over──► exit 0
 *      └──can't──► exit 1        └──its pool is broken──► exit 1       └──second signal──► exit 130, 143
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { Executor } from 'concurrent-futures';
import type { ClusterWorker, ClusterWorkerOptions } from 'concurrent-futures/cluster';
import { asUsageError, clusterOptions, isFinal } from './cluster/broker-options.js';
import { type Log, startJsonLog } from './cluster/json-log.js';
import type { WorkerFlags } from './cluster/worker-options.js';
import { formatDuration } from './durations.js';
import { exitCodes } from './exit-codes.js';
import { watchSignals } from './interrupts.js';
import { endThreads, killUnlessEnded } from './live-threads.js';
import { makeExecutor } from './make-executor.js';
import { initFunction } from './module/init-function.js';
import { standardError } from './terminal.js';
import { messageOf, noteOfInit, StartError, UsageError } from './usage-error.js';

/** Below the time after which service managers kill, where they are set up as in `deploy/`. */
const graceDefaultMs = 30_000;
const retryMaxMs = 10_000;
/** A timer's longest wait. */
const timerMaxMs = 2 ** 31 - 1;

/** Runs the command until it is told to end, and gives its exit code. Throws a `UsageError` before anything has started. */
export async function runWorker(flags: WorkerFlags): Promise<number> {
  const options = await clusterOptions(flags);
  const init = flags.init === undefined ? undefined : await initFunction(flags.init);
  using json = startJsonLog(standardError());
  const { log } = json;
  const { executor } = await makeExecutor({
    executor: flags.executor ?? 'thread',
    maxWorkers: flags.maxWorkers === 'auto' ? undefined : flags.maxWorkers,
    maxTasksPerWorker: flags.maxTasksPerWorker,
    maxMemory: flags.maxMemory,
    init,
    prints: undefined,
  });
  try {
    return await serve(flags, { ...options, ...workerOptions(flags), executor, onLog: log }, log);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    log({ level: 'error', event: 'failed', message: messageOf(error) });
    return exitCodes.someFailed;
  } finally {
    await executor.shutdown({ cancelFutures: true });
    await leaveThreads(log);
  }
}

/** Whoever runs this as a service is not kept waiting. */
async function leaveThreads(log: Log): Promise<void> {
  const threads = await endThreads();
  if (threads === 0) return;
  log({
    level: 'warn',
    event: 'killed',
    message: "ends by force: tasks are in native code, which can't be interrupted in a thread",
    threads,
  });
  killUnlessEnded('SIGKILL');
}

function workerOptions({ root, allowModule, maxDeliveries, name, makeStreams }: WorkerFlags) {
  return {
    manageStreams: makeStreams,
    ...(root !== undefined && { root }),
    ...(allowModule !== undefined && { allowedModules: allowModule }),
    ...(maxDeliveries !== undefined && { maxDeliveries }),
    ...(name !== undefined && { name }),
  };
}

async function serve(flags: WorkerFlags, options: ClusterWorkerOptions, log: Log): Promise<number> {
  let worker: ClusterWorker | undefined;
  const graceMs = Math.min(flags.grace ?? graceDefaultMs, timerMaxMs);
  const ending = new AbortController();
  watchSignals(
    (signal) => {
      const message = `takes no more; what runs has ${formatDuration(graceMs)} to end (again to end now)`;
      log({ level: 'info', event: 'signal', message: `${signal}: ${message}`, signal });
      ending.abort();
    },
    () => log({ level: 'warn', event: 'ended-now', message: 'a second signal; another worker gets what it held' }),
  );
  const health =
    flags.health === undefined
      ? undefined
      : await (await import('./cluster/health.js')).serveHealth(flags.health, () => worker?.status());
  if (health !== undefined) log({ level: 'info', event: 'health', message: `${health.url}/healthz`, url: health.url });
  try {
    // Where tasks are counted, that would be one.
    if (flags.maxTasksPerWorker === undefined) await tryPool(options.executor, flags.init);
    worker = await connected(options, flags.wait ?? false, ending.signal, log);
    if (worker !== undefined) await ended(worker, graceMs, ending.signal, log);
    return exitCodes.succeeded;
  } finally {
    health?.close();
  }
}

/** A pool that can't run tasks is seen before any is taken. */
async function tryPool(executor: Executor, init: string | undefined): Promise<void> {
  try {
    await executor.submit(Math.max, 0);
  } catch (error) {
    throw new StartError(`its workers can't run tasks: ${messageOf(error)}${noteOfInit(messageOf(error), init)}`);
  }
}

/** @returns `undefined` where the wait was ended by a signal */
async function connected(
  options: ClusterWorkerOptions,
  waits: boolean,
  signal: AbortSignal,
  log: Log,
): Promise<ClusterWorker | undefined> {
  // What a worker needs of the broker's client is loaded by workers alone.
  const { ClusterWorker } = await import('concurrent-futures/cluster');
  for (let waitMs = 250; !signal.aborted; waitMs = Math.min(retryMaxMs, waitMs * 2)) {
    try {
      // How long, and that it is tried again, is said here.
      return await ClusterWorker.start({ ...options, startupTimeout: 0 });
    } catch (thrown) {
      const error = asUsageError(thrown);
      if (!waits || isFinal(error)) throw error;
      log({ level: 'warn', event: 'waiting', message: `${messageOf(error)} (tried again, --wait)` });
    }
    await delay(waitMs, undefined, { signal }).catch(() => {});
  }
  return undefined;
}

/** Resolves when it has gone because it was told to; rejects when it can't go on. */
async function ended(worker: ClusterWorker, graceMs: number, signal: AbortSignal, log: Log): Promise<void> {
  const drained = new Promise<void>((resolve, reject) => {
    const drain = (): void => {
      setTimeout(() => {
        const { held } = worker.status();
        const message = `--grace is over: ${held} tasks are stopped, and go to another worker`;
        if (held > 0) log({ level: 'warn', event: 'given-back', message, held });
      }, graceMs).unref();
      worker.drain({ timeout: graceMs }).then(resolve, reject);
    };
    if (signal.aborted) drain();
    else signal.addEventListener('abort', drain);
  });
  await Promise.race([worker.closed, drained]);
}
