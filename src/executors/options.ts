/** The options that users write, checked: each fault is one error that names the option, its value and what is allowed. */

import type { ResourceLimits, SHARE_ENV } from 'node:worker_threads';
import { BootstrapError } from '../errors.js';
import { functionHandle } from '../functions/handle.js';
import { inThisContext } from '../future/in-context.js';
import type { Transfer } from '../pool/host.js';
import type { PoolSettings } from '../pool/settings.js';
import type { RetryPolicy, TaskSettings } from '../pool/task-settings.js';
import { notSerializable } from '../protocol/values.js';
import { type Progress, workerScope } from '../worker/current.js';
import { type ContextOption, contextReader } from './context.js';
import { usableProcessors } from './cpus.js';

/** Options of every pool. Times are in milliseconds. */
export interface PoolOptions {
  /**
   * How many workers there are at most; by default the processors that this process may use. In a task: its worker's share of
   * them, so that nested executors do not have workers times workers.
   */
  readonly maxWorkers?: number;
  /** How many workers are started at once and kept; 0 by default. */
  readonly minWorkers?: number;
  /** How long a worker may be idle before it is let go; 60,000 by default, `Infinity` for ever. */
  readonly idleTimeout?: number;
  /** Runs in each worker before its first task, with `initargs`. When it throws, the executor is broken. */
  // biome-ignore lint/suspicious/noExplicitAny: the arguments are the initializer's own business
  readonly initializer?: (...args: any[]) => unknown;
  readonly initargs?: readonly unknown[];
  /** How many tasks a worker runs before it is replaced; no limit by default. */
  readonly maxTasksPerWorker?: number;
  /** Workers are called `<namePrefix>_<index>`; `ThreadPoolExecutor-<n>` and the like by default. */
  readonly namePrefix?: string;
  /** How long a worker may take until it is ready; 30,000 by default. */
  readonly startupTimeout?: number;
  /** How long leaving an `await using` block may take; what still runs then is stopped. No limit by default. */
  readonly shutdownTimeout?: number;
  /**
   * After how long without progress (a task that runs on, a pool that finishes none) a process warning says what the executor does,
   * as `explain()` does. In milliseconds; never by default.
   */
  readonly stuckAfter?: number;
  /**
   * How many workers that died by themselves are replaced within a minute; one more breaks the executor. 0 is what Python does. No
   * limit by default, since every such death fails a task, which says so.
   */
  readonly maxRestarts?: number;
  /** How many tasks may wait; `submit` beyond it throws `QueueFullError`. No limit by default. */
  readonly maxQueue?: number;
  /**
   * How many bytes of arguments, about, the tasks that are not done may hold: once they do, `submit` throws `QueueFullError`, and
   * `map` reads on when some are done. No limit by default.
   */
  readonly maxQueueBytes?: number;
  /** How many tasks a worker may be handed beyond the one that it runs: `'auto'` (by how long they take), or a cap. */
  readonly prefetch?: 'auto' | number;
}

/** Options of thread workers, with the meaning that `node:worker_threads` gives them. */
export interface ThreadOptions {
  readonly resourceLimits?: ResourceLimits;
  readonly env?: NodeJS.ProcessEnv | typeof SHARE_ENV;
  readonly execArgv?: readonly string[];
  /** Where what workers print goes: this process's standard output (`false`), its standard error, or nowhere (`true`). */
  readonly stdout?: boolean | 'stderr';
  /** `true` keeps what workers print away from this process's standard error. */
  readonly stderr?: boolean;
}

/** Options of process workers, with the meaning that `node:child_process` gives them. */
export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly execArgv?: readonly string[];
  readonly execPath?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Where what workers print goes: this process's standard output (`false`), its standard error, or nowhere (`true`). */
  readonly stdout?: boolean | 'stderr';
  /** Bytes of resident memory; a worker that is over it after a task is replaced. */
  readonly maxMemory?: number;
}

/** When and how a failed task is run again. */
export interface RetryOptions {
  /** How often it may be run again. */
  readonly times: number;
  /** The wait before the first re-run in milliseconds, doubled each time; 0 by default. */
  readonly backoff?: number;
  /** No wait is longer, in milliseconds; 30,000 by default. */
  readonly maxBackoff?: number;
  /** Whether a failure of that attempt (from 1) is worth another; every failure is by default. */
  readonly retryOn?: (error: unknown, attempt: number) => boolean;
}

