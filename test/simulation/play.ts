/** Plays a script in a world with faults, and judges what became of it. */

import { Executor } from '../../src/executors/executor.js';
import type { TaskOptions } from '../../src/executors/options.js';
import { poolSettings } from '../../src/executors/options.js';
import type { Future } from '../../src/future/future.js';
import { Pool } from '../../src/pool/pool.js';
import type { FaultPlan } from './faults.js';
import { bodies, stage } from './fixtures/bodies.js';
import { type Chronicle, SimulatedHost } from './host.js';
import { faultsOf, type Submitted } from './judge.js';
import type { MapScript, Script, TaskScript } from './script.js';
import { VirtualClock, World } from './world.js';

class SimulatedExecutor extends Executor {
  constructor(host: SimulatedHost, clock: VirtualClock, options: Script['options']) {
    super(new Pool(host, poolSettings('SimulatedExecutor', { namePrefix: 'sim', ...options }, []), clock), Infinity);
  }
}

/** What a run leaves behind, to be judged. */
export interface Played {
  readonly script: Script;
  readonly chronicle: Chronicle;
  readonly submitted: readonly Submitted[];
  readonly starts: ReadonlyMap<string, number>;
  /** What readers of maps got, in their order, by the map's name. */
  readonly read: ReadonlyMap<string, readonly unknown[]>;
  readonly executor: Executor;
  readonly clock: VirtualClock;
  readonly warnings: readonly string[];
  /** How long it took until the executor was shut down, in the world's milliseconds. */
  readonly tookMs: number;
}

/** Plays it to its end; throws what is wrong with how it went. */
export async function play(script: Script, plan: FaultPlan, seed: number, latency = 0): Promise<void> {
  const world = new World(seed, latency);
  const clock = new VirtualClock(world);
  const host = new SimulatedHost(world, plan);
  const warnings = hearWarnings();
  stage.sleep = (ms) => world.sleep(ms);
  stage.starts = new Map();
  stage.turns = new Map();
  const submitted: Submitted[] = [];
  const read = new Map<string, unknown[]>();
  const bornAt = world.now;
  let executor: SimulatedExecutor | undefined;
  try {
    const story = async (): Promise<void> => {
      executor = new SimulatedExecutor(host, clock, script.options);
      const pool = executor;
      const parts = [
        ...script.tasks.map((task) => at(task.at, () => submitted.push(submit(pool, task, world)))),
        ...script.maps.map((map) => at(map.at, () => readMap(pool, map, read))),
      ];
      await world.sleep(script.shutdown.at);
      const { cancelFutures, timeout } = script.shutdown;
      await pool.shutdown({ cancelFutures, ...(timeout === undefined ? {} : { timeout }) });
      const played = { script, submitted, read, clock, warnings: warnings.heard, chronicle: host.chronicle };
      const problems = faultsOf({ ...played, executor: pool, starts: stage.starts, tookMs: world.now - bornAt });
      await Promise.all(parts);
      if (problems.length > 0) throw new Error(problems.join('\n'));
    };
    const at = async (ms: number, act: () => unknown): Promise<void> => {
      await world.sleep(ms);
      await act();
    };
    await world.live(story());
  } catch (error) {
    const open = submitted.filter(({ future }) => future?.done() === false).map(({ script }) => JSON.stringify(script));
    throw new Error(
      [(error as Error).message, ...open.map((task) => `not done: ${task}`), executor?.explain() ?? ''].join('\n'),
      { cause: error },
    );
  } finally {
    warnings.stop();
  }
}

function submit(executor: Executor, script: TaskScript, world: World): Submitted {
  const { name, does, ms, retries, backoff, timeout, priority, stop } = script;
  const controller = new AbortController();
  const options: TaskOptions = {
    name,
    priority,
    retries: { times: retries, backoff },
    ...(timeout === undefined ? {} : { timeout }),
    ...(stop?.how === 'abort' ? { signal: controller.signal } : {}),
  };
  const entry: Submitted = { script, future: undefined, refusal: undefined, stopped: undefined };
  try {
    entry.future = executor.with(options).submit(bodies[does], name, ms);
  } catch (error) {
    entry.refusal = error;
    return entry;
  }
  // Somebody looks at every outcome.
  void entry.future.exception().catch(() => {});
  if (stop !== undefined) world.after(stop.after, () => stopTask(entry, entry.future as Future<unknown>, controller));
  return entry;
}

function stopTask(entry: Submitted, future: Future<unknown>, controller: AbortController): void {
  const wasDone = future.done();
  const startsBefore = stage.starts.get(entry.script.name) ?? 0;
  if (entry.script.stop?.how === 'abort') controller.abort(new Error('not wanted'));
  const isStopped = entry.script.stop?.how === 'cancel' ? future.cancel() : future.kill();
  entry.stopped = { isStopped: isStopped && !wasDone, startsBefore };
}

async function readMap(executor: Executor, map: MapScript, read: Map<string, unknown[]>): Promise<void> {
  const got: unknown[] = [];
  read.set(map.name, got);
  const names = Array.from({ length: map.items }, (_, i) => `${map.name}-${i}`);
  try {
    const results = executor
      .with({ name: map.name })
      .map(
        bodies.sleeps,
        names,
        names.map(() => map.ms),
      )
      .chunkSize(map.chunkSize);
    const reader = (map.unordered ? results.unordered() : results).settled();
    for await (const item of reader) {
      got.push(item.status === 'fulfilled' ? item.value : item.reason);
      if (got.length >= map.leaveAfter) break;
    }
  } catch (error) {
    got.push(error);
  }
}

/** What the library would tell the process. */
function hearWarnings(): { readonly heard: string[]; stop(): void } {
  const heard: string[] = [];
  const { emitWarning } = process;
  process.emitWarning = ((text: string | Error, options?: { detail?: string }) => {
    heard.push(`${text} ${options?.detail ?? ''}`);
  }) as typeof process.emitWarning;
  return {
    heard,
    stop: () => {
      process.emitWarning = emitWarning;
    },
  };
}
