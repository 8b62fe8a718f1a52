/** One run, from its checked settings to its exit code: everything is checked first, in the order of its cost. */

import type { Executor, Future } from 'concurrent-futures';
import { capturePrints } from './captured-prints.js';
import { formatDuration } from './durations.js';
import { exitCodes } from './exit-codes.js';
import type { OpenInputs } from './inputs/open-inputs.js';
import { watchSignals } from './interrupts.js';
import { leaveStandardOutputToResults, type ReadyExecutor } from './make-executor.js';
import type { RunSettings, Work } from './map-settings.js';
import type { ModuleTask } from './module-task.js';
import { inCompletionOrder, inInputOrder, type OrderedOutput } from './ordered-output.js';
import { fileOutput, type KeptFile, type OutputListener, standardOutput } from './output.js';
import { type Progress, startProgress } from './progress/progress.js';
import { type TaskRecord, writtenRecord } from './records.js';
import type { RunFiles } from './report/run-files.js';
import { MapRun, type RunEnd } from './run.js';
import type { PreparedJournal, RunJournal } from './run-journal.js';
import { summaryLines } from './summary.js';
import { taggedLine } from './tagged-line.js';
import { Tally } from './tally.js';
import { taskLabel } from './task-label.js';
import { TaskNews } from './task-news.js';
import { standardError, type Terminal } from './terminal.js';
import type { Limit } from './units.js';
import { messageOf } from './usage-error.js';

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
}

/** Inputs that are read and not done, for each worker: enough that no worker ever waits for us to read. */
const inFlightPerWorker = 4;
/** How long idle workers may take to end, before we end without them. */
const shutdownMs = 5000;
/** A share of failures says nothing before so many tasks are done, where nobody knows how many there are. */
const shareFrom = 100;

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
  if (settings.executor === 'inline') capturePrints(settings.logsPath);
  let isStopping = false;
  const stop = (end: RunEnd): void => {
    if (isStopping) return;
    isStopping = true;
    if (!settings.quiet) announce(end, executor.stats().running, settings.graceMs, terminal, progress);
    run.stop(end);
  };
  const closeFiles = (ended: string): readonly string[] =>
    files?.close({ tally, ended, notStarted: run.notStarted(tally.done) }) ?? [];
  if (settings.totalTimeoutMs !== undefined) endAfter(settings.totalTimeoutMs, stop);
  watchSignals(
    (signal) => stop({ kind: 'interrupted', signal }),
    () => {
      progress.hide();
      closeFiles('interrupted');
    },
  );
  const end = await run.run();
  await executor.shutdown({ cancelFutures: true, timeout: shutdownMs });
  inputs.close();
  await output.close();
  journal?.close(end.kind);
  const fileProblems = closeFiles(end.kind);
  progress.stop();
  return conclude(end, tally, terminal, { notStarted: run.notStarted(tally.done), journal, settings, fileProblems });
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

/** Where outcomes go: the journal first, so that what anybody has seen is not lost. */
class Sink {
  readonly #tally: Tally;
  readonly #output: OrderedOutput;
  readonly #journal: RunJournal | undefined;
  readonly #stop: (end: RunEnd) => void;
  readonly #of: SinkSettings;
  #isFlushDue = false;

  constructor(
    tally: Tally,
    output: OrderedOutput,
    journal: RunJournal | undefined,
    stop: (end: RunEnd) => void,
    of: SinkSettings,
  ) {
    this.#tally = tally;
    this.#output = output;
    this.#journal = journal;
    this.#stop = stop;
    this.#of = of;
  }

  take(done: TaskRecord): void {
    const { record, line } = writtenRecord(done);
    this.#tally.count(record);
    if (!record.isStopped) {
      this.#journal?.write(record, line);
      this.#flushSoon();
    }
    this.#of.files?.take(record);
    this.#output.write(record.index, line);
    if (record.status === 'failed') this.#checkFailures();
  }

  /** Whether an earlier run has done that input: then its result goes where it would have gone. */
  replay(index: number, input: unknown): boolean {
    const known = this.#journal?.recorded(index, input);
    if (known === undefined) return false;
    const { worker, ...rest } = known;
    const { record, line } = writtenRecord({ ...rest, input, worker: worker ?? undefined } as TaskRecord);
    this.#tally.countEarlier(record);
    this.#of.files?.take(record);
    this.#output.write(index, line);
    return true;
  }

  #flushSoon(): void {
    const journal = this.#journal;
    if (journal === undefined || this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(() => {
      this.#isFlushDue = false;
      try {
        journal.flush();
      } catch (error) {
        this.#stop({ kind: 'journal lost', message: messageOf(error) });
      }
    });
  }

