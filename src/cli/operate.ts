/** One run, from its checked settings to its exit code: everything is checked first, in the order of its cost. */

import type { Executor, Future } from 'concurrent-futures';
import { formatDuration } from './durations.js';
import { exitCodes } from './exit-codes.js';
import type { OpenInputs } from './inputs/open-inputs.js';
import { watchSignals } from './interrupts.js';
import { makeExecutor } from './make-executor.js';
import type { RunSettings } from './map-settings.js';
import type { ModuleTask } from './module-task.js';
import { inCompletionOrder, inInputOrder, type OrderedOutput } from './ordered-output.js';
import { fileOutput, type OutputListener, standardOutput } from './output.js';
import type { InitFunction } from './prepare-worker.js';
import { type Progress, startProgress } from './progress.js';
import { type TaskRecord, writtenRecord } from './records.js';
import { MapRun, type RunEnd } from './run.js';
import type { RunJournal } from './run-journal.js';
import { summaryLines } from './summary.js';
import { Tally } from './tally.js';
import { taskLabel } from './task-label.js';
import { standardError, type Terminal } from './terminal.js';
import type { Limit } from './units.js';
import { messageOf } from './usage-error.js';

export interface Operation {
  readonly task: ModuleTask;
  readonly init: InitFunction | undefined;
  readonly inputs: OpenInputs;
  /** The file that they are read from, which no output may overwrite. */
  readonly inputPath: string | undefined;
  readonly spread: boolean;
  readonly settings: RunSettings;
  /** Opened last, when nothing else can be wrong any more. */
  readonly openJournal: (() => RunJournal) | undefined;
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
  const output = openOutput(operation, () => parts.progress?.hide(), {
    ready: () => parts.run?.wake(),
    lost: (loss) => parts.run?.loseOutput(loss),
  });
  const { executor, workers } = await makeExecutor({ ...settings, init: operation.init });
  const journal = operation.openJournal?.();
  const sink = new Sink(tally, output, journal, (end) => run.stop(end), { total: inputs.total, settings });
  const run = new MapRun({
    inputs,
    graceMs: settings.graceMs,
    inFlightMax: workers * inFlightPerWorker,
    submit: submitter(executor, operation),
    isRecorded: (index, input) => sink.replay(index, input),
    onRecord: (record) => sink.take(record),
    isOutputReady: () => output.isReady(),
  });
  const progress = startProgress(terminal, { tally, total: inputs.total, running: () => executor.stats().running });
  Object.assign(parts, { run, progress });
  if (settings.totalTimeoutMs !== undefined) endAfter(settings.totalTimeoutMs, run);
  announceSignals(run, progress, terminal, settings.graceMs);
  const end = await run.run();
  await executor.shutdown({ cancelFutures: true, timeout: shutdownMs });
  inputs.close();
  await output.close();
  journal?.close(end.kind);
  progress.stop();
  return conclude(end, tally, terminal, { notStarted: run.notStarted(tally.done), journal, settings });
}

function openOutput(
  { settings, inputPath }: Operation,
  beforeWrite: () => void,
  listener: OutputListener,
): OrderedOutput {
  const output =
    settings.outputPath === undefined
      ? standardOutput(process.stdout.isTTY ? beforeWrite : () => {}, listener)
      : fileOutput(settings.outputPath, inputPath, listener);
  return settings.order === 'input' ? inInputOrder(output) : inCompletionOrder(output);
}

/** Where outcomes go: the journal first, so that what anybody has seen is not lost. */
class Sink {
  readonly #tally: Tally;
  readonly #output: OrderedOutput;
  readonly #journal: RunJournal | undefined;
  readonly #stop: (end: RunEnd) => void;
  readonly #of: { readonly total: number | undefined; readonly settings: RunSettings };
  #isFlushDue = false;

  constructor(
    tally: Tally,
    output: OrderedOutput,
    journal: RunJournal | undefined,
    stop: (end: RunEnd) => void,
    of: { readonly total: number | undefined; readonly settings: RunSettings },
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
    this.#journal?.write(record, line);
    this.#flushSoon();
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
    this.#stop({ kind: 'too many failures', failed: this.#tally.failed });
  }
}

