/**
 * Who has a task: never both sides, never none.
 *
 * Three looks at the claims: a model of the two-flag protocol in every interleaving of its single reads and writes; the real
 * file classes in every interleaving of their real system calls; and the real classes hammered from two threads at once.
 */

import { strict as assert } from 'node:assert';
import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import { type Claimant, type Claims, ringSize, SharedClaims } from '../../src/protocol/claims.js';
import { claimsFileBytes, FileClaimant, FileClaims } from '../../src/protocol/file-claims.js';

const options = { timeout: 60_000 };

/** What came of one task: what the worker's claim and the executor's revoke said, `undefined` when not (yet) asked. */
interface Outcome {
  readonly claimed: boolean | undefined;
  readonly revoked: boolean | undefined;
}

/** Why a pair of answers would lose a task or run it twice; `undefined` when all is well. */
function fault({ claimed, revoked }: Outcome): string | undefined {
  if (claimed === true && revoked === true) return 'run by the worker and taken back by the executor';
  if (claimed === false && revoked === undefined) return 'skipped by the worker though nobody took it back';
  return undefined;
}

/** Every order in which two sequences of that many steps can be taken. */
function* interleavings(workerSteps: number, executorSteps: number, taken = ''): Iterable<string> {
  if (workerSteps === 0 && executorSteps === 0) yield taken;
  if (workerSteps > 0) yield* interleavings(workerSteps - 1, executorSteps, `${taken}W`);
  if (executorSteps > 0) yield* interleavings(workerSteps, executorSteps - 1, `${taken}E`);
}

/** Every list of different tasks out of the first `count`, in every order: what an executor may want back, and when. */
function* wishes(count: number, list: readonly number[] = []): Iterable<readonly number[]> {
  yield list;
  for (let seq = 0; seq < count; seq++) if (!list.includes(seq)) yield* wishes(count, [...list, seq]);
}

// ── The model ──

/** The words of the file, and what each side has said so far. */
class Model {
  started = -1;
  readonly marks: boolean[];
  readonly claimed: boolean[] = [];
  readonly revoked: boolean[] = [];
  constructor(count: number) {
    this.marks = new Array<boolean>(count).fill(false);
  }
}

type Step = (model: Model) => void;

const claimSteps = (seq: number): Step[] => [
  (model) => {
    model.started = seq;
  },
  (model) => {
    model.claimed[seq] = !model.marks[seq];
  },
];

const revokeSteps = (seq: number): Step[] => [
  (model) => {
    model.marks[seq] = true;
  },
  (model) => {
    model.revoked[seq] = model.started < seq;
  },
];

/** Walks all interleavings of a worker that claims all tasks in order and an executor that wants some back. */
function faultsOfModel(
  count: number,
  worker: (seq: number) => Step[],
  executor: (seq: number) => Step[],
): { faults: Set<string>; seen: Set<string> } {
  const faults = new Set<string>();
  const seen = new Set<string>();
  const claims = Array.from({ length: count }, (_, seq) => worker(seq)).flat();
  for (const wish of wishes(count)) {
    const revokes = wish.flatMap(executor);
    for (const order of interleavings(claims.length, revokes.length)) {
      const model = new Model(count);
      let [w, e] = [0, 0];
      for (const side of order) {
        if (side === 'W') (claims[w++] as Step)(model);
        else (revokes[e++] as Step)(model);
        for (let seq = 0; seq < count; seq++) {
          const outcome = { claimed: model.claimed[seq], revoked: model.revoked[seq] };
          const found = fault({ ...outcome, revoked: outcome.revoked ?? (model.marks[seq] ? false : undefined) });
          if (found !== undefined) faults.add(found);
        }
      }
      for (let seq = 0; seq < count; seq++) seen.add(`claimed ${model.claimed[seq]}, revoked ${model.revoked[seq]}`);
    }
  }
  return { faults, seen };
}