  #checkFailures(): void {
    const { maxFailures } = this.#of.settings;
    if (maxFailures === undefined || !isTooMany(this.#tally, maxFailures, this.#of.total)) return;
    this.#stop({ kind: 'too many failures', failed: this.#tally.failed, max: maxFailures });
  }
}

interface SinkSettings {
  readonly total: number | undefined;
  readonly settings: RunSettings;
  readonly files: RunFiles | undefined;
}

function isTooMany({ failed, done }: Tally, max: Limit, total: number | undefined): boolean {
  if ('count' in max) return failed > max.count;
  return total === undefined ? done >= shareFrom && failed > done * max.share : failed > total * max.share;
}

function submitter(
  executor: Executor,
  { task, settings, spread }: Operation,
  news: TaskNews,
): (index: number, input: unknown) => Future<unknown> {
  const { timeoutMs, retries: times, backoffMs } = settings;
  const timeout = timeoutMs === undefined ? {} : { timeout: timeoutMs };
  const retries = times === 0 ? {} : { retries: { times, backoff: backoffMs } };
  return (index, input) => {
    const name = taskLabel(index, input);
    const onReport = (told: unknown): void => news.take(index, name, told);
    const target = executor.with({ ...timeout, ...retries, name, onReport });
    return spread && Array.isArray(input)
      ? target.submit(task.run, ...(input as unknown[]))
      : target.submit(task.run, input);
  };
}

function endAfter(limitMs: number, stop: (end: RunEnd) => void): void {
  // A timer's longest wait is about 25 days.
  setTimeout(() => stop({ kind: 'out of time', limitMs }), Math.min(limitMs, 2 ** 31 - 1)).unref();
}

/** Says why nothing is started any more, where tasks that run make the command stay. */
function announce(end: RunEnd, running: number, graceMs: number, terminal: Terminal, progress: Progress): void {
  const why = end.kind === 'interrupted' ? end.signal : end.kind;
  if (running === 0 && end.kind !== 'interrupted') return;
  const grace = graceMs === 0 ? 'running tasks are stopped' : `running tasks have ${formatDuration(graceMs)} to end`;
  progress.hide();
  terminal.write(`${why}: no more inputs; ${grace}${end.kind === 'interrupted' ? ' (again to end now)' : ''}\n`);
}

interface Conclusion {
  readonly notStarted: number | undefined;
  readonly journal: RunJournal | undefined;
  readonly settings: RunSettings;
  /** The page or the trace could not be written. */
  readonly fileProblems: readonly string[];
}

function conclude(end: RunEnd, tally: Tally, terminal: Terminal, of: Conclusion): number {
  // A reader that has seen enough (`| head`) wants no summary either.
  if (end.kind === 'output lost' && end.loss.kind === 'reader gone') return exitCodes.succeeded;
  if (!of.settings.quiet) terminal.write(`${summaryLines(tally, of.notStarted, terminal).join('\n')}\n`);
  const { code, problem } = verdict(end, tally);
  for (const each of [...(problem === undefined ? [] : [problem]), ...of.fileProblems]) reportProblem(terminal, each);
  if (of.journal !== undefined && end.kind !== 'inputs over' && !of.settings.quiet)
    terminal.write(`to go on: futures resume ${shellWord(of.journal.path)}\n`);
  return code === exitCodes.succeeded && of.fileProblems.length > 0 ? exitCodes.someFailed : code;
}

function verdict(end: RunEnd, tally: Tally): { readonly code: number; readonly problem?: string } {
  switch (end.kind) {
    case 'inputs over':
      return { code: tally.failed > 0 ? exitCodes.someFailed : exitCodes.succeeded };
    case 'interrupted':
      return { code: exitCodes[end.signal] };
    case 'too many failures':
      return { code: exitCodes.someFailed, problem: `stopped after ${failures(end.failed, end.max)}` };
    case 'out of time':
      return { code: exitCodes.outOfTime, problem: `stopped after ${formatDuration(end.limitMs)} (--total-timeout)` };
    case 'input malformed':
      return { code: exitCodes.wrongUsage, problem: `${messageOf(end.error)} (reading stopped there)` };
    case 'refused':
      return { code: exitCodes.wrongUsage, problem: end.error.message };
    case 'executor broken':
      return { code: exitCodes.someFailed, problem: messageOf(end.error) };
    case 'journal lost':
      return { code: exitCodes.someFailed, problem: end.message };
    case 'output lost':
      return {
        code: exitCodes.someFailed,
        problem: end.loss.kind === 'write failed' ? end.loss.message : 'the output is closed',
      };
    default:
      return end satisfies never;
  }
}

function failures(count: number, max: Limit): string {
  if ('count' in max && max.count === 0) return `${count === 1 ? 'a failure' : `${count} failures`} (--fail-fast)`;
  return `${count} failures (--max-failures ${'count' in max ? max.count : `${Number((max.share * 100).toFixed(6))}%`})`;
}

function shellWord(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** One message, as commander words its own. */
export function reportProblem({ colors, write }: Pick<Terminal, 'colors' | 'write'>, message: string): void {
  write(`${colors.red('error:')} ${message}\n`);
}