/** Options of a task, carried by `executor.with(options)`. */
export interface TaskOptions {
  /** How long the task may run, in milliseconds from its start. It is then stopped, with its worker if need be. */
  readonly timeout?: number;
  /** Cancels the task when it aborts, and stops it if it runs. */
  readonly signal?: AbortSignal;
  /** Higher goes first; 0 by default. */
  readonly priority?: number;
  /** How often a failed task is run again, or when and how; never by default. */
  readonly retries?: number | RetryOptions;
  /** What is moved to the worker instead of copied; it is detached here at once. */
  readonly transfer?: readonly Transfer[];
  /** The task's name in errors, statistics and pictures; its function's by default. */
  readonly name?: string;
  /** `AsyncLocalStorage`s by name: what they hold at the submit is copied, and read in the task as `currentTask().context`. */
  readonly context?: ContextOption;
  /** Called with what the task passes to `currentTask().report()`, and the task's name. */
  readonly onReport?: (progress: number | Progress, name: string) => void;
}

const poolOptionNames = [
  'maxWorkers',
  'minWorkers',
  'idleTimeout',
  'initializer',
  'initargs',
  'maxTasksPerWorker',
  'namePrefix',
  'startupTimeout',
  'shutdownTimeout',
  'stuckAfter',
  'maxRestarts',
  'maxQueue',
  'maxQueueBytes',
  'prefetch',
];
export const threadOptionNames = ['resourceLimits', 'env', 'execArgv', 'stdout', 'stderr'];
export const processOptionNames = ['cwd', 'env', 'execArgv', 'execPath', 'uid', 'gid', 'stdout', 'maxMemory'];
const taskOptionNames = ['timeout', 'signal', 'priority', 'retries', 'transfer', 'name', 'context', 'onReport'];
const retryOptionNames = ['times', 'backoff', 'maxBackoff', 'retryOn'];

/** Executors in tasks of executors: far more than anybody needs, and few enough to end a program that makes them without end. */
const depthMax = 8;

const poolCounts = new Map<string, number>();

/** Checks the options of a pool and fills in what is not given. */
export function poolSettings(
  className: string,
  options: (PoolOptions & { readonly maxMemory?: number }) | undefined,
  ownNames: readonly string[],
): PoolSettings & { readonly shutdownTimeoutMs: number } {
  const given = checkNames(`${className} option`, options, [...poolOptionNames, ...ownNames]);
  const { depth = 0, processors = usableProcessors() } = workerScope() ?? {};
  if (depth >= depthMax) {
    throw new BootstrapError(
      `${className} can't be made here: executors are nested ${depth} deep, each in a task of the one before, which is the limit. ` +
        'A task that makes an executor for a task like itself never ends.',
    );
  }
  const maxWorkers = wholeNumber('maxWorkers', given.maxWorkers, 1) ?? processors;
  const minWorkers = wholeNumber('minWorkers', given.minWorkers, 0) ?? 0;
  if (minWorkers > maxWorkers)
    throw new RangeError(`minWorkers must be at most maxWorkers (${maxWorkers}); got ${minWorkers}`);
  const namePrefix = text('namePrefix', given.namePrefix) ?? `${className}-${nextNumber(className)}`;
  return {
    namePrefix,
    maxWorkers,
    processors,
    depth,
    minWorkers,
    idleTimeoutMs: duration('idleTimeout', given.idleTimeout) ?? 60_000,
    startupTimeoutMs: duration('startupTimeout', given.startupTimeout) ?? 30_000,
    shutdownTimeoutMs: duration('shutdownTimeout', given.shutdownTimeout) ?? Number.POSITIVE_INFINITY,
    stuckAfterMs: duration('stuckAfter', given.stuckAfter) ?? Number.POSITIVE_INFINITY,
    maxTasksPerWorker: limit('maxTasksPerWorker', given.maxTasksPerWorker, 1),
    maxRestarts: limit('maxRestarts', given.maxRestarts, 0),
    maxQueue: limit('maxQueue', given.maxQueue, 1),
    maxQueueBytes: limit('maxQueueBytes', given.maxQueueBytes, 1),
    prefetch: prefetchOption(given.prefetch),
    maxMemory: wholeNumber('maxMemory', given.maxMemory, 1) ?? 0,
    initializer: initializerOption(given),
  };
}

/** Checks the options of a task, which add to what is set already; one that is `undefined` is as it is by default. */
export function taskSettings(options: TaskOptions, base: TaskSettings = defaultTaskSettings()): TaskSettings {
  const given = checkNames('task option', options, taskOptionNames);
  const settings: { -readonly [name in keyof TaskSettings]: TaskSettings[name] } = { ...base };
  // Many a task has a view of its own, with a name: only what is given is looked at.
  if ('name' in given) settings.name = text('name', given.name);
  if ('timeout' in given) settings.timeoutMs = duration('timeout', given.timeout) ?? Number.POSITIVE_INFINITY;
  if ('signal' in given) settings.signal = signalOption(given.signal);
  if ('priority' in given) settings.priority = number('priority', given.priority) ?? 0;
  if ('retries' in given) settings.retry = retryPolicy(given.retries);
  if ('transfer' in given) settings.transfer = transferOption(given.transfer);
  if ('context' in given) settings.context = contextReader(given.context);
  if ('onReport' in given) settings.onReport = onReportOption(given.onReport);
  return settings;
}