test(
  'in every interleaving of the two-flag protocol no task is both run and taken back, and none is skipped unasked',
  options,
  () => {
    const { faults, seen } = faultsOfModel(3, claimSteps, revokeSteps);
    assert.deepEqual([...faults], []);
    assert.deepEqual([...seen].sort(), [
      // Both sides saw each other: the worker answers `revoked`, and the executor queues the task again.
      'claimed false, revoked false',
      'claimed false, revoked true',
      'claimed true, revoked false',
      'claimed true, revoked undefined',
    ]);
  },
);

test('the model finds the fault of a worker that looks before it writes', options, () => {
  const [write, look] = [(seq: number) => claimSteps(seq)[0] as Step, (seq: number) => claimSteps(seq)[1] as Step];
  const { faults } = faultsOfModel(2, (seq) => [look(seq), write(seq)], revokeSteps);
  assert.deepEqual([...faults], ['run by the worker and taken back by the executor']);
});

test('the model finds the fault of an executor that looks before it writes', options, () => {
  const { faults } = faultsOfModel(2, claimSteps, (seq) => revokeSteps(seq).reverse());
  assert.ok(faults.has('run by the worker and taken back by the executor'));
});

// ── The real classes, system call by system call ──

const sourceFolder = fileURLToPath(new URL('../../src/protocol/', import.meta.url));

/** The claims' own source as one CommonJS text, so that a thread without this file's loader can run it. */
function bundled(): string {
  const contents = "export * from './claims.js'; export * from './file-claims.js';";
  const { outputFiles } = buildSync({
    stdin: { contents, resolveDir: sourceFolder },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    write: false,
  });
  return outputFiles[0]?.text as string;
}

type Source = { readonly FileClaims: typeof FileClaims; readonly FileClaimant: typeof FileClaimant };

/** Runs the bundled text with a file system of ours. */
function load(text: string, fs: object): Source {
  const require = createRequire(import.meta.url);
  const module = { exports: {} };
  new Function('require', 'module', 'exports', text)(
    (name: string) => (/^(node:)?fs$/.test(name) ? fs : require(name)),
    module,
    module.exports,
  );
  return module.exports as Source;
}

/** Words shared with the stepped worker. */
const word = { granted: 0, done: 1, claims: 2, results: 8 } as const;

/** Makes each system call of a worker's claim wait until it is granted, and tells when it was done. */
const steppedWorker = `
  const { workerData: { text, fd, words: buffer } } = require('node:worker_threads');
  const fs = require('node:fs');
  const words = new Int32Array(buffer);
  let taken = 0;
  const stepped = (call) => (...args) => {
    while (Atomics.load(words, ${word.granted}) <= taken) Atomics.wait(words, ${word.granted}, taken);
    const result = call(...args);
    taken += 1;
    Atomics.store(words, ${word.done}, taken);
    Atomics.notify(words, ${word.done});
    return result;
  };
  const module_ = { exports: {} };
  const steppedFs = { readSync: stepped(fs.readSync), writeSync: stepped(fs.writeSync) };
  new Function('require', 'module', 'exports', text)((name) => (/^(node:)?fs$/.test(name) ? steppedFs : require(name)), module_, module_.exports);
  const claimant = new module_.exports.FileClaimant(fd);
  for (let seq = 0; ; seq++) {
    while (Atomics.load(words, ${word.claims}) <= seq) Atomics.wait(words, ${word.claims}, seq);
    Atomics.store(words, ${word.results} + seq % 8, claimant.claim(seq, false) ? 1 : 2);
    Atomics.notify(words, ${word.results} + seq % 8);
  }`;

interface ClaimsFile {
  readonly fd: number;
  remove(): void;
}

function claimsFile(): ClaimsFile {
  const folder = mkdtempSync(join(tmpdir(), 'claims-test-'));
  const fd = openSync(join(folder, 'claims'), 'wx+');
  ftruncateSync(fd, claimsFileBytes);
  return {
    fd,
    remove() {
      closeSync(fd);
      rmSync(folder, { recursive: true });
    },
  };
}

