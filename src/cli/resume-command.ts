/** `futures resume`: goes on with what a journal says, and gives the results of all of it. */

import { resolve } from 'node:path';
import { moduleDigest } from '../digests/module-digest.js';
import { inputsDigest } from './journal/inputs-digest.js';
import { headOf, type JournalHead, readJournal } from './journal/journal.js';
import { knownRecords, resumedJournal } from './journal/run-journal.js';
import { runWork } from './map-command.js';
import type { MapFlags, RunFlags } from './map-options.js';
import { runSettings, type Work, workOf } from './map-settings.js';
import { fileProblem, UsageError } from './usage-error.js';

export interface ResumeFlags extends RunFlags {
  /** Whether changed modules and inputs are taken as they are now. */
  readonly force?: boolean;
  /** Whether tasks that failed are run again. */
  readonly failed?: boolean;
}

/** Runs the command and gives its exit code. Throws a {@link UsageError} before anything has started. */
export async function runResume(path: string, { force, failed, ...given }: ResumeFlags): Promise<number> {
  const head = journalHead(path);
  const flags = { ...head.flags, ...given } as MapFlags;
  const journal = resolve(path);
  enter(head.cwd);
  const work = workOf(head.module, head.values, flags);
  return await runWork(work, runSettings(flags), async (task) => {
    if (force !== true) await checkUnchanged(head, work, task.url);
    const known = knownRecords(journal, failed ?? false);
    return { path: journal, earlier: known.sessions, open: () => resumedJournal(journal, path, known, force ?? false) };
  });
}

/** The first line of a journal. */
function journalHead(path: string): JournalHead {
  for (const line of readJournal(path)) return headOf(line, path);
  return headOf(undefined, path);
}

/** Paths in the journal are relative to where the run was started. */
function enter(directory: string): void {
  try {
    process.chdir(directory);
  } catch (error) {
    throw new UsageError(`can't enter ${directory}, where the run was started: ${fileProblem(error)}`);
  }
}

async function checkUnchanged(head: JournalHead, work: Work, moduleUrl: string): Promise<void> {
  if (moduleDigest(moduleUrl) !== head.digests.module) {
    throw new UsageError(
      `${work.module} has changed since the run was started, so that old and new results may not agree: ` +
        'start again, or use --force to go on with the module as it is now',
    );
  }
  if (head.digests.inputs === undefined || (await inputsDigest(work.inputs)) === head.digests.inputs) return;
  throw new UsageError(
    'the inputs have changed since the run was started: start again, or use --force to go on with what they are now',
  );
}
