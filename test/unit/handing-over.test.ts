/**
 * Claim, revoke, death and reply in every interleaving: what becomes of tasks that were handed over. A model of what worker and
 * executor write and read, for threads (the outcome is written, then the next task claimed) and for processes (both in one write).
 */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';

const options = { timeout: 60_000 };

/** `late` is wrong: the next task is claimed before the outcome is out. */
type Layout = 'apart' | 'together' | 'late';
type Step = { do: 'claim' | 'look' | 'run' | 'reply'; seq: number };

interface State {
  readonly started: boolean[];
  readonly replied: boolean[];
  readonly marked: boolean[];
  /** How often each ran, in this worker. */
  readonly ran: number[];
  /** What the executor holds each for: `with` the worker, or what became of it. */
  readonly fate: ('with' | 'finished' | 'back' | 'lost')[];
  worker: Step[];
  /** The task that the executor has marked, and of which it has not looked yet whether it had started. */
  revoking: number | undefined;
  isAlive: boolean;
}

function workerSteps(count: number, layout: Layout): Step[] {
  const steps: Step[] = [];
  for (let seq = 0; seq < count; seq++) {
    steps.push({ do: 'claim', seq }, { do: 'look', seq }, { do: 'run', seq });
    if (layout === 'late' && seq > 0) steps.push({ do: 'reply', seq: seq - 1 });
    if (layout === 'apart' || seq === count - 1) steps.push({ do: 'reply', seq });
  }
  return steps;
}

function stepWorker(state: State, layout: Layout): void {
  const { do: what, seq } = state.worker.shift() as Step;
  if (what === 'claim') {
    state.started[seq] = true;
    // In one write with the outcome of the one before, if that ran.
    if (layout === 'together' && seq > 0 && (state.ran[seq - 1] as number) > 0) state.replied[seq - 1] = true;
  } else if (what === 'look') {
    // Skipped, with a reply that says so.
    if (state.marked[seq]) state.worker = state.worker.filter((step) => step.seq !== seq);
  } else if (what === 'run') state.ran[seq] = (state.ran[seq] as number) + 1;
  else state.replied[seq] = true;
}

function* successors(state: State, layout: Layout): Iterable<State> {
  const changed = (change: (next: State) => void): State => {
    const next = structuredClone(state);
    change(next);
    return next;
  };
  if (state.isAlive && state.worker.length > 0) {
    yield changed((next) => stepWorker(next, layout));
    yield changed((next) => {
      next.isAlive = false;
    });
  }
  if (state.revoking !== undefined) {
    const seq = state.revoking;
    yield changed((next) => {
      if (!next.started[seq]) next.fate[seq] = 'back';
      next.revoking = undefined;
    });
    return;
  }
  for (const [seq, fate] of state.fate.entries()) {
    if (fate !== 'with') continue;
    if (state.replied[seq]) {
      yield changed((next) => {
        next.fate[seq] = 'finished';
      });
    } else if (!state.marked[seq]) {
      yield changed((next) => {
        next.marked[seq] = true;
        next.revoking = seq;
      });
    }
  }
}

/** What the executor makes of the rest once all is quiet: of a dead worker by its words, of a living one by its replies. */
function settle(state: State): void {
  for (const [seq, fate] of state.fate.entries()) {
    if (fate === 'with' && state.replied[seq]) state.fate[seq] = 'finished';
  }
  // A worker that skipped a task says so, and the executor queues it again: both had seen each other.
  const skipped = (seq: number): boolean =>
    state.marked[seq] === true && state.started[seq] === true && state.ran[seq] === 0 && !pending(state, seq);
  for (const [seq, fate] of state.fate.entries()) if (fate === 'with' && skipped(seq)) state.fate[seq] = 'back';
  if (state.isAlive) return;
  const first = state.fate.indexOf('with');
  for (const [seq, fate] of state.fate.entries()) {
    if (fate !== 'with') continue;
    state.fate[seq] = seq === first && state.started[seq] ? 'lost' : 'back';
  }
}

const pending = (state: State, seq: number): boolean => state.worker.some((step) => step.seq === seq);

function faults(count: number, layout: Layout): Set<string> {
  const found = new Set<string>();
  const fill = <T>(value: T): T[] => new Array<T>(count).fill(value);
  const open: State[] = [
    {
      started: fill(false),
      replied: fill(false),
      marked: fill(false),
      ran: fill(0),
      fate: fill('with'),
      worker: workerSteps(count, layout),
      revoking: undefined,
      isAlive: true,
    },
  ];
  const seen = new Set<string>();
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const key = JSON.stringify(state);
    if (seen.has(key)) continue;
    seen.add(key);
    open.push(...successors(state, layout));
    if (state.revoking !== undefined || (state.isAlive && state.worker.length > 0)) continue;
    const end = structuredClone(state);
    settle(end);
    if (end.fate.filter((fate) => fate === 'lost').length > 1) found.add('a death cost more than one task');
    for (const [seq, fate] of end.fate.entries()) {
      if (fate === 'with') found.add("a task is in nobody's hands");
      if (fate === 'back' && (end.ran[seq] as number) > 0) found.add('a task runs twice');
      if (fate === 'lost' && !end.started[seq]) found.add('a task that never started is lost');
      if (fate === 'finished' && end.ran[seq] !== 1) found.add('a task finished that did not run once');
    }
  }
  return found;
}

for (const layout of ['apart', 'together'] as const) {
  test(`whatever dies and is taken back when: each task ends once, and a death costs one (${layout})`, options, () => {
    assert.deepEqual([...faults(3, layout)], []);
  });
}

test('the model finds the fault of a worker that claims the next task before it answers', options, () => {
  assert.ok(faults(2, 'late').has('a task runs twice'));
});
