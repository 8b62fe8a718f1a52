/** `--init module#export` → what each worker calls first. */

import type { InitFunction } from '../prepare-worker.js';
import { findModuleTask } from './module-task.js';

export async function initFunction(reference: string): Promise<InitFunction> {
  const { url, exportName, loader } = await findModuleTask(reference, process.cwd());
  return { text: reference, url, exportName, loader };
}