function isTooMany({ failed, done }: Tally, max: Limit, total: number | undefined): boolean {
  if ('count' in max) return failed > max.count;
  return total === undefined ? done >= shareFrom && failed > done * max.share : failed > total * max.share;
}

function submitter(
  executor: Executor,
  { task, settings, spread }: Operation,
): (index: number, input: unknown) => Future<unknown> {
  const { timeoutMs, retries: times, backoffMs } = settings;
  const timeout = timeoutMs === undefined ? {} : { timeout: timeoutMs };
  const options = { ...timeout, retries: { times, backoff: backoffMs } };
  return (index, input) => {
    const target = executor.with({ ...options, name: taskLabel(index, input) });
    return spread && Array.isArray(input)
      ? target.submit(task.run, ...(input as unknown[]))
      : target.submit(task.run, input);
  };
}

function endAfter(limitMs: number, run: MapRun): void {
  // A timer's longest wait is about 25 days.
  setTimeout(() => run.stop({ kind: 'out of time', limitMs }), Math.min(limitMs, 2 ** 31 - 1)).unref();
}

function announceSignals(run: MapRun, progress: Progress, terminal: Terminal, graceMs: number): void {
  watchSignals(
    (signal) => {
      progress.hide();
      terminal.write(`${signal}: no more inputs; ${whatRunning(graceMs)} (again to end now)\n`);
      run.stop({ kind: 'interrupted', signal });
    },
    () => progress.hide(),
  );
}

function whatRunning(graceMs: number): string {
  return graceMs === 0 ? 'running tasks are stopped' : `running tasks have ${formatDuration(graceMs)} to end`;
}

interface Conclusion {
  readonly notStarted: number | undefined;
  readonly journal: RunJournal | undefined;
  readonly settings: RunSettings;
}

function conclude(end: RunEnd, tally: Tally, terminal: Terminal, of: Conclusion): number {
  // A reader that has seen enough (`| head`) wants no summary either.
  if (end.kind === 'output lost' && end.loss.kind === 'reader gone') return exitCodes.succeeded;
  if (!of.settings.quiet) terminal.write(`${summaryLines(tally, of.notStarted, terminal).join('\n')}\n`);
  const { code, problem } = verdict(end, tally);
  if (problem !== undefined) reportProblem(terminal, `${problem}${initNote(end, of.settings)}`);
  if (of.journal !== undefined && end.kind !== 'inputs over' && !of.settings.quiet)
    terminal.write(`to go on: futures resume ${shellWord(of.journal.path)}\n`);
  return code;
}

function verdict(end: RunEnd, tally: Tally): { readonly code: number; readonly problem?: string } {
  switch (end.kind) {
    case 'inputs over':
      return { code: tally.failed > 0 ? exitCodes.someFailed : exitCodes.succeeded };
    case 'interrupted':
      return { code: exitCodes[end.signal] };
    case 'too many failures':
      return { code: exitCodes.someFailed, problem: `stopped after ${failures(end.failed)}` };
    case 'out of time':
      return { code: exitCodes.outOfTime, problem: `stopped after ${formatDuration(end.limitMs)} (--total-timeout)` };
    case 'input malformed':
      return { code: exitCodes.wrongUsage, problem: `${messageOf(end.error)} (reading stopped there)` };
    case 'refused':
      return { code: exitCodes.wrongUsage, problem: end.error.message };
    case 'executor broken':
      return { code: exitCodes.someFailed, problem: end.error.message };
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

/** An initializer that ends its worker leaves no error that would say so. */
function initNote(end: RunEnd, { init }: RunSettings): string {
  if (end.kind !== 'executor broken' || init === undefined || end.error.message.includes('--init')) return '';
  return ` (which calls --init ${init} first)`;
}

function failures(count: number): string {
  return count === 1 ? 'a failure' : `${count} failures`;
}

function shellWord(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** One message, as commander words its own. */
export function reportProblem({ colors, write }: Pick<Terminal, 'colors' | 'write'>, message: string): void {
  write(`${colors.red('error:')} ${message}\n`);
}
