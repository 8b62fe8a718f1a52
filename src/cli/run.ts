/**
 * One pass over the inputs: take, submit, report each outcome as it comes.
 *
 *   taking ──inputs over──────────────────────────────────────► finishing ──all done──► (run() returns)
 *      ├─────malformed input, executor broken: let all finish──►    │
 *      ├─────told to stop: cancel what has not started─────────►    │
 *      │                                                  grace over, output lost
 *      └─────output lost───────────────────► stopping ◄─────────────┘
 *
 * Few inputs are read and not yet done: so many for each worker, and as many as are done in a moment, so that workers of tiny tasks
 * are handed many at once and an endless input costs no memory. `run` alone waits; all that happens meanwhile changes the state and
 * wakes it.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Future, FutureStats } from 'concurrent-futures';
import type { EndSignal } from './exit-codes.js';
import { InputError } from './inputs/input-error.js';
import type { OpenInputs } from './inputs/open-inputs.js';
import type { OutputLoss } from './output.js';
import { describeFailure, type TaskOutcome, type TaskRecord } from './records.js';
import type { Limit } from './units.js';
import { UsageError } from './usage-error.js';

/** Why the run ended. */
export type RunEnd =
  | { readonly kind: 'inputs over' }
  | { readonly kind: 'input malformed'; readonly error: unknown }
  | { readonly kind: 'executor broken'; readonly error: { readonly message: string } }
  | { readonly kind: 'interrupted'; readonly signal: EndSignal }
  | { readonly kind: 'too many failures'; readonly failed: number; readonly max: Limit }
  | { readonly kind: 'out of time'; readonly limitMs: number }
  | { readonly kind: 'refused'; readonly error: UsageError }
  | { readonly kind: 'journal lost'; readonly message: string }
  | { readonly kind: 'output lost'; readonly loss: OutputLoss };

export interface RunPlan {
  readonly inputs: OpenInputs;
  /** Inputs that may be read and not done, however long the tasks take. */
  readonly inFlightMin: number;
  /** How long running tasks may go on once the run is told to stop. */
  readonly graceMs: number;
  submit(index: number, input: unknown): Future<unknown>;
  /**
   * What is known of that input from an earlier run, which needs no other: it is `true` where that was so, and has been dealt with.
   * Throws a {@link UsageError} where the input is not the one of then.
   */
  isRecorded(index: number, input: unknown): boolean;
  /** A task is done. */
  onRecord(record: TaskRecord): void;
  /** Whether more outcomes can be taken; {@link MapRun.wake} follows where not. */
  isOutputReady(): boolean;
}

/** How long tasks that are being stopped are waited for. */
const stopMs = 1000;
/** Inputs that may be read and not done, however short the tasks are. */
const inFlightMax = 10_000;
/** At least so often the event loop gets its turn, where inputs and outcomes come without one (signals, the live line). */
const turnEveryMs = 20;

export class MapRun {
  readonly #plan: RunPlan;
  #state: 'taking' | 'finishing' | 'stopping' = 'taking';
  #end: RunEnd = { kind: 'inputs over' };
  readonly #inFlight = new Set<Future<unknown>>();
  #inFlightNow: number;
  #doneSinceTurn = 0;
  /** How many inputs have been taken. */
  #taken = 0;
  #allTaken = false;
  /** When running tasks are stopped, on `performance.now()`'s clock. */
  #stopAt = Number.POSITIVE_INFINITY;
  #lastTurnAt = performance.now();
  #wake: (() => void) | undefined;

  constructor(plan: RunPlan) {
    this.#plan = plan;
    this.#inFlightNow = plan.inFlightMin;
  }

