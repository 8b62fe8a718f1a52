/** What a program does with its executor in one run: some tasks and maps, each at its time, and a shutdown. */

import type { PoolOptions } from '../../src/executors/options.js';
import type { Chance } from './world.js';

export interface TaskScript {
  readonly name: string;
  /** When it is submitted, in milliseconds from the start; all times are. */
  readonly at: number;
  readonly does: 'answers' | 'sleeps' | 'throws' | 'failsOnce' | 'heeds' | 'neverEnds' | 'waitsItsTurn';
  readonly ms: number;
  readonly retries: number;
  readonly backoff: number;
  readonly timeout: number | undefined;
  readonly priority: number;
  /** What its program does to it, so long after its submit. */
  readonly stop: { readonly how: 'cancel' | 'kill' | 'abort'; readonly after: number } | undefined;
}

export interface MapScript {
  readonly name: string;
  readonly at: number;
  readonly items: number;
  readonly chunkSize: number | 'auto';
  readonly unordered: boolean;
  readonly ms: number;
  /** Left after so many items. */
  readonly leaveAfter: number;
}

export interface Script {
  readonly options: PoolOptions;
  readonly tasks: readonly TaskScript[];
  readonly maps: readonly MapScript[];
  readonly shutdown: { readonly at: number; readonly cancelFutures: boolean; readonly timeout: number | undefined };
}

const plain = { ms: 0, retries: 0, backoff: 0, timeout: undefined, priority: 0, stop: undefined } as const;

function some(count: number, does: TaskScript['does'], more: Partial<TaskScript> & { at: number }): TaskScript[] {
  return Array.from({ length: count }, (_, i) => ({ ...plain, does, name: `${does}-${more.at}-${i}`, ...more }));
}

/** A bit of everything; the last tasks come to an executor that has let its workers go. */
export const everything: Script = {
  options: { maxWorkers: 3, idleTimeout: 200, startupTimeout: 1000, maxTasksPerWorker: 20 },
  tasks: [
    ...some(8, 'answers', { at: 0 }),
    ...some(4, 'sleeps', { at: 1, ms: 20, retries: 1 }),
    ...some(2, 'throws', { at: 2, ms: 1 }),
    ...some(2, 'failsOnce', { at: 3, ms: 2, retries: 2, backoff: 10 }),
    ...some(1, 'heeds', { at: 4, timeout: 30 }),
    ...some(1, 'neverEnds', { at: 5, timeout: 30 }),
    ...some(2, 'sleeps', { at: 6, ms: 3, priority: 5 }),
    ...some(2, 'sleeps', { at: 7, ms: 3, stop: { how: 'cancel', after: 0 } }),
    ...some(1, 'neverEnds', { at: 8, stop: { how: 'kill', after: 40 } }),
    ...some(1, 'neverEnds', { at: 9, stop: { how: 'abort', after: 60 } }),
    ...some(6, 'answers', { at: 1500 }),
    ...some(2, 'sleeps', { at: 1501, ms: 10 }),
  ],
  maps: [
    { name: 'rows', at: 10, items: 12, chunkSize: 'auto', unordered: false, ms: 1, leaveAfter: 12 },
    { name: 'chunks', at: 11, items: 9, chunkSize: 4, unordered: true, ms: 0, leaveAfter: 9 },
  ],
  shutdown: { at: 1502, cancelFutures: false, timeout: undefined },
};

const deeds = [
  'answers',
  'answers',
  'answers',
  'sleeps',
  'sleeps',
  'throws',
  'failsOnce',
  'heeds',
  'neverEnds',
] as const;

/** Any script. */
export function randomScript(chance: Chance): Script {
  const length = chance.pick([10, 100, 400]);
  const count = 5 + chance.below(60);
  return {
    options: {
      maxWorkers: 1 + chance.below(4),
      ...(chance.happens(0.3) ? { minWorkers: 1 } : {}),
      ...(chance.happens(0.3) ? { maxTasksPerWorker: 1 + chance.below(8) } : {}),
      ...(chance.happens(0.3) ? { prefetch: chance.below(3) } : {}),
      idleTimeout: chance.pick([0, 20, 200, 60_000]),
      startupTimeout: 1000,
    },
    tasks: Array.from({ length: count }, (_, i) => randomTask(chance, `task-${i}`, length)),
    maps: Array.from({ length: chance.below(3) }, (_, i) => ({
      name: `map-${i}`,
      at: chance.below(length),
      items: 1 + chance.below(20),
      chunkSize: chance.pick(['auto', 'auto', 2, 5] as const),
      unordered: chance.happens(0.5),
      ms: chance.below(5),
      leaveAfter: 1 + chance.below(25),
    })),
    shutdown: {
      at: chance.pick([length, length, 2000]),
      cancelFutures: chance.happens(0.2),
      timeout: chance.happens(0.3) ? chance.below(200) : undefined,
    },
  };
}

/** Tasks of which each ends after the one that was submitted before it. */
export function scriptOfTurns(chance: Chance): Script {
  const count = 5 + chance.below(40);
  const moments = Array.from({ length: count }, () => (chance.happens(0.7) ? 0 : chance.below(100)));
  moments.sort((one, other) => one - other);
  const tasks = moments.map(
    (at, i): TaskScript => ({
      ...plain,
      name: `task-${i}`,
      at,
      does: 'waitsItsTurn',
      ms: chance.pick([0, 0, 0, 1, 6, 20]),
    }),
  );
  const maxWorkers = 1 + chance.below(5);
  const prefetch = chance.pick(['auto', 'auto', 0, 1, 5] as const);
  return {
    options: { maxWorkers, prefetch, startupTimeout: 1000 },
    tasks,
    maps: [],
    shutdown: { at: 100, cancelFutures: false, timeout: undefined },
  };
}

/** Tasks that are aborted, one soon after another, and of which some do not care. */
export function scriptOfStops(chance: Chance): Script {
  const tasks = Array.from({ length: 5 + chance.below(20) }, (_, i): TaskScript => {
    const does = chance.pick(['heeds', 'sleeps', 'neverEnds'] as const);
    const stop = { how: 'abort', after: chance.below(60) } as const;
    return { ...plain, name: `task-${i}`, at: chance.below(5), does, ms: chance.pick([1, 10, 40]), stop };
  });
  return {
    options: { maxWorkers: 1 + chance.below(2), startupTimeout: 1000 },
    tasks,
    maps: [],
    shutdown: { at: 100, cancelFutures: false, timeout: undefined },
  };
}

function randomTask(chance: Chance, name: string, length: number): TaskScript {
  const does = chance.pick(deeds);
  const how = chance.pick(['cancel', 'kill', 'abort'] as const);
  const stop = chance.happens(0.2) ? { how, after: chance.below(40) } : undefined;
  // A task that would never end is given something that ends it.
  const isEndless = does === 'heeds' || does === 'neverEnds';
  const isBounded = isEndless && (stop === undefined || how === 'cancel');
  return {
    name,
    does,
    at: chance.below(length),
    ms: chance.pick([0, 1, 3, 10, 40]),
    retries: chance.happens(0.3) ? 1 + chance.below(4) : 0,
    backoff: chance.pick([0, 5, 30]),
    timeout: isBounded || chance.happens(0.1) ? 1 + chance.below(60) : undefined,
    priority: chance.happens(0.1) ? chance.below(5) - 2 : 0,
    stop,
  };
}
