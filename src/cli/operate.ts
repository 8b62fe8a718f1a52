/** One run, from its checked settings to its exit code: everything is checked first, in the order of its cost. */

import type { Executor, Future } from 'concurrent-futures';
import { announce, conclude, hintAtResuming } from './conclusion.js';
import type { OpenInputs } from './inputs/open-inputs.js';
import { leaveSignals, watchSignals } from './interrupts.js';
import type { PreparedJournal } from './journal/run-journal.js';
import { endThreads } from './live-threads.js';
import { leaveStandardOutputToResults, type ReadyExecutor } from './make-executor.js';
import type { RunSettings, Work } from './map-settings.js';
import type { ModuleTask } from './module/module-task.js';
import { inCompletionOrder, inInputOrder, type OrderedOutput } from './ordered-output.js';
import { fileOutput, type KeptFile, type OutputListener, standardOutput } from './output.js';
import { capturePrints } from './prints/captured-prints.js';
import type { LogsFolder } from './prints/logs-folder.js';
import { taggedLine } from './prints/tagged-line.js';
import { TaskNews } from './prints/task-news.js';
import { type Progress, startProgress } from './progress/progress.js';
import type { RunFiles } from './report/run-files.js';
import { MapRun, type RunEnd } from './run.js';
import { Sink } from './sink.js';
import { Tally } from './tally.js';
import { taskLabel } from './task-label.js';
import { standardError, type Terminal } from './terminal.js';

export interface Operation {
  readonly task: ModuleTask;
  readonly ready: ReadyExecutor;
  readonly inputs: OpenInputs;
  /** The file that they are read from, which no output may overwrite. */
  readonly inputPath: string | undefined;
  readonly spread: boolean;
  readonly settings: RunSettings;
  readonly work: Work;
  /** Opened last, when nothing else can be wrong any more. */
  readonly prepared: PreparedJournal | undefined;
  /** Where what tasks print is kept. */
  readonly logs: LogsFolder | undefined;
}

/** Inputs that are read and not done, for each worker: enough that no worker ever waits for us to read. */
const inFlightPerWorker = 4;
/** How long idle workers may take to end, before we end without them. */
const shutdownMs = 5000;

export async function operate(operation: Operation): Promise<number> {
  const { inputs, settings } = operation;
  const terminal = standardError();
  const tally = new Tally();
  // The output's listener, the progress and the run know each other: filled in below, before any of them acts.
  const parts: { run?: MapRun; progress?: Progress } = {};
  const output = openOutput(operation, (write) => (parts.progress?.above ?? now)(write), {
    ready: () => parts.run?.wake(),
    lost: (loss) => parts.run?.loseOutput(loss),
  });
  if (settings.executor === 'inline') leaveStandardOutputToResults();
  const { executor, workers } = operation.ready;
  const files = await openFiles(operation);
  const journal = operation.prepared?.open();
  const sink = new Sink(tally, output, journal, (end) => stop(end), { total: inputs.total, settings, files });
  const news = new TaskNews((label, line) => parts.progress?.print(taggedLine(terminal, label, line)));
  const run = new MapRun({
    inputs,
    graceMs: settings.graceMs,
    inFlightMin: workers * inFlightPerWorker,
    submit: submitter(executor, operation, news),
    isRecorded: (index, input) => sink.replay(index, input),
    onRecord: (record) => {
      news.done(record.index);
      sink.take(record);
    },
    isOutputReady: () => output.isReady(),
  });
  const progress = startProgress(settings.progress, terminal, {
    tally,
    total: inputs.total,
    stats: () => executor.stats(),
    reportOf: (label) => news.reportOf(label),
  });
  Object.assign(parts, { run, progress });
  if (settings.executor === 'inline') capturePrints(operation.logs);
  let isStopping = false;
  const stop = (end: RunEnd): void => {
    if (isStopping) return;
    isStopping = true;
    // First, so that what is said is true when it is read.
    run.stop(end);
    if (!settings.quiet) announce(end, executor.stats().running, settings.graceMs, terminal, progress);
  };
  const closeFiles = (ended: string): readonly string[] =>
    files?.close({ tally, ended, notStarted: run.notStarted(tally.done) }) ?? [];
  if (settings.totalTimeoutMs !== undefined) endAfter(settings.totalTimeoutMs, stop);
  watchSignals(
    (signal) => stop({ kind: 'interrupted', signal }),
    () => {
      progress.hide();
      closeFiles('interrupted');
      hintAtResuming(journal, settings, terminal);
    },
  );
  const end = await run.run();
  await executor.shutdown({ cancelFutures: true, timeout: shutdownMs });
  inputs.close();
  await output.close();
  journal?.close(end.kind);
  const fileProblems = closeFiles(end.kind);
  progress.stop();
  const about = { notStarted: run.notStarted(tally.done), journal, settings, fileProblems };
  const exitCode = conclude(end, tally, terminal, about);
  await leaveThreads(terminal);
  return exitCode;
}

