/** The folder of `--logs`. */

import { accessSync, constants, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { codeOf, fileProblem, UsageError } from '../usage-error.js';

export interface LogsFolder {
  /** Whole: a task may change where it is. */
  readonly path: string;
  /** When this run began to use it, in milliseconds since the epoch: older files in it are another run's. */
  readonly since: number;
}

/** Makes the folder where it is missing. */
export function madeFolder(path: string): LogsFolder {
  const whole = resolve(path);
  try {
    mkdirSync(whole, { recursive: true });
    accessSync(whole, constants.W_OK | constants.X_OK);
  } catch (error) {
    const problem = codeOf(error) === 'EEXIST' ? 'there is a file of that name' : fileProblem(error);
    throw new UsageError(`can't write to --logs ${path}: ${problem}`);
  }
  return { path: whole, since: Date.now() };
}