test(
  'in every interleaving of its system calls the real file is claimed by one side, also where the ring is used again',
  options,
  async () => {
    const file = claimsFile();
    const words = new Int32Array(new SharedArrayBuffer(64));
    const text = bundled();
    // Before each of our own calls, so many of the worker's are granted and waited for.
    let before: number[] = [];
    let granted = 0;
    const grant = (count: number): void => {
      for (let i = 0; i < count; i++) {
        granted += 1;
        Atomics.store(words, word.granted, granted);
        Atomics.notify(words, word.granted);
        while (Atomics.load(words, word.done) < granted) Atomics.wait(words, word.done, granted - 1);
      }
    };
    const stepped =
      <A extends unknown[], R>(call: (...args: A) => R) =>
      (...args: A): R => {
        grant(before.shift() ?? 0);
        return call(...args);
      };
    const real = load(text, { readSync: stepped(readSync), writeSync: stepped(writeSync) });
    const claims: Claims = new real.FileClaims(file.fd);
    const worker = new Worker(steppedWorker, { eval: true, workerData: { text, fd: file.fd, words: words.buffer } });
    try {
      const count = 2;
      const seen = new Set<string>();
      const schedules = [...wishes(count)].flatMap((wish) =>
        [...interleavings(count * 2, wish.length * 2)].map((order) => [wish, order] as const),
      );
      let first = 0;
      while (first < 2 * ringSize) {
        for (const [wish, order] of schedules) {
          const seqs = Array.from({ length: count }, (_, i) => first + i);
          first += count;
          before = [];
          for (const seq of seqs) claims.offer(seq);
          for (const seq of seqs) Atomics.store(words, word.results + (seq % 8), 0);
          Atomics.store(words, word.claims, first);
          Atomics.notify(words, word.claims);
          const runs = order.split('E').map((calls) => calls.length);
          before = runs.slice(0, -1);
          const revoked = new Map(wish.map((place) => [place, claims.revoke(seqs[place] as number)]));
          grant(runs.at(-1) as number);
          for (const [place, seq] of seqs.entries()) {
            Atomics.wait(words, word.results + (seq % 8), 0);
            const outcome = {
              claimed: Atomics.load(words, word.results + (seq % 8)) === 1,
              revoked: revoked.get(place),
            };
            assert.equal(fault(outcome), undefined, `task ${place} of ${wish} in the order ${order}`);
            seen.add(`claimed ${outcome.claimed}, revoked ${outcome.revoked}`);
          }
        }
      }
      assert.deepEqual([...seen].sort(), [
        'claimed false, revoked false',
        'claimed false, revoked true',
        'claimed true, revoked false',
        'claimed true, revoked undefined',
      ]);
    } finally {
      await worker.terminate();
      file.remove();
    }
  },
);

// ── The real classes, from two threads at once ──

interface Side {
  readonly claims: Claims;
  /** What the worker makes its claimant from. */
  readonly workerData: object;
  remove(): void;
}

const kinds: Readonly<Record<string, () => Side>> = {
  'a real file': () => {
    const file = claimsFile();
    return { claims: new FileClaims(file.fd), workerData: { fd: file.fd }, remove: () => file.remove() };
  },
  'shared memory': () => {
    const buffer = new SharedArrayBuffer(SharedClaims.byteLength);
    return { claims: new SharedClaims(buffer), workerData: { buffer }, remove() {} };
  },
};

const limit = { handed: 0, answered: 1 } as const;

