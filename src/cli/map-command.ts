/** `futures map`. */

import type { Executor } from 'concurrent-futures';
import { moduleDigest } from '../digests/module-digest.js';
import { limited } from './inputs/limited.js';
import { openInputs } from './inputs/open-inputs.js';
import { inputsDigest } from './journal/inputs-digest.js';
import { type JournalHead, JournalWriter } from './journal/journal.js';
import { newJournal, type PreparedJournal } from './journal/run-journal.js';
import { makeExecutor } from './make-executor.js';
import type { MapFlags } from './map-options.js';
import { type RunSettings, runSettings, type Work, workOf } from './map-settings.js';
import { initFunction } from './module/init-function.js';
import { findModuleTask, type ModuleTask } from './module/module-task.js';
import { operate } from './operate.js';
import { madeFolder } from './prints/logs-folder.js';
import { thisMachine } from './report/machine.js';
import { noteOfInit, StartError } from './usage-error.js';

/** Runs the command and gives its exit code. Throws a `UsageError` before anything has started. */
export async function runMap(module: string, values: readonly string[], flags: MapFlags): Promise<number> {
  const work = workOf(module, values, flags);
  const settings = runSettings(flags);
  const { journal: path, ...kept } = flags;
  return await runWork(
    work,
    settings,
    path === undefined
      ? undefined
      : async (task) => {
          const digests = { module: moduleDigest(task.url), inputs: await inputsDigest(work.inputs) };
          const startedAt = Date.now();
          const head: JournalHead = {
            journal: 1,
            startedAt,
            cwd: process.cwd(),
            module,
            values,
            flags: { ...kept },
            digests,
            machine: thisMachine(),
          };
          return { path, earlier: [], open: () => newJournal(JournalWriter.create(path, head), path) };
        },
  );
}

/**
 * Finds what has to be run, and runs it.
 *
 * @param prepareJournal checks what there is to check of a journal, and gives what there is of it
 */
export async function runWork(
  work: Work,
  settings: RunSettings,
  prepareJournal: ((task: ModuleTask) => Promise<PreparedJournal>) | undefined,
): Promise<number> {
  const init = settings.init === undefined ? undefined : await initFunction(settings.init);
  const logs = settings.logsPath === undefined ? undefined : madeFolder(settings.logsPath);
  const ready = await makeExecutor({ ...settings, prints: { logs }, init });
  const task = await findTask(work.module, settings, canLook(settings) ? ready.executor : undefined);
  const prepared = await prepareJournal?.(task);
  const inputs = limited(await openInputs(work.inputs), work);
  const inputPath = work.inputs.kind === 'file' ? work.inputs.path : undefined;
  return await operate({ task, ready, inputs, inputPath, spread: work.spread, settings, work, prepared, logs });
}

async function findTask(module: string, { init }: RunSettings, executor: Executor | undefined): Promise<ModuleTask> {
  try {
    return await findModuleTask(module, process.cwd(), executor);
  } catch (error) {
    throw error instanceof StartError ? new StartError(`${error.message}${noteOfInit(error.message, init)}`) : error;
  }
}

/** Whether a worker may look at the module: where tasks are counted, that would be one, and an inline executor is this thread. */
function canLook({ executor, maxTasksPerWorker }: RunSettings): boolean {
  return executor !== 'inline' && maxTasksPerWorker === undefined;
}
