/** The files about a run that are written beside its results: a page (`--report`) and a trace (`--trace`). */

import { closeSync, openSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Session } from '../journal/sessions.js';
import type { RunSettings, Work } from '../map-settings.js';
import { checkApart, type KeptFile } from '../output.js';
import type { TaskRecord } from '../records.js';
import { codeOf, fileProblem, UsageError } from '../usage-error.js';
import { describeRun, type RunDescription } from './about.js';
import { Latencies } from './latencies.js';
import { thisMachine } from './machine.js';
import { type PageFacts, pageText } from './page.js';
import { TimeAxis } from './time-axis.js';
import { Timeline } from './timeline.js';
import { TraceFile } from './trace.js';

export interface RunFiles {
  /** A task is done. */
  take(record: TaskRecord): void;
  /** Writes what is still to be written, in this very call; gives what went wrong, in words. Again, it does nothing. */
  close(end: RunOutcome): readonly string[];
}

type RunOutcome = Pick<PageFacts, 'tally' | 'ended' | 'notStarted'>;

export interface RunFilePaths {
  readonly report: string | undefined;
  readonly trace: string | undefined;
  /** What neither may overwrite. */
  readonly kept: readonly KeptFile[];
  /** What the options are called, for errors. */
  readonly reportOption?: string;
}

interface RunFile {
  take(record: TaskRecord): void;
  close(end: RunOutcome): void;
}

/** What is run by this process, on this machine. */
export function describeThisRun(work: Work, settings: RunSettings, sessions: readonly Session[]): RunDescription {
  const startedAt = sessions[0]?.startedAt ?? Date.now();
  return describeRun(work, settings, { startedAt, cwd: process.cwd(), machine: thisMachine() });
}

/** Opens them; throws a {@link UsageError} where one can't be written. */
export function openRunFiles(
  { report, trace, kept, reportOption = '--report' }: RunFilePaths,
  run: RunDescription,
  sessions: readonly Session[],
): RunFiles {
  const axis = new TimeAxis(sessions);
  if (report !== undefined) checkApart(reportOption, report, kept);
  if (trace !== undefined) checkApart('--trace', trace, kept);
  let files: { readonly name: string; readonly file: RunFile }[] = [];
  if (report !== undefined)
    files.push({ name: `${reportOption} ${report}`, file: page(report, reportOption, run, axis) });
  if (trace !== undefined) {
    // Not before the page is there: a file of the one name would be the other's.
    if (report !== undefined) checkApart('--trace', trace, [{ path: report, what: `the file of ${reportOption}` }]);
    const file = new TraceFile(open(trace, '--trace', 'w'), axis, run.module);
    files.push({ name: `--trace ${trace}`, file });
  }
  return {
    take: (record) => {
      for (const { file } of files) file.take(record);
    },
    close: (end) => {
      const open = files;
      files = [];
      return open.flatMap(({ name, file }) => {
        try {
          file.close(end);
          return [];
        } catch (error) {
          return [`can't write ${name}: ${fileProblem(error)}`];
        }
      });
    },
  };
}

function page(path: string, option: string, run: RunDescription, axis: TimeAxis): RunFile {
  // A task in this thread may change the folder.
  const target = resolve(path);
  // An older page stays until there is a new one.
  closeSync(open(target, option, 'a'));
  const timeline = new Timeline(axis);
  const latencies = new Latencies();
  return {
    take: (record) => {
      timeline.take(record);
      latencies.take(record);
    },
    close: (end) => {
      const facts = { ...end, run, timeline: timeline.view(), bins: latencies.bins(), pauses: axis.pauses() };
      writeFileSync(target, pageText(facts));
    },
  };
}

function open(path: string, option: string, flags: string): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    const problem = codeOf(error) === 'ENOENT' ? 'its directory does not exist' : fileProblem(error);
    throw new UsageError(`can't write ${option} ${path}: ${problem}`);
  }
}
