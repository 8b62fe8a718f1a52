/** Small outcomes in a file: which are there and when, of a worker that lives, that dies, and that writes while we read. */

import { strict as assert } from 'node:assert';
import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import { ringSize } from '../../src/protocol/claims.js';
import {
  claimsFileBytes,
  FileClaimant,
  FileClaims,
  recordBytes,
  recordOffset,
} from '../../src/protocol/file-claims.js';
import { FileOutcomes } from '../../src/protocol/file-outcomes.js';

interface Sides {
  readonly fd: number;
  readonly claims: FileClaims;
  readonly claimant: FileClaimant;
  readonly reader: FileOutcomes;
}

async function withFile(use: (sides: Sides) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'outcomes-'));
  const fd = openSync(join(folder, 'file'), 'wx+');
  try {
    ftruncateSync(fd, claimsFileBytes);
    await use({ fd, claims: new FileClaims(fd), claimant: new FileClaimant(fd), reader: new FileOutcomes(fd) });
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
}

test('an outcome is there with the claim of the next task, or when the worker has no next one', () =>
  withFile(({ claims, claimant, reader }) => {
    for (const seq of [0, 1]) claims.offer(seq);
    assert.equal(reader.take(0), undefined, 'nothing has been started');
    claimant.claim(0, false);
    claimant.answer(0, 1.5, 3);
    assert.equal(reader.take(0), undefined);
    claimant.claim(1, false);
    assert.deepEqual(reader.take(0), { value: 1.5, ms: 3 });
    claimant.answer(1, null, 4);
    assert.equal(reader.take(1), undefined);
    claimant.flush();
    assert.deepEqual(reader.take(1), { value: null, ms: 4 });
    assert.equal(reader.take(2), undefined);
  }));

test('a task whose outcome comes as a frame has none in the file, whatever stood in its place before', () =>
  withFile(({ claimant, reader }) => {
    for (let seq = 0; seq < 3 * ringSize; seq++) {
      claimant.claim(seq, false);
      const isFrame = seq % 7 === 3;
      assert.equal(claimant.answer(seq, isFrame ? `text ${seq}` : seq, 0), !isFrame);
      if (seq === 0) continue;
      const before = seq - 1;
      const expected = before % 7 === 3 ? undefined : { value: before, ms: 0 };
      assert.deepEqual(reader.take(before), expected, `task ${before}`);
    }
  }));

test('many outcomes are read in order, around the end of the ring', () =>
  withFile(({ claimant, reader }) => {
    let next = 0;
    for (let seq = 0; seq < 5 * ringSize; seq++) {
      claimant.claim(seq, false);
      claimant.answer(seq, seq * 2, seq);
      if (seq % 700 !== 0) continue;
      for (let found = reader.take(next); found !== undefined; found = reader.take(next)) {
        assert.deepEqual(found, { value: next * 2, ms: next });
        next += 1;
      }
      assert.equal(next, seq, 'all but the last');
    }
  }));

test('an outcome of which any part is still that of before is not there', () =>
  withFile(({ fd, claimant, reader }) => {
    const finish = (seq: number, value: unknown): void => {
      claimant.claim(seq, false);
      claimant.answer(seq, value, seq);
    };
    for (let seq = 0; seq <= ringSize; seq++) finish(seq, seq);
    claimant.flush();
    assert.deepEqual(reader.take(ringSize), { value: ringSize, ms: ringSize });
    for (let byte = recordBytes - 32; byte < recordBytes; byte++) {
      for (const bits of [1, 0x55, 0xff]) {
        finish(0, ringSize);
        claimant.flush();
        assert.ok(reader.take(0));
        const other = new FileOutcomes(fd);
        const at = recordOffset(0) + byte;
        const read = Buffer.alloc(1);
        readSync(fd, read, 0, 1, at);
        writeSync(fd, Buffer.from([(read[0] as number) ^ bits]), 0, 1, at);
        assert.equal(other.take(0), undefined, `byte ${byte}`);
      }
    }
  }));

test('the bell is rung once, until the executor has silenced it, and not while that looks by itself', () =>
  withFile(({ claimant, reader }) => {
    const finish = (seq: number): boolean => {
      claimant.claim(seq, false);
      const atClaim = claimant.ring();
      claimant.answer(seq, 0, 0);
      return claimant.flush() || atClaim;
    };
    assert.deepEqual([finish(0), finish(1)], [true, false]);
    reader.silence();
    assert.deepEqual([finish(2), claimant.flush()], [true, false]);
    reader.silence();
    reader.muffle();
    assert.equal(finish(3), false);
    reader.silence();
    assert.equal(finish(4), true);
  }));

/** Finishes tasks as fast as they are handed over, each with a value that its number and its bits are to be known by. */
const hasteningWorker = `
  const { workerData: { text, fd, words: buffer } } = require('node:worker_threads');
  const module_ = { exports: {} };
  new Function('require', 'module', 'exports', text)(require, module_, module_.exports);
  const claimant = new module_.exports.FileClaimant(fd);
  const words = new Int32Array(buffer);
  for (let seq = 0; ; seq++) {
    if (Atomics.load(words, 0) <= seq) claimant.flush();
    while (Atomics.load(words, 0) <= seq) Atomics.wait(words, 0, seq);
    claimant.claim(seq, false);
    claimant.answer(seq, Math.sin(seq), seq);
  }`;

test('what is read while it is being written is whole or not there', { timeout: 60_000 }, () =>
  withFile(async ({ fd, reader }) => {
    const { outputFiles } = buildSync({
      entryPoints: [fileURLToPath(new URL('../../src/protocol/file-claims.ts', import.meta.url))],
      bundle: true,
      format: 'cjs',
      platform: 'node',
      write: false,
    });
    const words = new Int32Array(new SharedArrayBuffer(4));
    const workerData = { text: outputFiles[0]?.text, fd, words: words.buffer };
    const worker = new Worker(hasteningWorker, { eval: true, workerData });
    try {
      for (let next = 0, handed = 0; next < 60_000; ) {
        if (handed - next < ringSize / 2) {
          handed = next + ringSize - 1;
          Atomics.store(words, 0, handed);
          Atomics.notify(words, 0);
        }
        const outcome = reader.take(next);
        if (outcome === undefined) continue;
        assert.deepEqual(outcome, { value: Math.sin(next), ms: next });
        next += 1;
      }
    } finally {
      await worker.terminate();
    }
  }),
);
