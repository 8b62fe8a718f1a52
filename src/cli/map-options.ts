/** The options of `futures map` and `futures resume`: declared, and each checked by itself. */

import { type Command, Option } from 'commander';
import { type InputFormat, inputFormats } from './inputs/open-inputs.js';
import { type ExecutorKind, executorKinds } from './make-executor.js';
import { bytes, duration, grace, limit, wholeNumberFrom, workers } from './option-values.js';
import type { Limit } from './units.js';

export const orders = ['completion', 'input'] as const;
export type Order = (typeof orders)[number];

const progressKinds = ['auto', 'live', 'plain', 'json', 'none'] as const;
export type ProgressKind = (typeof progressKinds)[number];

/** What says how a run goes and what it shows: may differ when it is resumed. */
export interface RunFlags {
  readonly executor?: ExecutorKind;
  readonly maxWorkers?: Limit | 'auto';
  readonly timeout?: number;
  readonly totalTimeout?: number;
  readonly retries?: number;
  readonly backoff?: number;
  readonly failFast?: boolean;
  readonly maxFailures?: Limit;
  readonly grace?: number;
  readonly init?: string;
  readonly maxTasksPerWorker?: number;
  readonly maxMemory?: number;
  readonly output?: string;
  readonly order?: Order;
  readonly logs?: string;
  readonly progress?: ProgressKind;
  readonly quiet?: boolean;
  readonly report?: string;
  readonly trace?: string;
}

/** What says what is run: the same for as long as a journal lasts. */
interface WorkFlags {
  readonly input?: string;
  readonly inputFormat?: InputFormat;
  readonly glob?: string[];
  readonly limit?: number;
  readonly strict?: boolean;
  readonly spread?: boolean;
}

/** What commander hands over for `map`. */
export interface MapFlags extends RunFlags, WorkFlags {
  readonly journal?: string;
}

/** Declares what is called, and the inputs. */
export function declareWorkOptions(command: Command): Command {
  return command
    .argument('<module[#export]>', 'the module, and which of its functions to call')
    .argument('[inputs...]', 'the inputs, one call for each')
    .optionsGroup('Inputs:')
    .option('-i, --input <file>', 'read inputs from a file, or - for standard input')
    .addOption(new Option('-f, --input-format <format>', 'what it holds, whatever its name').choices(inputFormats))
    .option('--glob <pattern...>', "the files that match are the inputs: 'photos/**/*.jpg'")
    .option('-n, --limit <n>', 'take only the first n inputs', wholeNumberFrom(0))
    .option('-s, --spread', 'an input that is an array becomes several arguments')
    .option('--strict', 'stop at a malformed input instead of counting it as failed');
}

/** Declares how it is run and what is shown. */
export function declareRunOptions(command: Command): Command {
  return command
    .optionsGroup('Running:')
    .addOption(new Option('-e, --executor <kind>', 'where tasks run (default: thread)').choices(executorKinds))
    .option('-w, --max-workers <n>', 'how many run at once: 8, 50% of the cores, auto', workers)
    .option('-t, --timeout <duration>', 'limit for each task: 250ms, 30s, 3m, 1h', duration)
    .option('-T, --total-timeout <duration>', 'limit for the whole run', duration)
    .option('-r, --retries <n>', 'how often a failed task is tried again (default: 0)', wholeNumberFrom(0))
    .option('--backoff <duration>', 'wait before the first retry, doubled with each', duration)
    .option('--fail-fast', 'stop at the first failure')
    .option('--max-failures <n|p%>', 'stop once more than so many have failed: 10, 5%', limit)
    .option('-g, --grace <duration>', 'what running tasks get when the run is stopped (default: 5s)', grace)
    .option('--init <module#export>', 'a function that each worker calls first')
    .option('--max-tasks-per-worker <n>', 'replace a worker after so many tasks', wholeNumberFrom(1))
    .option('--max-memory <size>', 'replace a worker that has more: 512M, 2G', bytes)
    .optionsGroup('Results:')
    .option('-o, --output <file>', 'write results to a file, not to standard output')
    .addOption(new Option('--order <order>', 'order of the results (default: completion)').choices(orders))
    .option('--report <file.html>', 'write a page with a timeline, latencies and failures')
    .option('--trace <file.json>', 'write a trace for Perfetto and chrome://tracing')
    .optionsGroup('Progress:')
    .addOption(new Option('--progress <kind>', 'how progress is shown (default: auto)').choices(progressKinds))
    .option('--logs <dir>', 'write what tasks print to a file for each')
    .option('-q, --quiet', 'show nothing but errors');
}
