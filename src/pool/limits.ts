/**
 * Stopping a task that runs, for its time limit or its signal.
 *
 *   abort its signal ──stops by itself within the grace──► its worker goes on
 *                    └──────────── does not ────────────► its worker is ended and replaced
 *
 * A worker's slot has one timer, which here stands for the next moment that one of its tasks may be over its limit, or for
 * the end of the grace.
 */

import { type ExecutorError, TimeoutError } from '../errors.js';
import type { Clock } from './clock.js';
import { atSite } from './site.js';
import type { WorkerSlot } from './slot.js';
import type { Task } from './task.js';

/** How long a task may take to stop by itself once its signal is aborted. */
const abortGraceMs = 250;

export class Limits {
  readonly #clock: Clock;
  readonly #endWorker: (slot: WorkerSlot) => void;

  constructor(clock: Clock, endWorker: (slot: WorkerSlot) => void) {
    this.#clock = clock;
    this.#endWorker = endWorker;
  }

  /** Looks after the limits of the tasks that a worker holds. */
  watch(slot: WorkerSlot): void {
    if (slot.state !== 'ready') return;
    const { running } = slot;
    // It is being stopped: the timer is its grace.
    if (running?.verdict !== undefined || running?.place === 'done') return;
    const ranMs = running === undefined ? 0 : this.#clock.now() - (slot.runningSince ?? this.#clock.now());
    if (running !== undefined && ranMs >= running.settings.timeoutMs) {
      this.stop(slot, running, timedOut(slot, running));
      return;
    }
    slot.cancelTimer();
    const leftMs = slot.tasks.map((task) => task.settings.timeoutMs - (task === running ? ranMs : 0));
    const nextMs = Math.min(...leftMs);
    if (Number.isFinite(nextMs)) slot.cancelTimer = this.#clock.after(nextMs, () => this.watch(slot));
  }

  /** Asks the running task to stop, and ends its worker when it does not in time. */
  stop(slot: WorkerSlot, task: Task, verdict: ExecutorError): void {
    task.verdict = verdict;
    slot.cancelTimer();
    slot.abort(task, verdict);
    slot.cancelTimer = this.#clock.after(abortGraceMs, () => this.#endWorker(slot));
  }

  /** The worker answered for that task; if it was being stopped, it has stopped by itself. */
  answered(slot: WorkerSlot, task: Task | undefined): void {
    if (slot.state !== 'ready') return;
    if (task?.verdict === undefined && task?.place !== 'done') return;
    slot.cancelTimer();
    this.watch(slot);
  }
}

function timedOut(slot: WorkerSlot, task: Task): TimeoutError {
  const error = new TimeoutError(
    `task "${task.future.name}" ran longer than its timeout of ${task.settings.timeoutMs} ms and was stopped ` +
      `(attempt ${task.attempt}, worker ${slot.name})`,
  );
  return atSite(error, task.submittedAt);
}
