/** `futures map`. */

import { inputsDigest, moduleDigest } from './digests.js';
import { limited } from './inputs/limited.js';
import { openInputs } from './inputs/open-inputs.js';
import { type JournalHead, JournalWriter } from './journal.js';
import type { MapFlags } from './map-options.js';
import { type RunSettings, runSettings, type Work, workOf } from './map-settings.js';
import { findModuleTask, type ModuleTask } from './module-task.js';
import { operate } from './operate.js';
import type { InitFunction } from './prepare-worker.js';
import { newJournal, type RunJournal } from './run-journal.js';

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
          const digests = { module: await moduleDigest(task.url), inputs: await inputsDigest(work.inputs) };
          const startedAt = Date.now();
          const head: JournalHead = {
            journal: 1,
            startedAt,
            cwd: process.cwd(),
            module,
            values,
            flags: { ...kept },
            digests,
          };
          return () => newJournal(JournalWriter.create(path, head), path);
        },
  );
}

/**
 * Finds what has to be run, and runs it.
 *
 * @param prepareJournal checks what there is to check of a journal, and gives what opens it
 */
export async function runWork(
  work: Work,
  settings: RunSettings,
  prepareJournal: ((task: ModuleTask) => Promise<() => RunJournal>) | undefined,
): Promise<number> {
  const task = await findModuleTask(work.module, process.cwd());
  const init = settings.init === undefined ? undefined : await initFunction(settings.init);
  const openJournal = await prepareJournal?.(task);
  const inputs = limited(await openInputs(work.inputs), work);
  const inputPath = work.inputs.kind === 'file' ? work.inputs.path : undefined;
  return await operate({ task, init, inputs, inputPath, spread: work.spread, settings, openJournal });
}

async function initFunction(reference: string): Promise<InitFunction> {
  const { url, exportName, loader } = await findModuleTask(reference, process.cwd());
  return { text: reference, url, exportName, loader };
}
