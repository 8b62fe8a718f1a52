/** How a fault is made to happen in each place. */

import { type Executor, type Future, tasksFrom } from 'concurrent-futures';
import type { AnyOptions } from '../contract/executors.js';
import type { Stage } from '../contract/gates.js';
import { type Cell, type Fault, type Place, sticks } from './axes.js';
import { arm } from './fixtures/accessible-error.js';
import { commit } from './fixtures/deeds.js';
import { fine, giveResult, initialize, leaveBehind, run, take, throwAccessible } from './fixtures/tasks.js';

/** How long a task that sticks may run. */
const timeoutMs = 150;
/** As long as a worker may take to start on a busy machine. */
const slowStartMs = 5_000;
/** For executors none of whose workers will ever be ready. */
const neverReadyMs = 1_000;
const heapMb = 32;
/** With a larger one, Node 24 ends the whole program instead of the thread: see docs/reliability.md. */
const youngHeapMb = 8;

/** The options of the executor that the cell is about. */
export function optionsOf({ kind, fault, place, shape }: Cell, stage: Stage): AnyOptions {
  const isInitializer = place === 'initializer';
  const huge = fault === 'huge value' ? [commit(fault)] : [];
  return {
    maxWorkers: shape.maxWorkers,
    namePrefix: 'Matrix',
    ...(isInitializer && { initializer: initialize as () => void, initargs: [fault, stage.dir, ...huge] }),
    ...(sticks.has(fault) && { startupTimeout: isInitializer ? neverReadyMs : slowStartMs }),
    ...(fault === 'out of memory' && limitedMemory(kind)),
  };
}

function limitedMemory(kind: Cell['kind']): AnyOptions {
  return kind === 'thread'
    ? { resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: youngHeapMb } }
    : { execArgv: [`--max-old-space-size=${heapMb}`] };
}

type Submit = (executor: Executor, fault: Fault, stage: Stage, index: number) => Future<unknown>;

const limited = (executor: Executor, fault: Fault): Executor =>
  sticks.has(fault) ? executor.with({ timeout: timeoutMs }) : executor;

/** Submits the task that has the fault. */
const faulty: Readonly<Record<Place, Submit>> = {
  initializer: (executor, _fault, stage, index) => executor.submit(fine, stage.dir, 'first', index),
  'decoding arguments': (executor, fault, stage, index) => {
    if (fault === 'uncopyable result' || fault === 'getter that throws' || fault === 'huge value')
      return executor.submit(take, commit(fault));
    const url = new URL('./fixtures/faulty-module.js', import.meta.url);
    url.search = new URLSearchParams({ fault, dir: stage.dir }).toString();
    return executor.submit(tasksFrom<typeof import('./fixtures/faulty-module.js')>(url).task, index);
  },
  run: (executor, fault) => limited(executor, fault).submit(run, fault),
  'encoding result': (executor, fault, stage) => limited(executor, fault).submit(giveResult, fault, stage.dir),
  'decoding result': (executor, fault) => {
    arm(fault);
    return executor.submit(throwAccessible, fault);
  },
  idle: (executor, fault, stage, index) => executor.submit(leaveBehind, fault, stage.dir, index),
};

/** What the cell submits, in one turn: a task with the fault among others. */
export function submitFirst({ fault, place, shape }: Cell, executor: Executor, stage: Stage): Future<unknown>[] {
  const named = executor.with({ name: 'culprit' });
  return Array.from({ length: shape.tasks }, (_, index) =>
    index === shape.faulty
      ? faulty[place](named, fault, stage, index)
      : executor.submit(fine, stage.dir, 'first', index),
  );
}

/** As many tasks without a fault. */
export function submitLater(many: number, executor: Executor, stage: Stage, round: string): Future<unknown>[] {
  return Array.from({ length: many }, (_, index) => executor.submit(fine, stage.dir, round, index));
}

/** Which tasks of a round without a fault have run, as often as they have. */
export function ran(stage: Stage, round: string): number[] {
  const lines = stage.log().filter((line) => line.startsWith(`${round} `));
  return lines.map((line) => Number(line.slice(round.length))).sort((a, b) => a - b);
}