  async run(): Promise<RunEnd> {
    await this.#take();
    if (this.#state === 'taking') this.#state = 'finishing';
    await this.#untilIdle(() => this.#stopAt);
    if (this.#inFlight.size > 0) {
      this.#state = 'stopping';
      for (const future of [...this.#inFlight]) future.kill();
      const givenUpAt = performance.now() + stopMs;
      await this.#untilIdle(() => givenUpAt);
    }
    return this.#end;
  }

  /** Unstarted tasks are cancelled, running ones get some time to end by themselves. The first reason counts. */
  stop(end: RunEnd): void {
    this.#stopTaking(end, this.#plan.graceMs);
  }

  /** Nobody gets the outcomes any more: all is stopped. */
  loseOutput(loss: OutputLoss): void {
    this.#end = { kind: 'output lost', loss };
    this.#stopTaking(this.#end, 0);
  }

  /** How many inputs no task has been started for; `undefined` where there are more, nobody knows how many. */
  notStarted(done: number): number | undefined {
    const total = this.#allTaken ? this.#taken : this.#plan.inputs.total;
    return total === undefined ? undefined : total - done;
  }

  /** Something that {@link run} waits for may have come about. */
  wake(): void {
    this.#wake?.();
  }

  #stopTaking(end: RunEnd, graceMs: number): void {
    if (this.#end.kind === 'inputs over') this.#end = end;
    if (this.#state === 'taking') this.#state = 'finishing';
    this.#plan.inputs.close();
    for (const future of [...this.#inFlight]) future.cancel();
    this.#stopAt = Math.min(this.#stopAt, performance.now() + graceMs);
    this.wake();
  }

  async #take(): Promise<void> {
    let batch: readonly unknown[] = [];
    let begun = 0;
    while (this.#state === 'taking') {
      // No promise for each input: it would cost as much as all the rest of a tiny task's way through here.
      if (performance.now() - this.#lastTurnAt >= turnEveryMs) await this.#giveTurn();
      else if (this.#inFlight.size >= this.#inFlightNow || !this.#plan.isOutputReady()) {
        await this.#untilWoken(Number.POSITIVE_INFINITY);
      } else if (begun < batch.length) this.#begin(batch[begun++]);
      else {
        const next = await this.#nextBatch();
        if (next === undefined) return;
        batch = next;
        begun = 0;
      }
    }
  }

  async #nextBatch(): Promise<readonly unknown[] | undefined> {
    try {
      const next = await this.#plan.inputs.batches.next();
      if (next.done !== true) return next.value;
      // A source that was closed under a read may also just end.
      this.#allTaken = this.#state === 'taking';
      return undefined;
    } catch (error) {
      // A source that was closed under a read may end with an error: that is our doing, and no news.
      if (this.#state === 'taking') this.#end = { kind: 'input malformed', error };
      return undefined;
    }
  }

  #begin(input: unknown): void {
    const index = this.#taken;
    try {
      if (!this.#plan.isRecorded(index, input)) {
        if (input instanceof InputError) this.#reportMalformed(index, input);
        else this.#submit(index, input);
      }
      this.#taken += 1;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#stopTaking({ kind: 'refused', error }, this.#plan.graceMs);
    }
  }

  #reportMalformed(index: number, error: InputError): void {
    // Its stack is ours, and its text is the record's input.
    const { name, message, source, line } = error;
    const outcome = { status: 'failed', error: { name, message, source, line } } as const;
    this.#plan.onRecord({
      index,
      input: error.text ?? null,
      attempts: 0,
      ms: 0,
      worker: undefined,
      endedAt: now(),
      ...outcome,
    });
  }

  #submit(index: number, input: unknown): void {
    let future: Future<unknown>;
    try {
      future = this.#plan.submit(index, input);
    } catch (error) {
      this.#breakOff(error as Error);
      return;
    }
    this.#inFlight.add(future);
    future.addDoneCallback(() => {
      this.#inFlight.delete(future);
      this.#doneSinceTurn += 1;
      this.#report(index, input, future);
      this.wake();
    });
  }

  /** Without cancelling anything: an executor that is broken ends what it has. */
  #breakOff(error: { readonly message: string }): void {
    if (this.#end.kind === 'inputs over') this.#end = { kind: 'executor broken', error };
    if (this.#state === 'taking') this.#state = 'finishing';
    this.#plan.inputs.close();
  }

  #report(index: number, input: unknown, future: Future<unknown>): void {
    // Cancelled before it had started. Stopped tasks are cancelled as well, but they have something to tell.
    if (future.cancelled() && this.#state !== 'stopping') return;
    const { attempts, ms, worker } = future.stats as FutureStats;
    const outcome = future.cancelled() ? stopped : outcomeOf(future);
    // No task has failed where no worker could start one: a resumed run is to start it.
    if (attempts === 0 && outcome.status === 'failed' && outcome.error['code'] === 'BROKEN_EXECUTOR') {
      this.#breakOff(outcome.error);
      return;
    }
    this.#plan.onRecord({ index, input, attempts, ms, worker, endedAt: now(), ...outcome });
  }

  async #untilIdle(deadline: () => number): Promise<void> {
    while (this.#inFlight.size > 0) {
      const leftMs = deadline() - performance.now();
      if (leftMs <= 0) return;
      await this.#untilWoken(leftMs);
    }
  }

  #untilWoken(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(limitMs) ? setTimeout(wake, limitMs) : undefined;
      const self = this;
      function wake(): void {
        clearTimeout(timer);
        self.#wake = undefined;
        resolve();
      }
      this.#wake = wake;
    });
  }

  async #giveTurn(): Promise<void> {
    await nextTurn();
    this.#inFlightNow = Math.min(inFlightMax, Math.max(this.#plan.inFlightMin, 2 * this.#doneSinceTurn));
    this.#doneSinceTurn = 0;
    this.#lastTurnAt = performance.now();
  }
}

const stopped = {
  status: 'failed',
  error: { name: 'CancelledError', message: 'it was running when the run was stopped', code: 'CANCELLED' },
  isStopped: true,
} as const;

function now(): number {
  return performance.timeOrigin + performance.now();
}

function outcomeOf(done: Future<unknown>): TaskOutcome {
  try {
    // A done future gives its outcome at once, without a promise per task.
    return { status: 'ok', value: done.resultSync() };
  } catch (error) {
    return { status: 'failed', error: describeFailure(error) };
  }
}
