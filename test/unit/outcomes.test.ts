/**
 * No outcome is overlooked, and all come in order, however the worker's words, its messages and the executor's looks fall together:
 * a model that is walked through every interleaving, and the real ring hammered by two threads.
 */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import { OutcomeRing } from '../../src/protocol/outcomes.js';

const options = { timeout: 60_000 };

/** How an outcome travels. */
type Way = 'word' | 'message';
type WorkerStep = { do: 'write' | 'post'; seq: number } | { do: 'glance' } | { do: 'exchange' };
type ExecutorStep = { do: 'silence' | 'muffle' | 'take' } | { do: 'answer'; seq: number };

interface State {
  readonly words: boolean[];
  bell: 'silent' | 'rung';
  /** Messages on their way: a bell, or the answer of that task. */
  readonly messages: ('bell' | number)[];
  worker: WorkerStep[];
  executor: ExecutorStep[];
  isWatching: boolean;
  /** How often the executor may still begin or end to watch. */
  watches: number;
  isAlive: boolean;
  /** What the worker has finished, and what the executor has heard of. */
  finished: number;
  heard: number;
}

/** The receipt of an answer; the model with only the first look is one that had been in the code. */
type Receipt = (seq: number) => ExecutorStep[];
const receipt: Receipt = (seq) => [{ do: 'take' }, { do: 'answer', seq }, { do: 'take' }];

function workerSteps(ways: readonly Way[]): WorkerStep[] {
  return ways.flatMap((way, seq): WorkerStep[] =>
    way === 'word' ? [{ do: 'write', seq }, { do: 'glance' }, { do: 'exchange' }] : [{ do: 'post', seq }],
  );
}

/** Every state that may come next. */
function* successors(state: State, receive: Receipt): Iterable<State> {
  const change = (make: (next: State) => void): State => {
    const next = structuredClone(state);
    make(next);
    return next;
  };
  if (state.isAlive) {
    if (state.worker.length > 0) yield change(stepWorker);
    yield change((next) => {
      next.isAlive = false;
    });
  }
  if (state.executor.length > 0) {
    yield change(stepExecutor);
    return;
  }
  if (state.messages.length > 0) {
    yield change((next) => {
      const message = next.messages.shift() as 'bell' | number;
      const silence: ExecutorStep[] = next.isWatching ? [] : [{ do: 'silence' }];
      next.executor = message === 'bell' ? [...silence, { do: 'take' }] : receive(message);
    });
  }
  if (state.isWatching) yield change((next) => void next.executor.push({ do: 'take' }));
  if (state.watches > 0) {
    yield change((next) => {
      next.watches -= 1;
      next.isWatching = !next.isWatching;
      next.executor = next.isWatching ? [{ do: 'muffle' }] : [{ do: 'silence' }, { do: 'take' }];
    });
  }
}

function stepWorker(state: State): void {
  const step = state.worker.shift() as WorkerStep;
  switch (step.do) {
    case 'write':
      state.words[step.seq] = true;
      state.finished += 1;
      return;
    case 'post':
      state.messages.push(step.seq);
      state.finished += 1;
      return;
    case 'glance':
      if (state.bell === 'rung') state.worker.shift();
      return;
    case 'exchange':
      if (state.bell === 'silent') state.messages.push('bell');
      state.bell = 'rung';
  }
}

function stepExecutor(state: State): void {
  const [step] = state.executor as [ExecutorStep];
  if (step.do === 'take' && state.words[state.heard]) {
    state.words[state.heard] = false;
    state.heard += 1;
    return;
  }
  state.executor.shift();
  if (step.do === 'silence') state.bell = 'silent';
  if (step.do === 'muffle') state.bell = 'rung';
  if (step.do !== 'answer') return;
  assert.equal(step.seq, state.heard, 'an answer came out of order');
  state.heard += 1;
}

/** What can go wrong in the worst interleaving, over all ways in which that many outcomes may travel. */
function faults(count: number, receive: Receipt): Set<string> {
  const found = new Set<string>();
  for (let bits = 0; bits < 2 ** count; bits++) {
    const ways = Array.from({ length: count }, (_, i): Way => (bits & (1 << i) ? 'word' : 'message'));
    const start: State = {
      words: new Array<boolean>(count).fill(false),
      bell: 'silent',
      messages: [],
      worker: workerSteps(ways),
      executor: [],
      isWatching: false,
      watches: 2,
      isAlive: true,
      finished: 0,
      heard: 0,
    };
    const seen = new Set<string>();
    const open = [start];
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      const key = JSON.stringify(state);
      if (seen.has(key)) continue;
      seen.add(key);
      const isQuiet = state.executor.length === 0 && state.messages.length === 0;
      const isOver = state.isAlive ? state.worker.length === 0 && !state.isWatching : true;
      if (isQuiet && isOver) {
        // After a worker's end the executor looks once more.
        const last = structuredClone(state);
        if (!state.isAlive) last.executor = [{ do: 'take' }];
        while (last.executor.length > 0) stepExecutor(last);
        if (last.heard < last.finished) found.add(state.isAlive ? 'an outcome is overlooked' : 'an outcome died');
      }
      open.push(...successors(state, receive));
    }
  }
  return found;
}

test('in every interleaving each outcome is heard, in order, also of a worker that dies', options, () => {
  assert.deepEqual([...faults(3, receipt)], []);
});

test('the model finds the fault of an executor that does not look behind an answer', options, () => {
  assert.ok(faults(3, (seq) => receipt(seq).slice(0, 2)).has('an outcome is overlooked'));
});

test('the real ring hands every kind of small value over exactly, between threads', options, async () => {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL('../../src/protocol/outcomes.ts', import.meta.url))],
    bundle: true,
    format: 'cjs',
    platform: 'node',
    write: false,
  });
  const numbers = [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53];
  const texts = ['', 'plain', 'ünïcödé', '日本', '🙂'.repeat(16), 'half a pair \ud83d', '\ude42', '\0', 'x'.repeat(32)];
  const values = [undefined, null, true, false, ...numbers, ...texts];
  const count = 20_000;
  const buffer = new SharedArrayBuffer(OutcomeRing.byteLength);
  const read = new SharedArrayBuffer(4);
  const worker = new Worker(
    `const { workerData: { text, buffer, read, values, count } } = require('node:worker_threads');
    const module_ = { exports: {} };
    new Function('require', 'module', 'exports', text)(require, module_, module_.exports);
    const ring = new module_.exports.OutcomeRing(buffer);
    const seen = new Int32Array(read);
    for (let seq = 0; seq < count; seq++) {
      while (seq - Atomics.load(seen, 0) > 1000);
      ring.write(seq, values[seq % values.length], seq / 2);
    }`,
    { eval: true, workerData: { text: outputFiles[0]?.text, buffer, read, values, count } },
  );
  const ring = new OutcomeRing(buffer);
  for (let seq = 0; seq < count; ) {
    const outcome = ring.take(seq);
    if (outcome === undefined) {
      await new Promise(setImmediate);
      continue;
    }
    assert.ok(Object.is(outcome.value, values[seq % values.length]) && outcome.ms === seq / 2, `outcome ${seq}`);
    seq += 1;
    Atomics.store(new Int32Array(read), 0, seq);
  }
  await worker.terminate();
  const another = new OutcomeRing(new SharedArrayBuffer(OutcomeRing.byteLength));
  for (const value of ['x'.repeat(33), {}, 1n]) assert.equal(another.write(0, value, 1), false);
});
