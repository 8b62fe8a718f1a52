/** The folder of `--logs`. */

import { accessSync, constants, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { codeOf, fileProblem, UsageError } from '../usage-error.js';

/** Makes the folder where it is missing, and gives the whole of its path: a task may change where it is. */
export function madeFolder(path: string): string {
  const whole = resolve(path);
  try {
    mkdirSync(whole, { recursive: true });
    accessSync(whole, constants.W_OK | constants.X_OK);
  } catch (error) {
    const problem = codeOf(error) === 'EEXIST' ? 'there is a file of that name' : fileProblem(error);
    throw new UsageError(`can't write to --logs ${path}: ${problem}`);
  }
  return whole;
}
