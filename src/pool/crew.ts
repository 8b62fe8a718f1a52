/**
 * The workers of a pool: started when needed, let go when idle for long, replaced when spent, ended when they must be.
 *
 *   start ──► slot (its states: slot.ts) ──► onReady
 *                 ├── retire:  asked to go, ended when it does not
 *                 ├── condemn: ended now ──► onReturned(its unstarted tasks)
 *                 └── gone ──► onReturned, onGone
 */

import { TimeoutError } from '../errors.js';
import { mapFrames } from '../functions/source-frames.js';
import { decodeError, type EncodedError } from '../protocol/errors.js';
import { protocolVersion } from '../protocol/messages.js';
import type { Clock } from './clock.js';
import type { ToPool, WorkerExit, WorkerHost } from './host.js';
import { lastDeath, reportLeftOver, reportLeftOverError, startLost } from './losses.js';
import { Restarts } from './restarts.js';
import type { PoolSettings } from './settings.js';
import { noteLink, WorkerSlot } from './slot.js';
import type { Task } from './task.js';
import { RelayedError } from './task-errors.js';

export type Answer = Extract<ToPool, { kind: 'done' | 'failed' | 'revoked' }>;

export interface CrewEvents {
  onReady(slot: WorkerSlot): void;
  onAnswer(slot: WorkerSlot, answer: Answer): void;
  /** Tasks that a worker was handed and never started, in order. */
  onReturned(tasks: readonly Task[]): void;
  /** A worker is gone; `lost` is the task that it was running. */
  onGone(slot: WorkerSlot, exit: WorkerExit, lost: Task | undefined): void;
  /** Starting workers may be tried again. */
  onRoom(): void;
  /** Workers can't be started; or, as `why` says, are not any more. */
  onUnstartable(cause: unknown, why?: string): void;
}

/** So many workers in a row that end before they have run a task mean that workers can't start. */
const failedStartsMax = 3;
/** Where other workers do live, the pool goes on with those, and tries again to start one after this long. */
const startPauseMs = 5000;
/** A timer that is so late says that this thread was blocked. */
const stoodStillMs = 50;
/** How long a worker that was asked to go may take. */
const retireGraceMs = 1000;

export class Crew {
  readonly #host: WorkerHost;
  readonly #settings: PoolSettings;
  readonly #clock: Clock;
  readonly #events: CrewEvents;
  readonly #restarts: Restarts;
  readonly #slots = new Set<WorkerSlot>();
  /** How many workers there may be beyond `maxWorkers`, in the place of those whose tasks wait for others of this pool. */
  lent = 0;
  #failedStarts = 0;
  #pausedUntilMs = 0;
  #sweepIsDue = false;

  constructor(host: WorkerHost, settings: PoolSettings, clock: Clock, events: CrewEvents) {
    this.#host = host;
    this.#settings = settings;
    this.#clock = clock;
    this.#events = events;
    this.#restarts = new Restarts(settings.maxRestarts, clock);
  }

  /** Every worker that is not gone yet. */
  get slots(): ReadonlySet<WorkerSlot> {
    return this.#slots;
  }

  /** Whether another worker may be started. */
  get hasRoom(): boolean {
    return this.#slots.size < this.#settings.maxWorkers + this.lent && this.#clock.now() >= this.#pausedUntilMs;
  }

