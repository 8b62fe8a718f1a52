/**
 * What each worker did when, in bounded memory: the longest tasks each by itself; of all others, how much of each stretch of time
 * they took.
 */

import type { TaskRecord } from '../records.js';
import { taskLabel } from '../task-label.js';
import { layOut, type Span } from './spans.js';
import type { TimeAxis } from './time-axis.js';
import { workerNumber } from './worker-number.js';

/** A task that is drawn by itself. */
export interface Bar extends Span {
  readonly label: string;
  readonly ms: number;
  readonly status: TaskRecord['status'];
  readonly attempts: number;
}

/** Short tasks that are drawn together. */
export interface Stretch extends Span {
  readonly tasks: number;
  readonly failed: number;
  /** How much of it the worker was at them: from 0 to 1. */
  readonly busy: number;
}

export interface Lane {
  /** The worker's number in its pool. */
  readonly worker: number;
  readonly bars: readonly Bar[];
  readonly stretches: readonly Stretch[];
  readonly tasks: number;
  readonly busyMs: number;
}

export interface TimelineView {
  readonly lanes: readonly Lane[];
  readonly endMs: number;
  /** How many tasks are drawn together. */
  readonly together: number;
  /** The longest of these. */
  readonly togetherMaxMs: number;
}

const bucketsMax = 1024;
/** A bar that takes less of the whole width is less than a pixel. */
const barShareMin = 1 / 2000;
/** Of all lanes together: what a browser draws without effort. */
const stretchesMax = 6000;

type Counters = Float64Array | Uint32Array;

interface PlacedBar extends Bar {
  readonly lane: OpenLane;
}

interface OpenLane {
  readonly worker: number;
  readonly busyMs: Float64Array;
  readonly counts: Uint32Array;
  readonly failures: Uint32Array;
  tasks: number;
  totalMs: number;
}

export class Timeline {
  readonly #axis: TimeAxis;
  readonly #barsMax: number;
  readonly #lanes = new Map<number, OpenLane>();
  /** At most twice as many as are drawn in the end. */
  #bars: PlacedBar[] = [];
  /** Shorter tasks are among the longest no more. */
  #barFromMs = 0;
  #bucketMs = 1;
  #endMs = 0;
  #together = 0;
  #togetherMaxMs = 0;

  constructor(axis: TimeAxis, barsMax = 3000) {
    this.#axis = axis;
    this.#barsMax = barsMax;
  }

  take({ index, input, worker, ms, endedAt, status, attempts }: TaskRecord): void {
    if (worker === undefined) return;
    const lane = this.#lane(workerNumber(worker));
    const endMs = this.#axis.at(endedAt);
    lane.tasks += 1;
    lane.totalMs += ms;
    this.#endMs = Math.max(this.#endMs, endMs);
    if (ms < this.#barFromMs) {
      this.#addTogether(lane, endMs, ms, status);
      return;
    }
    this.#bars.push({ lane, startMs: endMs - ms, endMs, label: taskLabel(index, input), ms, status, attempts });
    if (this.#bars.length >= 2 * this.#barsMax) this.#keepLongest();
  }

  view(): TimelineView {
    if (this.#bars.length > this.#barsMax) this.#keepLongest();
    if (this.#together > 0) this.#keepVisible();
    const opened = [...this.#lanes.values()].sort((one, other) => one.worker - other.worker);
    const perLane = Math.max(32, Math.floor(stretchesMax / Math.max(1, opened.length)));
    const lanes = opened.map((lane) => {
      const bars = this.#bars.filter((bar) => bar.lane === lane).sort((one, other) => one.endMs - other.endMs);
      layOut(bars, 0);
      const stretches = this.#together === 0 ? [] : this.#stretches(lane, perLane);
      return { worker: lane.worker, bars, stretches, tasks: lane.tasks, busyMs: lane.totalMs };
    });
    return { lanes, endMs: this.#endMs, together: this.#together, togetherMaxMs: this.#togetherMaxMs };
  }

  #lane(worker: number): OpenLane {
    let lane = this.#lanes.get(worker);
    if (lane === undefined) {
      const [busyMs, counts] = [new Float64Array(bucketsMax), new Uint32Array(bucketsMax)];
      lane = { worker, busyMs, counts, failures: new Uint32Array(bucketsMax), tasks: 0, totalMs: 0 };
      this.#lanes.set(worker, lane);
    }
    return lane;
  }

  #keepLongest(): void {
    this.#bars.sort((one, other) => other.ms - one.ms);
    this.#drawTogether(this.#bars.splice(this.#barsMax));
    this.#barFromMs = this.#bars.at(-1)?.ms ?? 0;
  }

  /** Thousands of bars that are all drawn wider than they are would make an idle worker look busy. */
  #keepVisible(): void {
    const leastMs = this.#endMs * barShareMin;
    const shorter = this.#bars.filter(({ ms }) => ms < leastMs);
    this.#bars = this.#bars.filter(({ ms }) => ms >= leastMs);
    this.#drawTogether(shorter);
  }

  #drawTogether(bars: readonly PlacedBar[]): void {
    for (const { lane, endMs, ms, status } of bars) this.#addTogether(lane, endMs, ms, status);
  }

  #addTogether(lane: OpenLane, endMs: number, ms: number, status: TaskRecord['status']): void {
    this.#together += 1;
    this.#togetherMaxMs = Math.max(this.#togetherMaxMs, ms);
    while (endMs >= this.#bucketMs * bucketsMax) this.#widenBuckets();
    const width = this.#bucketMs;
    const last = Math.floor(endMs / width);
    (lane.counts[last] as number) += 1;
    if (status === 'failed') (lane.failures[last] as number) += 1;
    const startMs = Math.max(0, endMs - ms);
    for (let bucket = last; bucket >= 0 && (bucket + 1) * width > startMs; bucket -= 1) {
      const fromMs = Math.max(startMs, bucket * width);
      (lane.busyMs[bucket] as number) += Math.min(endMs, (bucket + 1) * width) - fromMs;
    }
  }

  #widenBuckets(): void {
    this.#bucketMs *= 2;
    for (const { busyMs, counts, failures } of this.#lanes.values())
      for (const values of [busyMs, counts, failures]) foldPairs(values);
  }

  /** As few as the page can take, and what was seen in batches moved to before them, where it was. */
  #stretches({ busyMs, counts, failures }: OpenLane, max: number): Stretch[] {
    const used = Math.floor(this.#endMs / this.#bucketMs) + 1;
    const merged = Math.ceil(used / max);
    const widthMs = this.#bucketMs * merged;
    const stretches: Stretch[] = [];
    let carriedMs = 0;
    for (let first = Math.floor((used - 1) / merged) * merged; first >= 0; first -= merged) {
      const sum = (values: Counters): number => sumOf(values.subarray(first, first + merged));
      const startMs = first * this.#bucketMs;
      const endMs = Math.min(startMs + widthMs, this.#endMs);
      const takenMs = sum(busyMs) + carriedMs;
      const busy = Math.min(takenMs, endMs - startMs);
      carriedMs = takenMs - busy;
      if (takenMs > 0 || sum(counts) > 0)
        stretches.unshift({
          startMs,
          endMs,
          tasks: sum(counts),
          failed: sum(failures),
          busy: busy / (endMs - startMs || 1),
        });
    }
    return stretches;
  }
}

function sumOf(values: Counters): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function foldPairs(values: Counters): void {
  const half = values.length / 2;
  for (let place = 0; place < half; place += 1)
    values[place] = (values[2 * place] as number) + (values[2 * place + 1] as number);
  values.fill(0, half);
}
