/** The executors that the contract is run against, and what each can do. */

import { test } from 'node:test';
import {
  type Executor,
  InlineExecutor,
  type PoolOptions,
  type ProcessOptions,
  ProcessPoolExecutor,
  type ThreadOptions,
  ThreadPoolExecutor,
} from 'concurrent-futures';
import { serverHindrance, startServer, type TestServer } from '../cluster/nats-server.js';
import { testCluster } from '../cluster/test-cluster.js';

export type AnyOptions = PoolOptions & ThreadOptions & ProcessOptions;

export interface Kind {
  readonly name: 'thread' | 'process' | 'inline' | 'cluster';
  /** Several workers, each its own realm, that can be stopped, lost and replaced. */
  readonly pooled: boolean;
  /** `resultSync` can wait for an unfinished task. */
  readonly canBlock: boolean;
  /** A `SharedArrayBuffer` passed as an argument is the same memory in the task. */
  readonly sharesMemory: boolean;
  /** The class's name, and so the start of its workers' default names. */
  readonly className: string;
  create(options?: AnyOptions): Executor;
}

/**
 * Workers load the fixtures, plain JavaScript, without the flags of this process: without tsx they start faster. Few
 * of them, since most of the time of a run goes into starting processes; CPython's suite has 5 (`CONTRACT_WORKERS=5`).
 */
const defaults = { maxWorkers: Number(process.env['CONTRACT_WORKERS'] ?? 2), execArgv: [] } satisfies AnyOptions;

const threadKind: Kind = {
  name: 'thread',
  pooled: true,
  canBlock: true,
  sharesMemory: true,
  className: 'ThreadPoolExecutor',
  create: (options) => new ThreadPoolExecutor({ ...defaults, ...options }),
};

const processKind: Kind = {
  name: 'process',
  pooled: true,
  canBlock: false,
  sharesMemory: false,
  className: 'ProcessPoolExecutor',
  create: (options) => new ProcessPoolExecutor({ ...defaults, ...options }),
};

/** Takes no options and runs one task at a time, as a pool of one worker would. */
const inlineKind: Kind = {
  name: 'inline',
  pooled: false,
  canBlock: true,
  sharesMemory: true,
  className: 'InlineExecutor',
  create: () => new InlineExecutor(),
};

/** One worker with threads, in this process; the broker is a process of its own. */
const clusterKind: Kind = {
  name: 'cluster',
  pooled: true,
  canBlock: false,
  sharesMemory: false,
  className: 'ClusterExecutor',
  create: (options) => testCluster(server as TestServer, { ...defaults, ...options }),
};

/** `CONTRACT_KIND=thread,process` narrows a run to some executors. */
const wanted = process.env['CONTRACT_KIND']?.split(',');
/** Where CI runs, it has to be there: a test that skips itself for ever tells nothing. */
// Soak and matrix are about pools of this machine, and count processes.
const isContract = process.argv[1]?.includes('/contract/') === true;
const hindrance = isContract && (wanted === undefined || wanted.includes('cluster')) ? serverHindrance() : false;
if (hindrance !== false) {
  if (process.env['CI'] === 'true' || wanted?.includes('cluster')) throw new Error(hindrance);
  test('the contract on a cluster', { skip: hindrance }, () => {});
}
const among = (...kinds: Kind[]): readonly Kind[] =>
  kinds.filter((kind) =>
    wanted === undefined ? kind !== clusterKind || hindrance === false : wanted.includes(kind.name),
  );

export const all: readonly Kind[] = among(threadKind, processKind, inlineKind, clusterKind);
export const pooled: readonly Kind[] = among(threadKind, processKind, clusterKind);
/** Those whose workers belong to the executor itself. */
export const local: readonly Kind[] = among(threadKind, processKind, inlineKind);
export const localPools: readonly Kind[] = among(threadKind, processKind);
export const threads: readonly Kind[] = among(threadKind);
export const processes: readonly Kind[] = among(processKind);
export const inline: readonly Kind[] = among(inlineKind);
export const blocking: readonly Kind[] = among(threadKind, inlineKind);

const server = isContract && all.includes(clusterKind) ? await startServer() : undefined;

/** The processes of an executor's workers that are there now; none for threads. */
export function workerPids(kind: Kind, executor: Executor): number[] {
  if (kind.name !== 'process') return [];
  return executor.stats().workers.flatMap((worker) => worker.systemId ?? []);
}
