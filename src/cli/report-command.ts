/** `futures report`: what a journal tells of its run, in the forms in which the run itself would have told it. */

import pc from 'picocolors';
import { exitCodes } from './exit-codes.js';
import { headOf, isRecord, type JournalHead, type JournalRecord, readJournal } from './journal/journal.js';
import { type Session, SessionReader } from './journal/sessions.js';
import type { MapFlags, Order } from './map-options.js';
import { runSettings, workOf } from './map-settings.js';
import { inCompletionOrder, inInputOrder, type OrderedOutput } from './ordered-output.js';
import { fileOutput, type KeptFile, type OutputLoss } from './output.js';
import { type TaskRecord, writtenRecord } from './records.js';
import { describeRun } from './report/about.js';
import { openRunFiles, type RunFiles } from './report/run-files.js';
import { TimeAxis } from './report/time-axis.js';
import { summaryLines } from './summary.js';
import { Tally } from './tally.js';
import { wantsColors } from './terminal.js';
import { UsageError } from './usage-error.js';

export interface ReportFlags {
  readonly html?: string;
  readonly trace?: string;
  readonly output?: string;
  readonly order?: Order;
}

/** Runs the command and gives its exit code. Throws a {@link UsageError} where the journal can't be read, or a file not be written. */
export async function runReport(path: string, flags: ReportFlags): Promise<number> {
  const { html, trace, output: outputPath, order } = flags;
  if (order !== undefined && outputPath === undefined)
    throw new UsageError('--order is that of the results, and none are written: add --output FILE');
  const { head, last, sessions, ended } = survey(path);
  const [work, settings] = [workOf(head.module, head.values, head.flags), runSettings(head.flags)];
  const run = describeRun(work, settings, { startedAt: head.startedAt, cwd: head.cwd, machine: head.machine });
  const kept = [{ path, what: 'the file that the journal is in' }];
  const results = outputPath === undefined ? undefined : openResults(outputPath, kept, order ?? 'completion');
  const keptNow =
    outputPath === undefined ? kept : [...kept, { path: outputPath, what: 'the file that --output writes' }];
  const files = openRunFiles({ report: html, trace, kept: keptNow, reportOption: '--html' }, run, sessions);
  const axis = new TimeAxis(sessions);
  const elapsedMs = axis.at(sessions.at(-1)?.endedAt ?? 0);
  const tally = new Tally(() => elapsedMs);
  await replay(path, last, { tally, results, files });
  await results?.close();
  const notStarted = ended === 'inputs over' ? 0 : undefined;
  const problems = files.close({ tally, ended: ended ?? 'not ended: it goes on, or was killed', notStarted });
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  if (html === undefined && trace === undefined && outputPath === undefined) await print(path, tally, ended);
  return exitCodes.succeeded;
}

interface Survey {
  readonly head: JournalHead & { readonly flags: MapFlags };
  readonly last: LastRecords;
  readonly sessions: readonly Session[];
  /** Why the run ended; `undefined` where it has not: it still goes on, or was killed. */
  readonly ended: string | undefined;
}

/** What has to be known before a record can be told. A journal may grow meanwhile: what comes after this is left out. */
function survey(path: string): Survey {
  const last = new LastRecords();
  const reader = new SessionReader();
  let head: JournalHead | undefined;
  let ended: string | undefined;
  for (const line of readJournal(path)) {
    head ??= headOf(line, path);
    reader.read(line.value);
    if (isRecord(line.value)) last.see(line.value.index, line.offset);
    ended = typeof line.value['ended'] === 'string' ? line.value['ended'] : undefined;
  }
  return { head: head ?? headOf(undefined, path), last, sessions: reader.sessions(), ended };
}

/** Where the last record of each task is: that is the one that counts. Eight bytes for each. */
class LastRecords {
  #offsets = new Float64Array(1024).fill(-1);

  see(index: number, offset: number): void {
    if (index >= this.#offsets.length) {
      const larger = new Float64Array(Math.max(index + 1, 2 * this.#offsets.length)).fill(-1);
      larger.set(this.#offsets);
      this.#offsets = larger;
    }
    this.#offsets[index] = offset;
  }

  isLast(index: number, offset: number): boolean {
    return this.#offsets[index] === offset;
  }
}

interface Receivers {
  readonly tally: Tally;
  readonly results: OrderedOutput | undefined;
  readonly files: RunFiles;
}

async function replay(path: string, last: LastRecords, { tally, results, files }: Receivers): Promise<void> {
  for (const { offset, value } of readJournal(path)) {
    if (!isRecord(value) || !last.isLast(value.index, offset)) continue;
    const record = asTold(value);
    tally.count(record);
    files.take(record);
    if (results === undefined) continue;
    results.write(record.index, writtenRecord(record).line);
    // The lines of one turn are held until its end.
    if (tally.done % 1000 === 0) await undefined;
  }
}

function asTold({ worker, ...record }: JournalRecord): TaskRecord {
  return { ...record, worker: worker ?? undefined } as TaskRecord;
}

function openResults(path: string, kept: readonly KeptFile[], order: Order): OrderedOutput {
  let problem: string | undefined;
  const listener = {
    ready: () => {},
    lost: (loss: OutputLoss) => {
      problem = loss.kind === 'write failed' ? loss.message : undefined;
    },
  };
  const file = fileOutput(path, kept, listener);
  const output = order === 'input' ? inInputOrder(file) : inCompletionOrder(file);
  return {
    ...output,
    close: async () => {
      await output.close();
      if (problem !== undefined) throw new UsageError(problem);
    },
  };
}

/** To standard output: here, it is the result. */
function print(path: string, tally: Tally, ended: string | undefined): Promise<void> {
  const isTerminal = process.stdout.isTTY === true;
  const lines = summaryLines(tally, ended === 'inputs over' ? 0 : undefined, {
    colors: pc.createColors(wantsColors(isTerminal, process.env)),
    width: () => (isTerminal ? (process.stdout.columns ?? 80) : Number.POSITIVE_INFINITY),
  });
  if (ended === undefined)
    lines.push(`this run has not ended: it goes on, or was killed (then: futures resume ${path})`);
  else if (ended !== 'inputs over') lines.push(`stopped: ${ended}; to go on: futures resume ${path}`);
  return new Promise((resolve) => process.stdout.write(`${lines.join('\n')}\n`, () => resolve()));
}
