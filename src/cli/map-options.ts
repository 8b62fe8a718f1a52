/** The options of `futures map`: declared, checked, and turned into settings. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from './durations.js';
import { formatOfPath, type InputChoice, type InputFormat, inputFormats } from './inputs/open-inputs.js';
import { type ExecutorKind, executorKinds } from './make-executor.js';
import { UsageError } from './usage-error.js';

export interface MapSettings {
  /** `module#export`, as written. */
  readonly module: string;
  readonly inputs: InputChoice;
  readonly executor: ExecutorKind;
  readonly maxWorkers: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly retries: number;
  /** How long running tasks may go on after a signal. */
  readonly graceMs: number;
  /** Undefined for standard output. */
  readonly outputPath: string | undefined;
  readonly spread: boolean;
}

/** What commander hands over. */
export interface MapFlags {
  readonly executor: ExecutorKind;
  readonly maxWorkers?: number;
  readonly timeout?: number;
  readonly retries: number;
  readonly grace: number;
  readonly input?: string;
  readonly inputFormat?: InputFormat;
  readonly output?: string;
  readonly spread?: boolean;
}

const notes = `
The module is a file, a file: URL or an installed package. Without #export, its
default export is called, or the only function that it exports. Inputs that
start with a dash follow "--".

Results are JSON Lines, one object per input, in order of completion:
  {"index":0,"input":"a.png","status":"ok","value":12,"ms":8.1,"attempts":1}
  {"index":1,"input":"b.png","status":"failed","error":{"name":"Error",
   "message":"…","stack":"…"},"ms":2.5,"attempts":1}
Everything else that the command has to say goes to standard error.

Examples:
  futures map ./resize.js a.png b.png c.png
  futures map ./tasks.ts#resize --input images.csv --output results.jsonl
  futures map ./tasks.js#add --spread --input pairs.json --executor process
  find . -name '*.png' | futures map ./resize.js --input - --timeout 30s

Exit codes: 0 all succeeded, 1 some failed, 2 wrong usage or a malformed input,
130 and 143 ended by SIGINT (Ctrl-C) and SIGTERM. After a first signal no task is
started, and running ones have --grace to end; a second one ends the command now.
`;

/** Declares the arguments and options. */
export function declareMapOptions(command: Command): Command {
  return command
    .argument('<module[#export]>', 'the module, and which of its functions to call')
    .argument('[inputs...]', 'the inputs, one call for each')
    .addOption(
      new Option('-e, --executor <kind>', 'where tasks run')
        .choices(executorKinds)
        .default('thread' satisfies ExecutorKind),
    )
    .option('-w, --max-workers <n>', 'how many run at once (default: one per core)', wholeNumberFrom(1))
    .option('-t, --timeout <duration>', 'limit for each task: 250ms, 30s, 3m, 1h', duration)
    .option('-r, --retries <n>', 'how often a failed task is tried again', wholeNumberFrom(0), 0)
    .addOption(
      new Option('-g, --grace <duration>', 'how long running tasks may go on after Ctrl-C or SIGTERM')
        .argParser(grace)
        .default(5000, '5s'),
    )
    .option(
      '-i, --input <file>',
      'read inputs from a file (.json, .jsonl, .ndjson, .csv, else lines); - for standard input',
    )
    .addOption(new Option('-f, --input-format <format>', 'what the input is, whatever its name').choices(inputFormats))
    .option('-o, --output <file>', 'write results to a file, not to standard output')
    .option('-s, --spread', 'an input that is an array becomes several arguments')
    .addHelpText('after', notes);
}

/** The settings; throws a {@link UsageError} for what does not go together. */
export function mapSettings(module: string, values: readonly string[], flags: MapFlags): MapSettings {
  return {
    module,
    inputs: chooseInputs(values, flags),
    executor: flags.executor,
    maxWorkers: flags.maxWorkers,
    timeoutMs: flags.timeout,
    retries: flags.retries,
    graceMs: flags.grace,
    outputPath: flags.output,
    spread: flags.spread ?? false,
  };
}

function chooseInputs(values: readonly string[], { input, inputFormat }: MapFlags): InputChoice {
  if (input === undefined) {
    if (inputFormat !== undefined)
      throw new UsageError('--input-format says what --input holds, and there is no --input');
    if (values.length > 0) return { kind: 'arguments', values };
    throw new UsageError(
      'there are no inputs: give them after the module, or use --input FILE, or --input - to read standard input',
    );
  }
  if (values.length > 0) {
    throw new UsageError(`inputs come either from --input or after the module, not from both (found "${values[0]}")`);
  }
  if (input === '') throw new UsageError('--input needs the name of a file, or - for standard input');
  if (input === '-') return { kind: 'stdin', format: inputFormat ?? 'lines' };
  return { kind: 'file', path: input, format: inputFormat ?? formatOfPath(input) };
}

function duration(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined) return durationMs;
  throw new InvalidArgumentError('It must be a length of time above zero, like 250ms, 30s, 3m or 1h.');
}

/** No time at all is a grace, too. */
function grace(text: string): number {
  return /^0+ *(ms|s|m|h)?$/.test(text.trim()) ? 0 : duration(text);
}

function wholeNumberFrom(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && Number.isSafeInteger(value)) return value;
    throw new InvalidArgumentError(`It must be a whole number, ${least} or more.`);
  };
}
