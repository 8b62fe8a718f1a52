/** Plays cells of the matrix on several brokers at a time. */

import { type Cell, type Steps, sides } from './cells.js';
import { Lane, type Played } from './lane.js';

interface Result extends Played {
  readonly cell: Cell;
}

/** Several runs without a fault, since not each has every step: what depends on time is once here and once there. */
const calibrations = 2;

/** Plays what is chosen of the matrix, on so many brokers at a time. */
export async function playMatrix(
  choose: (steps: Steps) => readonly Cell[],
  lanesMax: number,
  onResult: (result: Result, of: number) => void,
): Promise<{ steps: Steps; results: Result[] }> {
  const lanes = await Promise.all(Array.from({ length: lanesMax }, () => Lane.start()));
  try {
    const steps = { submitter: new Set<string>(), worker: new Set<string>(), successor: new Set<string>() };
    const calm: Played[] = [];
    for (let run = 0; run < calibrations; run++) {
      const [lane] = lanes as [Lane];
      calm.push(await lane.play(undefined), await lane.play(undefined, true));
    }
    for (const { failure, steps: seen } of calm) {
      if (failure !== undefined) throw new Error(`a run without a fault fails: ${failure}`);
      for (const side of sides) for (const step of seen[side]) steps[side].add(step);
    }
    const known = {
      submitter: [...steps.submitter],
      worker: [...steps.worker],
      successor: [...steps.successor],
    };
    const cells = choose(known);
    const results: Result[] = [];
    const left = [...cells];
    await Promise.all(
      lanes.map(async (_, i) => {
        for (let cell = left.shift(); cell !== undefined; cell = left.shift()) {
          const lane = lanes[i] as Lane;
          const result = { cell, ...(await lane.play(cell)) };
          results.push(result);
          onResult(result, cells.length);
          if (result.failure === undefined) continue;
          await lane.stop();
          lanes[i] = await Lane.start();
        }
      }),
    );
    return { steps: known, results };
  } finally {
    await Promise.all(lanes.map((lane) => lane.stop()));
  }
}
