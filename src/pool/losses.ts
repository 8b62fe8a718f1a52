/** What is said of workers that died. */

import { WorkerLostError } from '../errors.js';
import type { WorkerExit } from './host.js';
import { atSite } from './site.js';
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

/** The worker ended before it started the task, and has what was moved to it. */
export function movedLost(task: Task): WorkerLostError {
  const message = `a worker ended before it started task "${task.name}", and with it went what was moved to it (transfer)`;
  const loss = { exitCode: null, signal: null, outOfMemory: false, stderr: '', workerName: '', attempt: task.attempt };
  return atSite(new WorkerLostError(message, loss), task.submittedAt);
}

/** The worker died before it ran a task; what never came to life at all has failed with its own error. */
export function startLost(workerName: string, exit: WorkerExit): unknown {
  if (exit.error !== undefined && exit.exitCode === null && exit.signal === null) return exit.error;
  return lost(`worker ${workerName} ${cause(exit)} before it ran a task`, { workerName, attempt: 0, exit });
}

/** The death that was one too many. */
export function lastDeath(task: Task | undefined, workerName: string, exit: WorkerExit): WorkerLostError {
  if (task !== undefined) return taskLost(task, workerName, exit);
  return lost(`worker ${workerName} ${cause(exit)} while it ran no task`, { workerName, attempt: 0, exit });
}

/** Signals that a process raises by its own fault; others come from whoever sent them. */
const crashes: ReadonlySet<string> = new Set(['SIGABRT', 'SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP', 'SIGSYS']);

/**
 * Something left behind by what the worker has run (a timer, a promise) failed later and took the worker with it. A worker that
 * was sent a signal, or left without an error, has no failure to tell.
 */
export function reportLeftOver(workerName: string, exit: WorkerExit): void {
  const { error, exitCode, signal, stderr } = exit;
  if (error === undefined && (exitCode ?? 0) === 0 && !crashes.has(signal ?? '')) return;
  const detail = error instanceof Error ? (error.stack ?? String(error)) : error === undefined ? stderr : String(error);
  process.emitWarning(
    `worker ${workerName} ${cause(exit)} while it ran no task: what an earlier one left behind has ended it; it is replaced`,
    { type: 'WorkerLost', code: 'CF_LEFT_OVER', detail },
  );
}

/** Something left behind failed while the worker ran another task, which goes on. */
export function reportLeftOverError(workerName: string, error: unknown): void {
  process.emitWarning(
    `in worker ${workerName}, what an earlier task left behind failed, and nobody handled it: ${error}; ` +
      'the worker is replaced when it has done what it was given',
    { type: 'WorkerLost', code: 'CF_LEFT_OVER', detail: error instanceof Error ? (error.stack ?? '') : '' },
  );
}

/** The worker held tasks for so long and started none. */
export function reportStall(workerName: string, limitMs: number): void {
  process.emitWarning(
    `worker ${workerName} started none of its tasks for ${limitMs} ms (startupTimeout): what an earlier task left behind ` +
      'blocks it, or its process was stopped; it is ended and replaced, and its tasks run elsewhere',
    { type: 'WorkerLost', code: 'CF_LEFT_OVER' },
  );
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
