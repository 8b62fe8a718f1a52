/** How many tasks took how long, on a logarithmic scale: a fixed number of counters. */

import type { TaskRecord } from '../records.js';

export interface LatencyBin {
  readonly fromMs: number;
  readonly toMs: number;
  readonly ok: number;
  readonly failed: number;
}

const perDecade = 10;
/** From a microsecond to some months. */
const leastMs = 0.001;
const decades = 14;
const binsShownMax = 60;

export class Latencies {
  readonly #ok = new Float64Array(decades * perDecade);
  readonly #failed = new Float64Array(decades * perDecade);

  take({ ms, status }: TaskRecord): void {
    if (status === 'failed' && ms === 0) return;
    const place = Math.floor(Math.log10(Math.max(ms, leastMs) / leastMs) * perDecade);
    const counts = status === 'ok' ? this.#ok : this.#failed;
    (counts[Math.max(0, Math.min(place, counts.length - 1))] as number) += 1;
  }

  /** From the first that is not empty to the last. */
  bins(): LatencyBin[] {
    const used = [...this.#ok.keys()].filter((place) => this.#count(place) > 0);
    const [first, last] = [used[0], used.at(-1)];
    if (first === undefined || last === undefined) return [];
    const merged = Math.ceil((last - first + 1) / binsShownMax);
    const bins: LatencyBin[] = [];
    for (let place = first; place <= last; place += merged) {
      const sum = (counts: Float64Array): number => counts.subarray(place, place + merged).reduce((a, b) => a + b, 0);
      bins.push({ fromMs: edge(place), toMs: edge(place + merged), ok: sum(this.#ok), failed: sum(this.#failed) });
    }
    return bins;
  }

  #count(place: number): number {
    return (this.#ok[place] as number) + (this.#failed[place] as number);
  }
}

function edge(place: number): number {
  return leastMs * 10 ** (place / perDecade);
}
