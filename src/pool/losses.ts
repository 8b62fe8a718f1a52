/** What is said of workers that died. */

import { WorkerLostError } from '../errors.js';
import type { WorkerExit } from './host.js';
import type { Task } from './task.js';

/** The worker died while it ran the task. */
export function taskLost(task: Task, workerName: string, exit: WorkerExit): WorkerLostError {
  const { attempt, name } = task;
  return lost(`worker ${workerName} ${cause(exit)} while it ran task "${name}" (attempt ${attempt})`, {
    workerName,
    attempt,
    exit,
  });
}

/** The worker died before it was ready. */
export function startLost(workerName: string, exit: WorkerExit): WorkerLostError {
  return lost(`worker ${workerName} ${cause(exit)} before it was ready`, { workerName, attempt: 0, exit });
}

/** A finished task left something behind (a timer, a promise) that failed later and took the worker with it. */
export function reportLeftOver(workerName: string, error: unknown): void {
  process.emitWarning(`worker ${workerName} died of an error left behind by a finished task; it is replaced`, {
    type: 'WorkerLost',
    code: 'CF_LEFT_OVER',
    detail: error instanceof Error ? (error.stack ?? String(error)) : String(error),
  });
}

function lost(message: string, of: { workerName: string; attempt: number; exit: WorkerExit }): WorkerLostError {
  const { exitCode, signal, outOfMemory, stderr, error } = of.exit;
  const said = stderr === '' ? '' : `; its last words on stderr:\n${stderr}`;
  const loss = { exitCode, signal, outOfMemory, stderr, workerName: of.workerName, attempt: of.attempt };
  return new WorkerLostError(message + said, loss, error === undefined ? {} : { cause: error });
}

function cause(exit: WorkerExit): string {
  if (exit.outOfMemory) return 'ran out of memory';
  if (exit.signal !== null) return `was ended by ${exit.signal}`;
  if (exit.error instanceof Error) return `died of an uncaught ${exit.error.name}: ${exit.error.message}`;
  return `exited with code ${exit.exitCode ?? 'unknown'}`;
}