/** Claims every task that was handed over, in order; counts the runs of each item, and tells which claims it lost. */
const hammeringWorker = `
  const { workerData: { text, fd, buffer, words: wordsBuffer, items: itemsBuffer, runs: runsBuffer, lost: lostBuffer } } = require('node:worker_threads');
  const module_ = { exports: {} };
  new Function('require', 'module', 'exports', text)(require, module_, module_.exports);
  const { FileClaimant, SharedClaims } = module_.exports;
  const claimant = fd === undefined ? new SharedClaims(buffer) : new FileClaimant(fd);
  const [words, items, runs, lost] = [new Int32Array(wordsBuffer), new Int32Array(itemsBuffer), new Int32Array(runsBuffer), new Uint8Array(lostBuffer)];
  for (let seq = 0; ; seq++) {
    while (Atomics.load(words, ${limit.handed}) <= seq) Atomics.wait(words, ${limit.handed}, seq);
    const place = seq % ${ringSize};
    if (claimant.claim(seq, false)) {
      Atomics.add(runs, Atomics.load(items, place), 1);
      Atomics.store(lost, place, 0);
    } else Atomics.store(lost, place, 1);
    Atomics.store(words, ${limit.answered}, seq + 1);
    Atomics.notify(words, ${limit.answered});
  }`;

/** A stream of numbers in [0, 1) that is the same for the same seed. */
function randomness(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const itemCount = 20_000;
/** Tasks with the worker at a time; the ring is used again and again. */
const unansweredMax = 200;

for (const [kind, open] of Object.entries(kinds)) {
  test(
    `on ${kind}, tasks that one thread claims while another takes them back each run exactly once`,
    options,
    async () => {
      const seed = Date.now() >>> 0;
      const random = randomness(seed);
      const side = open();
      const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);
      const [words, items] = [new Int32Array(shared(8)), new Int32Array(shared(ringSize * 4))];
      const [runs, lost] = [new Int32Array(shared(itemCount * 4)), new Uint8Array(shared(ringSize))];
      const workerData = {
        ...side.workerData,
        text: bundled(),
        words: words.buffer,
        items: items.buffer,
        runs: runs.buffer,
        lost: lost.buffer,
      };
      const worker = new Worker(hammeringWorker, { eval: true, workerData });
      const failed = new Promise<never>((_, reject) => worker.once('error', reject));
      failed.catch(() => {});
      try {
        const queue = Array.from({ length: itemCount }, (_, item) => item);
        /** The numbers that the worker has not answered; whether each was taken back for certain. */
        const takenBack = new Map<number, boolean>();
        const requeues = { revoked: 0, answered: 0 };
        let [handed, answered] = [0, 0];
        while (queue.length > 0 || takenBack.size > 0) {
          const batch = Math.min(queue.length, unansweredMax - takenBack.size, 1 + Math.floor(random() * 40));
          for (let i = 0; i < batch; i++) {
            side.claims.offer(handed);
            Atomics.store(items, handed % ringSize, queue.shift() as number);
            takenBack.set(handed, false);
            handed += 1;
          }
          Atomics.store(words, limit.handed, handed);
          Atomics.notify(words, limit.handed);
          for (let i = 0; i < batch && random() < 0.9; i++) {
            const seq = handed - 1 - Math.floor(random() * takenBack.size);
            if (takenBack.get(seq) !== false || !side.claims.revoke(seq)) continue;
            takenBack.set(seq, true);
            queue.push(Atomics.load(items, seq % ringSize));
            requeues.revoked += 1;
          }
          if (Atomics.load(words, limit.answered) === answered && takenBack.size > unansweredMax / 2) {
            Atomics.wait(words, limit.answered, answered, 1000);
          }
          for (const end = Atomics.load(words, limit.answered); answered < end; answered++) {
            const wasTakenBack = takenBack.get(answered);
            takenBack.delete(answered);
            const wasLost = Atomics.load(lost, answered % ringSize) === 1;
            assert.ok(!wasTakenBack || wasLost, `task ${answered} was run and taken back; seed ${seed}`);
            if (!wasLost || wasTakenBack) continue;
            // Both sides saw each other: the worker's answer brings the task back.
            queue.push(Atomics.load(items, answered % ringSize));
            requeues.answered += 1;
          }
          if (queue.length === 0 && takenBack.size > 0 && Atomics.load(words, limit.answered) === answered) {
            Atomics.wait(words, limit.answered, answered, 1000);
          }
        }
        assert.deepEqual([...new Set(runs)], [1], `some item ran not once; seed ${seed}`);
        assert.ok(requeues.revoked > 0, 'nothing was ever taken back');
      } finally {
        await worker.terminate();
        side.remove();
      }
    },
  );
}

