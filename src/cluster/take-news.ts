/** What a worker told of a batch, put into effect. */

import { CancelledError, TaskLostError, TaskRefusedError } from '../errors.js';
import { atSite } from '../pool/site.js';
import type { Task } from '../pool/task.js';
import { errorOf } from '../pool/task-errors.js';
import type { Batch } from './batch.js';
import type { News } from './messages.js';
import { Refusal } from './refusal.js';

export interface NewsTaker {
  /** Ends the task of that place, unless it has had its outcome; `runMs` where it has run. */
  ended(batch: Batch, index: number, end: (task: Task) => void, runMs?: number): void;
  failOrRetry(task: Task, error: unknown, runMs: number): void;
  /** None of the batch has run, for that reason: sends it once more, where that helps. */
  sendAgain(batch: Batch, reason: string): boolean;
}

export function takeNews(batch: Batch, item: News, by: NewsTaker): void {
  switch (item[0]) {
    case 'done': {
      const [, first, values, ms] = item;
      for (const [i, value] of values.entries()) {
        const runMs = ms[i] ?? 0;
        by.ended(batch, first + i, (task) => task.succeed(value, runMs), runMs);
      }
      return;
    }
    case 'failed': {
      const [, index, error, runMs] = item;
      by.ended(batch, index, (task) => by.failOrRetry(task, errorOf(error, task), runMs), runMs);
      return;
    }
    case 'cancelled':
      by.ended(batch, item[1], (task) => task.cancel(new CancelledError('it was cancelled at its worker')));
      return;
    case 'started':
      batch.noteStart(item[1], item[2]);
      return;
    case 'report': {
      if (!batch.isSettled(item[1])) batch.tasks[item[1]]?.report(item[2]);
      return;
    }
    case 'refused': {
      const [, reason, why] = item;
      const who = batch.worker === '' ? '' : ` by worker ${batch.worker}`;
      if (by.sendAgain(batch, reason)) return;
      for (const [i] of batch.tasks.entries()) {
        by.ended(batch, i, (task) => {
          const message = `task "${task.name}" was refused${who}: ${why}`;
          task.fail(atSite(new TaskRefusedError(message, reason), task.submittedAt), 0);
        });
      }
      return;
    }
    default:
      item satisfies never;
  }
}

/** What becomes of a task that can't be sent. */
export function unsendable(error: unknown, name: string): Error {
  if (error instanceof Refusal)
    return new TaskRefusedError(`task "${name}" can't be sent: ${error.message}`, error.reason, { cause: error });
  return asError(error);
}

/** What becomes of one of which the broker has no trace any more. */
export function lost(why: string, name: string): TaskLostError {
  return new TaskLostError(`task "${name}" is lost: ${why}`);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