  get hasIdle(): boolean {
    for (const slot of this.#slots) if (slot.isIdle) return true;
    return false;
  }

  /** Starts one more worker; `false` when that failed at once. */
  start(): boolean {
    const id = this.#freeId();
    const slot = new WorkerSlot(id, `${this.#settings.namePrefix}_${id}`, this.#clock.now());
    this.#slots.add(slot);
    try {
      slot.link = this.#host.start(
        { id, name: slot.name },
        { onMessage: (message) => this.#onMessage(slot, message), onExit: (exit) => this.#onExit(slot, exit) },
      );
      if (this.#host.inside !== undefined) noteLink(slot.link, slot);
      slot.link.send(this.#initMessage(slot), []);
    } catch (error) {
      this.#slots.delete(slot);
      slot.state = 'gone';
      slot.link?.terminate();
      this.#startFailed(error);
      return false;
    }
    this.#awaitReady(slot);
    return true;
  }

  /** Whether the worker must not be handed more tasks. */
  isSpent(slot: WorkerSlot): boolean {
    return slot.taken >= this.#settings.maxTasksPerWorker || slot.taken === Number.POSITIVE_INFINITY;
  }

  /** The worker has nothing to do: it is replaced if spent, and otherwise let go when that lasts. */
  rest(slot: WorkerSlot): void {
    slot.idleSince = this.#clock.now();
    if (this.isSpent(slot)) this.retire(slot);
    else this.#sweepIn(this.#settings.idleTimeoutMs);
  }

  /** Asks an idle worker to go; one that does not is ended. */
  retire(slot: WorkerSlot): void {
    slot.cancelTimer();
    slot.state = 'retiring';
    slot.link?.send({ kind: 'retire' }, []);
    slot.cancelTimer = this.#clock.after(retireGraceMs, () => this.condemn(slot));
  }

  /**
   * Ends a worker now; its unstarted tasks come back at once.
   *
   * @param culprit the task that it is to be ended for. A worker that runs another one by now is spared: it has done the culprit,
   * whose answer is on its way.
   */
  condemn(slot: WorkerSlot, culprit?: Task): void {
    if (slot.state === 'condemned' || slot.state === 'gone') return;
    const unstarted = slot.takeBackUnstarted();
    if (culprit === undefined || !slot.isPast(culprit)) {
      slot.cancelTimer();
      slot.state = 'condemned';
      slot.link?.terminate();
    }
    this.#events.onReturned(unstarted);
  }

  /** Lets everyone go who has nothing to do. */
  dismiss(): void {
    for (const slot of this.#slots) {
      // One that holds nothing but what was taken back from it may be blocked, and never answer for that.
      if (slot.state === 'ready' && slot.tasks.length === 0) this.retire(slot);
      else if (slot.state === 'starting') this.condemn(slot);
    }
  }

  /** Names are reused, as those of a pool's threads are: `prefix_0` to `prefix_<maxWorkers - 1>`. */
  #freeId(): number {
    const used = new Set([...this.#slots].map((slot) => slot.id));
    let id = 0;
    while (used.has(id)) id += 1;
    return id;
  }

  #initMessage(slot: WorkerSlot) {
    const { initializer, maxMemory } = this.#settings;
    return {
      kind: 'init',
      version: protocolVersion,
      workerId: slot.id,
      workerName: slot.name,
      initializer: initializer && {
        function: initializer.handle.portable,
        units: initializer.handle.units.map(({ id, content }) => [id, content] as const),
        args: initializer.args,
      },
      depth: this.#settings.depth + 1,
      processors: Math.max(1, Math.floor(this.#settings.processors / this.#settings.maxWorkers)),
      maxMemory,
    } as const;
  }

  #awaitReady(slot: WorkerSlot): void {
    const limitMs = this.#settings.startupTimeoutMs;
    const dueAt = this.#clock.now() + limitMs;
    slot.cancelTimer = this.#clock.after(limitMs, () => {
      // This thread stood still meanwhile, and heard and sent nothing: that is not the worker's fault.
      if (this.#clock.now() - dueAt > stoodStillMs) this.#awaitReady(slot);
      else this.#startedTooLate(slot, limitMs);
    });
  }

  #startedTooLate(slot: WorkerSlot, limitMs: number): void {
    if (slot.state !== 'starting') return;
    this.#events.onUnstartable(
      new TimeoutError(`worker ${slot.name} was not ready within ${limitMs} ms (startupTimeout)`),
    );
  }

  #startFailed(cause: unknown): void {
    this.#failedStarts += 1;
    if (this.#failedStarts < failedStartsMax) return;
    if (this.#readyCount() === 0) {
      this.#events.onUnstartable(cause);
      return;
    }
    this.#pausedUntilMs = this.#clock.now() + startPauseMs;
    // Those that live may be gone by then, and nothing else would ask for a worker.
    this.#clock.after(startPauseMs, () => this.#events.onRoom());
  }

  #onMessage(slot: WorkerSlot, message: ToPool): void {
    switch (message.kind) {
      case 'ready':
        if (slot.state !== 'starting') return;
        slot.cancelTimer();
        slot.state = 'ready';
        this.rest(slot);
        this.#events.onReady(slot);
        return;
      case 'broken':
        this.#events.onUnstartable(decodeError(message.error, () => undefined, ''));
        return;
      case 'report': {
        const task = slot.taskOf(message.seq);
        task?.report(message.progress);
        return;
      }
      case 'heavy':
        slot.exhaust();
        return;
      case 'leftOver':
        slot.exhaust();
        reportLeftOverError(
          slot.name,
          decodeError(message.error, () => undefined, ''),
        );
        return;
      case 'dying':
        slot.dyingOf = message.error;
        return;
      case 'done':
      case 'failed':
      case 'revoked':
        this.#failedStarts = 0;
        this.#events.onAnswer(slot, message);
        return;
      default:
        message satisfies never;
    }
  }

  #onExit(slot: WorkerSlot, told: WorkerExit): void {
    slot.cancelTimer();
    const { lost, unstarted } = slot.release();
    const exit = slot.dyingOf === undefined ? told : { ...told, error: deathOf(slot.dyingOf, lost) ?? told.error };
    this.#slots.delete(slot);
    this.#events.onReturned(unstarted);
    if (lost !== undefined) this.#failedStarts = 0;
    else if (slot.state === 'starting') this.#startFailed(startLost(slot.name, exit));
    else if (slot.state === 'ready') {
      // What its initializer left behind ended it before it came to any task: the next one would fare no better.
      if (slot.completed === 0 && unstarted.length > 0) this.#startFailed(startLost(slot.name, exit));
      else reportLeftOver(slot.name, exit);
    }
    if (slot.state === 'ready' && this.#restarts.isOneTooMany()) {
      const why = this.#restarts.explain(this.#settings.namePrefix);
      this.#events.onUnstartable(lastDeath(lost, slot.name, exit), why);
    }
    this.#events.onGone(slot, exit, lost);
    slot.state = 'gone';
  }