const plainSettings: TaskSettings = {
  name: undefined,
  timeoutMs: Number.POSITIVE_INFINITY,
  signal: undefined,
  priority: 0,
  retry: undefined,
  transfer: [],
  context: undefined,
  onReport: undefined,
};

/** The settings of a task that was given no options; the same object each time. */
export function defaultTaskSettings(): TaskSettings {
  return plainSettings;
}

function signalOption(value: TaskOptions['signal']): AbortSignal | undefined {
  if (value !== undefined && !(value instanceof AbortSignal)) throw wrongType('signal', value, 'an AbortSignal');
  return value;
}

function transferOption(value: TaskOptions['transfer']): readonly Transfer[] {
  if (value !== undefined && !Array.isArray(value)) throw wrongType('transfer', value, 'a list');
  return value ?? [];
}

function onReportOption(value: TaskOptions['onReport']): TaskSettings['onReport'] {
  if (value !== undefined && typeof value !== 'function') throw wrongType('onReport', value, 'a function');
  return value && inThisContext(value as (progress: unknown, name: string) => void);
}

function retryPolicy(retries: TaskOptions['retries']): RetryPolicy | undefined {
  if (retries === undefined || retries === 0) return undefined;
  const given: RetryOptions =
    typeof retries === 'object' && retries !== null
      ? checkNames('retries option', retries, retryOptionNames)
      : { times: wholeNumber('retries', retries, 0) as number };
  const { retryOn } = given;
  if (retryOn !== undefined && typeof retryOn !== 'function') throw wrongType('retries.retryOn', retryOn, 'a function');
  return {
    times: wholeNumber('retries.times', given.times, 0) ?? 0,
    backoff: duration('retries.backoff', given.backoff) ?? 0,
    maxBackoff: duration('retries.maxBackoff', given.maxBackoff) ?? 30_000,
    retryOn: retryOn ?? (() => true),
  };
}

function initializerOption(given: PoolOptions): PoolSettings['initializer'] {
  const { initializer, initargs } = given;
  if (initargs !== undefined && !Array.isArray(initargs)) throw wrongType('initargs', initargs, 'a list of arguments');
  if (initializer === undefined) return undefined;
  if (typeof initializer !== 'function') throw wrongType('initializer', initializer, 'a function');
  return { handle: functionHandle(initializer), args: copyOf(initargs ?? [], 'initargs') };
}

function copyOf<T>(value: T, name: string): T {
  try {
    return structuredClone(value);
  } catch (cause) {
    throw notSerializable(value, name, cause, structuredClone);
  }
}

function prefetchOption(value: PoolOptions['prefetch']): 'auto' | number {
  if (value === undefined || value === 'auto') return 'auto';
  if (typeof value !== 'number') throw wrongType('prefetch', value, "'auto' or a number of tasks");
  return wholeNumber('prefetch', value, 0) as number;
}

function nextNumber(className: string): number {
  const count = (poolCounts.get(className) ?? 0) + 1;
  poolCounts.set(className, count);
  return count;
}

/** Checks that options are an object with known names only; gives it, or an empty one. */
export function checkNames<T extends object>(what: string, options: T | undefined, known: readonly string[]): T {
  if (options === undefined) return {} as T;
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`${what}s must be an object; got ${show(options)}`);
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const meant = known.find((candidate) => candidate.toLowerCase() === name.toLowerCase().replace(/[-_]/g, ''));
    const hint = meant ? `did you mean "${meant}"?` : `known: ${known.join(', ')}`;
    throw new TypeError(`unknown ${what} "${name}"; ${hint}`);
  }
  return options;
}

function number(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number') throw wrongType(name, value, 'a number');
  if (Number.isNaN(value)) throw new RangeError(`${name} must be a number; got NaN`);
  return value;
}

export function wholeNumber(name: string, value: unknown, least: number): number | undefined {
  const given = number(name, value);
  if (given !== undefined && (!Number.isInteger(given) || given < least)) {
    throw new RangeError(`${name} must be a whole number of at least ${least}; got ${given}`);
  }
  return given;
}

/** A count without a limit when it is not given or infinite. */
export function limit(name: string, value: unknown, least: number): number {
  if (value === undefined || value === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  return wholeNumber(name, value, least) as number;
}

export function duration(name: string, value: unknown): number | undefined {
  const given = number(name, value);
  if (given !== undefined && given < 0) throw new RangeError(`${name} must be at least 0 milliseconds; got ${given}`);
  return given;
}

function text(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw wrongType(name, value, 'a string');
  return value;
}

function wrongType(name: string, value: unknown, allowed: string): TypeError {
  return new TypeError(`${name} must be ${allowed}; got ${show(value)}`);
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
