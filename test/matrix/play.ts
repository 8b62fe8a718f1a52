/** Plays one cell of the matrix: the fault, what must follow from it, and that nothing is left. */

import { strict as assert } from 'node:assert';
// First, so that the library sees the temporary folder.
import '../contract/own-tmp.js';
import { BrokenExecutorError, type Executor, type Future, wait } from 'concurrent-futures';
import { type Kind, local, workerPids } from '../contract/executors.js';
import { eventually, Stage } from '../contract/gates.js';
import { Baseline } from '../contract/leaks.js';
import { type Cell, sticks } from './axes.js';
import { checkOutcome } from './check.js';
import { type Expected, expectedOf, fineOutcome } from './expected.js';
import { arm } from './fixtures/accessible-error.js';
import { fine } from './fixtures/tasks.js';
import { Overheard } from './overheard.js';
import { optionsOf, ran, submitFirst, submitLater } from './places.js';

/** What is not settled by then never will be; generous, for busy machines. */
const hangMs = 20_000;
const shutdownMs = 10_000;
const afterwards = 8;

interface Play {
  readonly cell: Cell;
  readonly expected: Expected;
  readonly executor: Executor;
  readonly stage: Stage;
  readonly overheard: Overheard;
  readonly kind: Kind;
  /** Worker processes that were seen. */
  readonly pids: Set<number>;
}

export async function play(cell: Cell): Promise<void> {
  const kind = local.find(({ name }) => name === cell.kind) as Kind;
  // A worker is announced in the tick after it was made: those of the loader that runs this file come first.
  await new Promise((resolve) => setImmediate(resolve));
  const baseline = new Baseline();
  const overheard = new Overheard();
  const stage = new Stage();
  const executor = kind.create(optionsOf(cell, stage));
  const played = { cell, expected: expectedOf(cell), executor, stage, overheard, kind, pids: new Set<number>() };
  try {
    await checkFault(played);
    if (played.expected.leftOver !== undefined) await checkLeftOver(played);
    await checkExecutor(played);
  } catch (error) {
    overheard.tell();
    throw error;
  } finally {
    arm(undefined);
    notePids(played);
    const { unfinished } = await executor.shutdown({ timeout: shutdownMs });
    stage.remove();
    await baseline.assertNothingLeft(played.pids);
    const unexpected = await overheard.end();
    assert.deepEqual(unexpected, [], 'unexpected process warnings');
    assert.deepEqual(unfinished.map(String), [], 'shutdown had to stop something');
  }
}

function notePids({ kind, executor, pids }: Play): void {
  for (const pid of workerPids(kind, executor)) pids.add(pid);
}

/** The future of the task with the fault settles as it must, every other has its value, and each has run once. */
async function checkFault(played: Play): Promise<void> {
  const { cell, expected, executor, stage } = played;
  const { faulty } = cell.shape;
  const futures = submitFirst(cell, executor, stage);
  await settled(futures, played);
  for (const [index, future] of futures.entries()) {
    const isConcerned = index === faulty || expected.breaks;
    await checkOutcome(future, isConcerned ? expected.outcome : fineOutcome(index), `task ${index}`);
  }
  const without = [...futures.keys()].filter((index) => index !== faulty || cell.place === 'initializer');
  assert.deepEqual(ran(stage, 'first'), expected.breaks ? [] : without, 'what ran');
}

/** What was left behind falls due, and costs nobody anything: what is submitted right then has its values. */
async function checkLeftOver(played: Play): Promise<void> {
  const { cell, expected, executor, stage, overheard } = played;
  if (expected.leftOver === 'triggered') {
    stage.open('trigger');
    await stage.line('fires');
  }
  await checkFine(played, cell.shape.tasks, 'second');
  const reports = await overheard.reports(expected.reports);
  for (const { message, detail } of reports) {
    assert.match(message, /^worker Matrix_\d+ (.* while it ran no task|started none of its tasks)/);
    if (!sticks.has(cell.fault) && cell.fault.includes('throw')) assert.match(detail ?? '', /fault: |culprit/);
  }
  // Also once the executor knows.
  await eventually(() => executor.stats().running === 0, 'nothing to run');
  await checkFine(played, cell.shape.tasks, 'third');
}

/** The executor works afterwards, or says why it does not. */
async function checkExecutor(played: Play): Promise<void> {
  const { expected, executor } = played;
  if (!expected.breaks) {
    await checkFine(played, afterwards, 'last');
    return;
  }
  assert.equal(executor.stats().state, 'broken');
  for (let time = 0; time < 2; time++) assert.throws(() => executor.submit(fine, '', '', 0), BrokenExecutorError);
}

async function checkFine(played: Play, tasks: number, round: string): Promise<void> {
  const futures = submitLater(tasks, played.executor, played.stage, round);
  await settled(futures, played);
  for (const [index, future] of futures.entries()) await checkOutcome(future, fineOutcome(index), `${round} ${index}`);
  assert.deepEqual(ran(played.stage, round), [...futures.keys()], 'what ran');
}

/** Waits for all, and stops what would be waited for without end. */
async function settled(futures: readonly Future<unknown>[], played: Play): Promise<void> {
  notePids(played);
  const { notDone } = await wait(futures, { timeout: hangMs });
  notePids(played);
  const hung = [...notDone].map((future) => `${future} (task ${futures.indexOf(future)})`);
  for (const future of futures) {
    if (notDone.has(future)) future.kill();
    // Seen: none of them is a failure that nobody looked at.
    void future.exception().catch(() => {});
  }
  assert.deepEqual(hung, [], `not settled within ${hangMs} ms`);
}
