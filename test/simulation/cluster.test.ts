/**
 * The submitting side of a cluster: any program, any order of events, any accidents; every task ends with what became of it.
 *
 * `SIMULATION_RUNS=<n>` plays so many; `SIMULATION_SEED=<n>` plays the one that failed.
 */

import { test } from 'node:test';
import { ClusterPool } from '../../src/cluster/cluster-pool.js';
import type { Link } from '../../src/cluster/link.js';
import { ShutdownError } from '../../src/errors.js';
import { Executor } from '../../src/executors/executor.js';
import { type Future, outcomeOf } from '../../src/future/future.js';
import { type Accident, accidents, type Deed, SimulatedLink } from './cluster-link.js';
import { Chance, VirtualClock, World } from './world.js';

const replayed = process.env['SIMULATION_SEED'];
const runs = Number(process.env['SIMULATION_RUNS'] ?? 200);

class SimulatedClusterExecutor extends Executor {}

interface Entry {
  readonly name: string;
  readonly deed: Deed;
  readonly retries: number;
  readonly future: Future<unknown>;
  stopped: { readonly how: 'cancel' | 'kill' | 'abort'; readonly isStored: boolean } | undefined;
}

test('the submitting side of a cluster loses nothing and ends', { timeout: 60_000 + runs * 1000 }, async (t) => {
  const first = replayed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(replayed);
  const count = replayed === undefined ? runs : 1;
  t.diagnostic(`seeds ${first} to ${first + count - 1}`);
  for (let seed = first; seed < first + count; seed++) {
    try {
      await play(seed);
    } catch (error) {
      throw new Error(`SIMULATION_SEED=${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
});

async function play(seed: number): Promise<void> {
  const chance = new Chance(seed);
  const world = new World(seed, chance.pick([0, 0.05, 0.3]));
  const clock = new VirtualClock(world);
  const share = chance.pick([0, 0, 0.01, 0.05, 0.2]);
  const kinds = chance.happens(0.3) ? accidents : [chance.pick(accidents)];
  const deeds = new Map<string, Deed>();
  let link: SimulatedLink | undefined;
  const settings = {
    namePrefix: 'sim',
    maxQueue: Number.POSITIVE_INFINITY,
    maxQueueBytes: Number.POSITIVE_INFINITY,
    maxInFlight: chance.pick([undefined, 1, 3, 20]),
  };
  const pool = new ClusterPool(settings, clock, (events) => {
    link = new SimulatedLink({
      world,
      events,
      deedOf: (name) => deeds.get(name) as Deed,
      happens: (accident: Accident) => kinds.includes(accident) && chance.happens(share),
    });
    return link as unknown as Link;
  });
  const executor = new SimulatedClusterExecutor(pool, Number.POSITIVE_INFINITY);
  const entries: Entry[] = [];
  const story = async (): Promise<void> => {
    const count = 1 + chance.below(30);
    for (let i = 0; i < count; i++) {
      if (chance.happens(0.3)) await world.sleep(chance.below(10));
      const name = `task-${i}`;
      const deed = chance.pick(['answers', 'answers', 'answers', 'throws', 'failsOnce', 'neverEnds'] as const);
      deeds.set(name, deed);
      // Nothing more is taken then.
      if (link?.isBroken) break;
      entries.push(submitOne(executor, world, link as SimulatedLink, { name, deed, chance }));
    }
    const maps = chance.pick([[], [], ['map-0'], ['map-0', 'map-1']]).map((name) => {
      deeds.set(name, 'gives back');
      return readMap(executor, name, chance);
    });
    if (chance.happens(0.5)) await world.sleep(chance.below(200));
    const cancelFutures = chance.happens(0.2);
    const isLimited = chance.happens(0.2);
    await executor.shutdown({ cancelFutures, ...(isLimited ? { timeout: chance.below(100) } : {}) });
    const isCut = cancelFutures || isLimited;
    const problems = entries.flatMap((entry) => problemsOf(entry, link as SimulatedLink, isCut));
    for (const { name, wrong, error } of await Promise.all(maps)) {
      if (wrong !== undefined) problems.push(`${name} gave ${wrong}`);
      // What it had not submitted by then is not taken any more.
      if (
        error !== undefined &&
        !(error instanceof ShutdownError) &&
        !isCut &&
        !link?.isBroken &&
        !link?.accidents.has(name)
      )
        problems.push(`${name} failed with ${error}`);
    }
    const left = /0 tasks in 0 batches/.test(executor.explain()) ? [] : [executor.explain()];
    const twice = (link as SimulatedLink).forgotten.filter((id, i, all) => all.indexOf(id) !== i);
    if (clock.isKeptAlive) problems.push('the program is kept alive');
    if (twice.length > 0) problems.push(`forgotten twice: ${twice}`);
    if (problems.length + left.length > 0) throw new Error([...problems, ...left].join('\n'));
  };
  try {
    await world.live(story());
  } catch (error) {
    const open = entries.filter(({ future }) => !future.done()).map(({ name, deed }) => `not done: ${name}, ${deed}`);
    throw new Error([(error as Error).message, ...open, executor.explain()].join('\n'), { cause: error });
  }
}

function submitOne(
  executor: Executor,
  world: World,
  link: SimulatedLink,
  { name, deed, chance }: { name: string; deed: Deed; chance: Chance },
): Entry {
  const controller = new AbortController();
  const retries = chance.pick([0, 0, 1, 2]);
  const isStopped = deed === 'neverEnds' || chance.happens(0.3);
  const stop = isStopped ? chance.pick(['cancel', 'kill', 'abort'] as const) : undefined;
  const priority = chance.happens(0.1) ? chance.below(3) : 0;
  const future = executor
    .with({ name, priority, retries: { times: retries, backoff: chance.below(10) }, signal: controller.signal })
    .submit(nothing);
  void future.exception().catch(() => {});
  const entry: Entry = { name, deed, retries, future, stopped: undefined };
  if (stop !== undefined)
    world.after(chance.below(60), () => {
      const isStored = link.stored.has(name);
      if (stop === 'abort') controller.abort(new Error('not wanted'));
      // What is known to run can't be cancelled.
      const isStopped = stop === 'abort' || (stop === 'cancel' && future.cancel()) || future.kill();
      if (isStopped) entry.stopped = { how: stop, isStored };
    });
  return entry;
}

function problemsOf({ name, deed, retries, future, stopped }: Entry, link: SimulatedLink, isCut: boolean): string[] {
  const outcome = outcomeOf(future);
  if (outcome === undefined) return [`${name} is not settled, and the executor is shut down`];
  const had = link.accidents.get(name) ?? new Set();
  const starts = link.starts.get(name) ?? 0;
  if (outcome.ok) {
    const isTrue = outcome.value === name && starts > 0 && (deed === 'answers' || (deed === 'failsOnce' && starts > 1));
    return isTrue ? [] : [`${name}, ${deed}, started ${starts} times, gave ${outcome.value}`];
  }
  const { code, name: kind } = outcome.reason as { code?: string; name: string };
  const isTrue =
    kind === 'RangeError'
      ? deed === 'throws' || (deed === 'failsOnce' && (retries === 0 || had.has('lost')))
      : code === 'CANCELLED'
        ? stopped !== undefined || isCut
        : code === 'TASK_LOST'
          ? had.has('lost')
          : code === 'TASK_REFUSED'
            ? had.has('refused')
            : code === 'BROKEN_EXECUTOR'
              ? link.isBroken
              : had.has('unsendable');
  const problems = isTrue ? [] : [`${name}, ${deed}, failed with ${outcome.reason}`];
  if (stopped?.isStored === false && starts > 0 && retries === 0)
    problems.push(`${name} was started after it was stopped`);
  return problems;
}

/** Reads some of a map, or all of it. */
async function readMap(
  executor: Executor,
  name: string,
  chance: Chance,
): Promise<{ name: string; wrong?: unknown; error?: unknown }> {
  const items = chance.below(40);
  const leaveAfter = chance.pick([items, items, chance.below(items + 1)]);
  const isOrdered = chance.happens(0.5);
  const expected = new Set(Array.from({ length: items }, (_, i) => i));
  try {
    const results = executor
      .with({ name })
      .map((item: number) => item, [...expected])
      .chunkSize(chance.pick(['auto', 1, 3]));
    for await (const value of isOrdered ? results : results.unordered()) {
      const [next] = expected;
      if (isOrdered ? value !== next : !expected.has(value)) return { name, wrong: value };
      expected.delete(value);
      if (items - expected.size >= leaveAfter) return { name };
    }
    return expected.size === 0 ? { name } : { name, wrong: `nothing for ${[...expected]}` };
  } catch (error) {
    return { name, error };
  }
}

function nothing(): void {}
