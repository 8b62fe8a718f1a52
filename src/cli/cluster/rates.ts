/** How many tasks a second each worker does, from the counts that it tells. */

import type { WatchedWorker } from 'concurrent-futures/cluster';

type Sample = Pick<WatchedWorker, 'heardAt' | 'done' | 'startedAt'>;

/** Over so long: a worker tells its count once a second. */
const windowMs = 5000;

export class Rates {
  #samples = new Map<string, Sample[]>();

  /** Those that are not among them are forgotten. */
  take(workers: readonly WatchedWorker[]): void {
    const samples = new Map<string, Sample[]>();
    for (const { name, heardAt, done, startedAt } of workers) {
      const before = (this.#samples.get(name) ?? []).filter(
        (each) => each.startedAt === startedAt && heardAt - each.heardAt <= windowMs,
      );
      if (before.at(-1)?.heardAt !== heardAt) before.push({ heardAt, done, startedAt });
      samples.set(name, before);
    }
    this.#samples = samples;
  }

  /** `undefined` while it has told its count only once. */
  of(name: string): number | undefined {
    const samples = this.#samples.get(name) ?? [];
    const [first, last] = [samples[0], samples.at(-1)];
    if (first === undefined || last === undefined || first === last) return undefined;
    return ((last.done - first.done) / (last.heardAt - first.heardAt)) * 1000;
  }

  get total(): number | undefined {
    const rates = [...this.#samples.keys()].map((name) => this.of(name)).filter((rate) => rate !== undefined);
    return rates.length === 0 ? undefined : rates.reduce((sum, rate) => sum + rate, 0);
  }
}