// ── Each side by itself ──

interface Pair {
  readonly claims: Claims;
  readonly claimant: Claimant;
  remove(): void;
}

const pairs: Readonly<Record<string, () => Pair>> = {
  'a file': () => {
    const file = claimsFile();
    return { claims: new FileClaims(file.fd), claimant: new FileClaimant(file.fd), remove: () => file.remove() };
  },
  'shared memory': () => {
    const claims = new SharedClaims(new SharedArrayBuffer(SharedClaims.byteLength));
    return { claims, claimant: claims, remove() {} };
  },
};

for (const [kind, open] of Object.entries(pairs)) {
  const on = (title: string, body: (pair: Pair) => void): void => {
    test(`on ${kind}, ${title}`, options, () => {
      const pair = open();
      try {
        body(pair);
      } finally {
        pair.remove();
      }
    });
  };

  on('a task that is offered has not started and can be claimed', ({ claims, claimant }) => {
    claims.offer(0);
    assert.equal(claims.hasStarted(0), false);
    assert.equal(claims.runningSince(0), undefined);
    assert.equal(claimant.claim(0, false), true);
    assert.equal(claims.hasStarted(0), true);
  });

  on('a task that was taken back is refused to the worker', ({ claims, claimant }) => {
    claims.offer(0);
    assert.equal(claims.revoke(0), true);
    assert.equal(claimant.claim(0, false), false);
  });

  on('a task that has started is not taken back, however often it is tried', ({ claims, claimant }) => {
    claims.offer(0);
    assert.equal(claimant.claim(0, false), true);
    assert.equal(claims.revoke(0), false);
    assert.equal(claims.revoke(0), false);
    assert.equal(claims.hasStarted(0), true);
  });

  on('taking one task back leaves its neighbours', ({ claims, claimant }) => {
    for (let seq = 0; seq < 3; seq++) claims.offer(seq);
    assert.equal(claims.revoke(1), true);
    assert.deepEqual(
      [0, 1, 2].map((seq) => claimant.claim(seq, false)),
      [true, false, true],
    );
  });

  on('the time of the running task is that of its claim', ({ claims, claimant }) => {
    const before = Date.now();
    claims.offer(0);
    claims.offer(1);
    claimant.claim(0, false);
    const startedAtMs = claims.runningSince(0)?.atMs as number;
    assert.ok(startedAtMs >= before && startedAtMs <= Date.now());
    claimant.claim(1, false);
    assert.equal(claims.runningSince(0), undefined);
    assert.ok((claims.runningSince(1)?.atMs as number) >= startedAtMs);
  });

  on('a place of the ring forgets the task that had it before', ({ claims, claimant }) => {
    for (let round = 0; round < 3; round++) {
      for (let seq = round * ringSize; seq < (round + 1) * ringSize; seq++) {
        claims.offer(seq);
        const isWanted = seq % 3 === round;
        // Asked too early or too late, the answer must not outlive the place's use.
        if (isWanted && seq % 2 === 0) assert.equal(claims.revoke(seq), true);
        assert.equal(claims.hasStarted(seq), false);
        assert.equal(claimant.claim(seq, false), !(isWanted && seq % 2 === 0));
        if (isWanted && seq % 2 === 1) assert.equal(claims.revoke(seq), false);
      }
    }
  });
}
