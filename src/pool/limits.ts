/**
 * Stopping a task that runs, for its time limit or its signal.
 *
 *   abort its signal ──stops by itself within the grace──► its worker goes on
 *                    └──────────── does not ────────────► its worker is ended and replaced
 *
 * A worker's slot has one timer, which here stands for the next moment that one of its tasks may be over its limit. Each grace has a timer of
 * its own: the answer of a task that was stopped may come when its worker already runs the next one, which is being stopped, too.
 */

import { type ExecutorError, TimeoutError } from '../errors.js';
import type { Clock } from './clock.js';
import { atSite } from './site.js';
import type { WorkerSlot } from './slot.js';
import type { Task } from './task.js';

const wasStopped = 'and was stopped';
/** How long a task may take to stop by itself once its signal is aborted. */
const abortGraceMs = 250;

export class Limits {
  readonly #clock: Clock;
  readonly #loadingMs: number;
  readonly #endWorker: (slot: WorkerSlot, task: Task) => void;
  /** Of each task that is being stopped: the way to cancel the end of its grace. */
  readonly #graces = new Map<Task, () => void>();

  /** @param loadingMs how long a worker may take to load a task's module. */
  constructor(clock: Clock, loadingMs: number, endWorker: (slot: WorkerSlot, task: Task) => void) {
    this.#clock = clock;
    this.#loadingMs = loadingMs;
    this.#endWorker = endWorker;
  }

  /**
   * Looks after the limits of the tasks that a worker holds.
   *
   * @param loads whether it may be about to load modules, which is bounded even for tasks without a limit.
   */
  watch(slot: WorkerSlot, loads = false): void {
    if (slot.state !== 'ready') return;
    const { running } = slot;
    // It is being stopped.
    if (running?.verdict !== undefined || running?.place === 'done') return;
    const leftMs = slot.tasks.filter((task) => task !== running).map((task) => task.settings.timeoutMs);
    if (loads) leftMs.push(this.#loadingMs);
    if (running !== undefined) {
      const limit = this.#limitOf(slot, running);
      if (limit.leftMs <= 0) {
        this.stop(slot, running, timedOut(slot, running, limit.isLoading ? this.#loadingMs : undefined));
        return;
      }
      leftMs.push(limit.leftMs);
      // Loading may end at any moment, and the task's own limit may be the shorter one.
      if (limit.isLoading) leftMs.push(running.settings.timeoutMs);
    }
    this.#watchIn(slot, Math.min(...leftMs));
  }

  /** A method of its own, since a timer's closure that shared its scope with the running task would keep that for as long. */
  #watchIn(slot: WorkerSlot, ms: number): void {
    slot.cancelTimer();
    if (Number.isFinite(ms)) slot.cancelTimer = this.#clock.after(ms, () => this.watch(slot));
  }

  /** Loading a module is the worker's start-up, not the task's run, and has a limit of its own. */
  #limitOf(slot: WorkerSlot, running: Task): { leftMs: number; isLoading: boolean } {
    const now = this.#clock.now();
    const { atMs, isLoading } = slot.runningSince ?? { atMs: now, isLoading: false };
    return { leftMs: (isLoading ? this.#loadingMs : running.settings.timeoutMs) - (now - atMs), isLoading };
  }

  /** Asks the running task to stop, and ends its worker when it does not in time. */
  stop(slot: WorkerSlot, task: Task, verdict: ExecutorError): void {
    task.verdict = verdict;
    slot.cancelTimer();
    slot.abort(task, verdict);
    this.#graces.get(task)?.();
    const cancel = this.#clock.after(abortGraceMs, () => {
      this.#graces.delete(task);
      this.#endWorker(slot, task);
    });
    this.#graces.set(task, cancel);
  }

  /** The worker answered for that task; if it was being stopped, it has stopped by itself. */
  answered(slot: WorkerSlot, task: Task | undefined): void {
    if (task === undefined || (task.verdict === undefined && task.place !== 'done')) return;
    this.#graces.get(task)?.();
    this.#graces.delete(task);
    if (slot.state !== 'ready') return;
    slot.cancelTimer();
    this.watch(slot);
  }
}

/**
 * The verdict on a task that did not heed it: which step it took to stop it.
 *
 * @param livesOn whether not even that has stopped it
 */
export function stoppedByForce(verdict: Error, livesOn = false): Error {
  const said = verdict.message;
  const after = `it did not heed its signal within ${abortGraceMs} ms`;
  const how = livesOn
    ? `, which took giving its worker up: ${after}, and native code, which can't be interrupted in a thread, goes on until it returns (ProcessPoolExecutor can end it)`
    : `, which took ending its worker: ${after}`;
  verdict.message = said.includes(wasStopped) ? said.replace(wasStopped, `${wasStopped}${how}`) : `${said}${how}`;
  // The stack was put together with the message in it.
  if (verdict.stack !== undefined) verdict.stack = verdict.stack.replace(said, () => verdict.message);
  return verdict;
}

function timedOut(slot: WorkerSlot, task: Task, loadingMs: number | undefined): TimeoutError {
  const { name } = task;
  const what =
    loadingMs === undefined
      ? `task "${name}" ran longer than its timeout of ${task.settings.timeoutMs} ms`
      : `the module of task "${name}" was not loaded within ${loadingMs} ms (startupTimeout)`;
  const error = new TimeoutError(`${what} ${wasStopped} (attempt ${task.attempt}, worker ${slot.name})`);
  return atSite(error, task.submittedAt);
}
