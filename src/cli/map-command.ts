/** `futures map`: everything is checked first, in the order of its cost; then the run, then the summary. */

import type { Executor, Future } from 'concurrent-futures';
import { formatDuration } from './durations.js';
import { exitCodes } from './exit-codes.js';
import { openInputs } from './inputs/open-inputs.js';
import { watchSignals } from './interrupts.js';
import { makeExecutor } from './make-executor.js';
import type { MapSettings } from './map-options.js';
import { findModuleTask, type ModuleTask } from './module-task.js';
import { fileOutput, type OutputListener, type RecordOutput, standardOutput } from './output.js';
import { type Progress, startProgress } from './progress.js';
import { type TaskRecord, writtenRecord } from './records.js';
import { MapRun, type RunEnd, type RunPlan } from './run.js';
import { summaryLines } from './summary.js';
import { Tally } from './tally.js';
import { standardError, type Terminal } from './terminal.js';
import { messageOf, UsageError } from './usage-error.js';

/** Inputs that are read and not done, for each worker: enough that no worker ever waits for us to read. */
const inFlightPerWorker = 4;
/** How long idle workers may take to end, before we end without them. */
const shutdownMs = 5000;

/** Runs the command and gives its exit code. Throws a {@link UsageError} before anything has started. */
export async function runMap(settings: MapSettings): Promise<number> {
  const task = await findModuleTask(settings.module, process.cwd());
  const inputs = await openInputs(settings.inputs);
  const terminal = standardError();
  const tally = new Tally();
  // The output's listener, the progress and the run know each other: filled in below, before any of them acts.
  const parts: { run?: MapRun; progress?: Progress } = {};
  const output = openOutput(settings, () => parts.progress?.hide(), {
    ready: () => parts.run?.wake(),
    lost: (loss) => parts.run?.loseOutput(loss),
  });
  const { executor, workers } = makeExecutor(settings.executor, settings.maxWorkers);
  const run = new MapRun({
    ...outcomeSinks(tally, output),
    inputs,
    graceMs: settings.graceMs,
    inFlightMax: workers * inFlightPerWorker,
    submit: submitter(executor, task, settings),
  });
  const progress = startProgress(terminal, { tally, total: inputs.total, running: () => executor.stats().running });
  Object.assign(parts, { run, progress });
  announceSignals(run, progress, terminal, settings.graceMs);
  const end = await run.run();
  await executor.shutdown({ cancelFutures: true, timeout: shutdownMs });
  inputs.close();
  await output.close();
  progress.stop();
  return conclude(end, tally, terminal, run.notStarted(tally.done));
}

function openOutput(settings: MapSettings, beforeWrite: () => void, listener: OutputListener): RecordOutput {
  const { inputs, outputPath } = settings;
  if (outputPath === undefined) return standardOutput(process.stdout.isTTY ? beforeWrite : () => {}, listener);
  return fileOutput(outputPath, inputs.kind === 'file' ? inputs.path : undefined, listener);
}

function outcomeSinks(tally: Tally, output: RecordOutput): Pick<RunPlan, 'onRecord' | 'isOutputReady'> {
  return {
    onRecord: (done: TaskRecord) => {
      const { record, line } = writtenRecord(done);
      tally.count(record);
      output.write(line);
    },
    isOutputReady: () => output.isReady(),
  };
}

function submitter(
  executor: Executor,
  { run, name }: ModuleTask,
  { timeoutMs, retries, spread }: MapSettings,
): (input: unknown) => Future<unknown> {
  const timeout = timeoutMs === undefined ? {} : { timeout: timeoutMs };
  const target = executor.with({ name, retries, ...timeout });
  return (input) =>
    spread && Array.isArray(input) ? target.submit(run, ...(input as unknown[])) : target.submit(run, input);
}

function announceSignals(run: MapRun, progress: Progress, terminal: Terminal, graceMs: number): void {
  watchSignals(
    (signal) => {
      progress.hide();
      terminal.write(`${signal}: no more inputs; ${whatRunning(graceMs)} (again to end now)\n`);
      run.interrupt(signal);
    },
    () => progress.hide(),
  );
}

function whatRunning(graceMs: number): string {
  return graceMs === 0 ? 'running tasks are stopped' : `running tasks have ${formatDuration(graceMs)} to end`;
}

function conclude(end: RunEnd, tally: Tally, terminal: Terminal, notStarted: number | undefined): number {
  const failed = tally.failed > 0 ? exitCodes.someFailed : exitCodes.succeeded;
  // A reader that has seen enough (`| head`) wants no summary either.
  if (end.kind === 'output lost' && end.loss.kind === 'reader gone') return exitCodes.succeeded;
  terminal.write(`${summaryLines(tally, notStarted, terminal).join('\n')}\n`);
  switch (end.kind) {
    case 'inputs over':
      return failed;
    case 'interrupted':
      return exitCodes[end.signal];
    case 'input malformed':
      reportProblem(terminal, `${messageOf(end.error)} (reading stopped there)`);
      return exitCodes.wrongUsage;
    case 'executor broken':
      reportProblem(terminal, messageOf(end.error));
      return exitCodes.someFailed;
    case 'output lost':
      reportProblem(terminal, end.loss.kind === 'write failed' ? end.loss.message : 'the output is closed');
      return exitCodes.someFailed;
    default:
      return end satisfies never;
  }
}

/** One message, as commander words its own. */
export function reportProblem({ colors, write }: Pick<Terminal, 'colors' | 'write'>, message: string): void {
  write(`${colors.red('error:')} ${message}\n`);
}