/** The end of the process waits for them, and a signal ends that. */
async function leaveThreads(terminal: Terminal): Promise<void> {
  const count = await endThreads();
  if (count === 0) return;
  leaveSignals();
  const who = count === 1 ? 'a task is' : `${count} tasks are`;
  const how = 'Ctrl-C ends it now; with --executor process there is nothing to wait for';
  terminal.write(`waits: ${who} in native code, which can't be interrupted in a thread (${how})\n`);
}

function openOutput(
  operation: Operation,
  whenFree: (write: () => void) => void,
  listener: OutputListener,
): OrderedOutput {
  const { settings } = operation;
  const output =
    settings.outputPath === undefined
      ? standardOutput(process.stdout.isTTY ? whenFree : now, listener)
      : fileOutput(settings.outputPath, keptFiles(operation), listener);
  return settings.order === 'input' ? inInputOrder(output) : inCompletionOrder(output);
}

function now(write: () => void): void {
  write();
}

/** What is read, or was written first, and may not be overwritten. */
function keptFiles({ inputPath, prepared }: Operation, outputPath?: string): KeptFile[] {
  return [
    { path: inputPath, what: 'the file that the inputs are read from' },
    { path: prepared?.path, what: 'the file that the journal is in' },
    { path: outputPath, what: 'the file that --output writes' },
  ].flatMap(({ path, what }) => (path === undefined ? [] : [{ path, what }]));
}

/** The page and the trace, where they are wanted: what writes them is loaded for that alone. */
async function openFiles(operation: Operation): Promise<RunFiles | undefined> {
  const { settings, work, prepared } = operation;
  const { reportPath: report, tracePath: trace } = settings;
  if (report === undefined && trace === undefined) return undefined;
  const { openRunFiles, describeThisRun } = await import('./report/run-files.js');
  const sessions = [...(prepared?.earlier ?? []), { startedAt: Date.now(), endedAt: Number.POSITIVE_INFINITY }];
  return openRunFiles(
    { report, trace, kept: keptFiles(operation, settings.outputPath) },
    describeThisRun(work, settings, sessions),
    sessions,
  );
}

function submitter(
  executor: Executor,
  { task, settings, spread }: Operation,
  news: TaskNews,
): (index: number, input: unknown) => Future<unknown> {
  const { timeoutMs, retries: times, backoffMs } = settings;
  const timeout = timeoutMs === undefined ? {} : { timeout: timeoutMs };
  const retries = times === 0 ? {} : { retries: { times, backoff: backoffMs } };
  const onReport = (told: unknown, name: string): void => news.take(name, told);
  const shared = executor.with({ ...timeout, ...retries, onReport });
  return (index, input) => {
    const target = shared.with({ name: taskLabel(index, input) });
    return spread && Array.isArray(input)
      ? target.submit(task.run, ...(input as unknown[]))
      : target.submit(task.run, input);
  };
}

function endAfter(limitMs: number, stop: (end: RunEnd) => void): void {
  // A timer's longest wait is about 25 days.
  setTimeout(() => stop({ kind: 'out of time', limitMs }), Math.min(limitMs, 2 ** 31 - 1)).unref();
}