  /** One timer for all idle workers: setting one per worker and task would cost as much as a tiny task. */
  #sweepIn(ms: number): void {
    if (this.#sweepIsDue || !Number.isFinite(ms)) return;
    this.#sweepIsDue = true;
    this.#clock.after(ms, () => {
      this.#sweepIsDue = false;
      let nextMs = Number.POSITIVE_INFINITY;
      for (const slot of this.#slots) {
        if (!slot.isIdle) continue;
        const leftMs = slot.idleSince + this.#settings.idleTimeoutMs - this.#clock.now();
        if (leftMs > 0) nextMs = Math.min(nextMs, leftMs);
        else if (this.#readyCount() > this.#settings.minWorkers) this.retire(slot);
      }
      this.#sweepIn(nextMs);
    });
  }

  #readyCount(): number {
    return [...this.#slots].filter((slot) => slot.state === 'ready').length;
  }
}

/** What a worker said that it dies of. */
function deathOf(error: EncodedError, lost: Task | undefined): unknown {
  if (lost?.handle.isRelayed) return new RelayedError(error);
  try {
    return decodeError(error, (name) => lost?.handle.findErrorClass(name), '', mapFrames);
  } catch {
    // Its tasks must not be lost for that; what the host has seen of its end will have to do.
    return undefined;
  }
}
