/** Flags → settings: what does not go together is one {@link UsageError}. */

import { formatOfPath, type InputChoice } from './inputs/open-inputs.js';
import type { ExecutorKind } from './make-executor.js';
import type { MapFlags, Order, ProgressKind, RunFlags } from './map-options.js';
import type { Limit } from './units.js';
import { UsageError } from './usage-error.js';

/** What is run. */
export interface Work {
  /** `module#export`, as written. */
  readonly module: string;
  readonly inputs: InputChoice;
  /** Only so many inputs are taken; `undefined` for all. */
  readonly limit: number | undefined;
  /** Whether a malformed input ends the reading. */
  readonly strict: boolean;
  readonly spread: boolean;
}

/** How it is run, and what is shown. Times in milliseconds, memory in bytes. */
export interface RunSettings {
  readonly executor: ExecutorKind;
  /** `undefined` for what the pool decides. */
  readonly maxWorkers: Limit | undefined;
  readonly timeoutMs: number | undefined;
  readonly totalTimeoutMs: number | undefined;
  readonly retries: number;
  readonly backoffMs: number;
  /** The run is stopped once more than so many have failed. */
  readonly maxFailures: Limit | undefined;
  /** How long running tasks may go on once the run is stopped. */
  readonly graceMs: number;
  /** `module#export`, as written. */
  readonly init: string | undefined;
  readonly maxTasksPerWorker: number | undefined;
  readonly maxMemory: number | undefined;
  /** Undefined for standard output. */
  readonly outputPath: string | undefined;
  readonly order: Order;
  readonly reportPath: string | undefined;
  readonly tracePath: string | undefined;
  readonly progress: ProgressKind;
  /** A folder for what tasks print. */
  readonly logsPath: string | undefined;
  readonly quiet: boolean;
}

export function workOf(module: string, values: readonly string[], flags: MapFlags): Work {
  return {
    module,
    inputs: chooseInputs(values, flags),
    limit: flags.limit,
    strict: flags.strict ?? false,
    spread: flags.spread ?? false,
  };
}

export function runSettings(flags: RunFlags): RunSettings {
  const executor = flags.executor ?? 'thread';
  checkFlags(executor, flags);
  return {
    executor,
    maxWorkers: flags.maxWorkers === 'auto' ? undefined : flags.maxWorkers,
    timeoutMs: flags.timeout,
    totalTimeoutMs: flags.totalTimeout,
    retries: flags.retries ?? 0,
    backoffMs: flags.backoff ?? 0,
    maxFailures: flags.failFast ? { count: 0 } : flags.maxFailures,
    graceMs: flags.grace ?? 5000,
    init: flags.init,
    maxTasksPerWorker: flags.maxTasksPerWorker,
    maxMemory: flags.maxMemory,
    outputPath: flags.output,
    order: flags.order ?? 'completion',
    reportPath: flags.report,
    tracePath: flags.trace,
    progress: flags.progress ?? (flags.quiet ? 'none' : 'auto'),
    logsPath: flags.logs,
    quiet: flags.quiet ?? false,
  };
}

function checkFlags(executor: ExecutorKind, flags: RunFlags): void {
  if (flags.backoff !== undefined && (flags.retries ?? 0) === 0)
    throw new UsageError('--backoff is the wait before a retry, and there are none: add --retries N');
  if (flags.failFast && flags.maxFailures !== undefined)
    throw new UsageError('--fail-fast stops at the first failure, --max-failures later: give one of them');
  if (executor !== 'inline') return;
  for (const [option, value] of [
    ['--max-tasks-per-worker', flags.maxTasksPerWorker],
    ['--max-memory', flags.maxMemory],
  ]) {
    if (value !== undefined)
      throw new UsageError(`${option} is about workers, and --executor inline has none that can be replaced`);
  }
}

function chooseInputs(values: readonly string[], { input, inputFormat, glob }: MapFlags): InputChoice {
  const given = [
    ...(values.length > 0 ? ['after the module'] : []),
    ...(input === undefined ? [] : ['from --input']),
    ...(glob === undefined ? [] : ['from --glob']),
  ];
  if (given.length === 0) {
    throw new UsageError(
      'there are no inputs: give them after the module, or use --input FILE, --glob PATTERN, or --input - to read standard input',
    );
  }
  if (given.length > 1) throw new UsageError(`inputs come from one place, not ${given.join(' and ')}`);
  if (inputFormat !== undefined && input === undefined)
    throw new UsageError('--input-format says what --input holds, and there is no --input');
  if (glob !== undefined) return { kind: 'glob', patterns: glob };
  if (input === undefined) return { kind: 'arguments', values };
  if (input === '') throw new UsageError('--input needs the name of a file, or - for standard input');
  if (input === '-') return { kind: 'stdin', format: inputFormat ?? 'lines' };
  return { kind: 'file', path: input, format: inputFormat ?? formatOfPath(input) };
}
