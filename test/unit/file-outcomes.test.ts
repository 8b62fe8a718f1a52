/** Small outcomes in a file: what counts and when, of a worker that lives and of one that is dead. */

import { strict as assert } from 'node:assert';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ringSize } from '../../src/protocol/claims.js';
import { FileClaimant, FileClaims } from '../../src/protocol/file-claims.js';
import { FileOutcomes, FileOutcomeWriter, outcomesFileBytes } from '../../src/protocol/file-outcomes.js';

interface Sides {
  readonly claims: FileClaims;
  readonly claimant: FileClaimant;
  readonly writer: FileOutcomeWriter;
  readonly reader: FileOutcomes;
}

function withFile(use: (sides: Sides) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'outcomes-'));
  const fd = openSync(join(folder, 'file'), 'wx+');
  try {
    ftruncateSync(fd, outcomesFileBytes);
    const claims = new FileClaims(fd);
    use({
      claims,
      claimant: new FileClaimant(fd),
      writer: new FileOutcomeWriter(fd),
      reader: new FileOutcomes(fd),
    });
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
}

test('an outcome counts once the next task is claimed, or the worker says that it has finished', () => {
  withFile(({ claims, claimant, writer, reader }) => {
    for (const seq of [0, 1]) claims.offer(seq);
    assert.equal(reader.take(0), undefined, 'nothing has been started');
    claimant.claim(0, false);
    writer.write(0, 1.5, 3);
    assert.equal(reader.take(0), undefined, 'its writing may not be over');
    claimant.claim(1, false);
    assert.deepEqual(reader.take(0), { value: 1.5, ms: 3 });
    writer.write(1, null, 4);
    assert.equal(reader.take(1), undefined);
    writer.finish();
    assert.deepEqual(reader.take(1), { value: null, ms: 4 });
    assert.equal(reader.take(2), undefined);
  });
});

test('the last outcome of a worker that is dead counts', () => {
  withFile(({ claimant, writer, reader }) => {
    claimant.claim(0, false);
    writer.write(0, true, 1);
    assert.equal(reader.take(0), undefined);
    reader.close();
    assert.deepEqual(reader.take(0), { value: true, ms: 1 });
    assert.equal(reader.take(1), undefined);
  });
});

test('a task whose outcome comes as a frame has none in the file, whatever stood in its place before', () => {
  withFile(({ claimant, writer, reader }) => {
    for (let seq = 0; seq < 3 * ringSize; seq++) {
      claimant.claim(seq, false);
      const isFrame = seq % 7 === 3;
      if (!isFrame) assert.equal(writer.write(seq, seq, 0), true);
      else assert.equal(writer.write(seq, `text ${seq}`, 0), false);
      if (seq > 0) {
        const before = seq - 1;
        const expected = before % 7 === 3 ? undefined : { value: before, ms: 0 };
        assert.deepEqual(reader.take(before), expected, `task ${before}`);
      }
    }
  });
});

test('many outcomes are read in order, around the end of the ring', () => {
  withFile(({ claimant, writer, reader }) => {
    let next = 0;
    for (let seq = 0; seq < 5 * ringSize; seq++) {
      claimant.claim(seq, false);
      writer.write(seq, seq * 2, seq);
      if (seq % 700 !== 0) continue;
      for (let found = reader.take(next); found !== undefined; found = reader.take(next)) {
        assert.deepEqual(found, { value: next * 2, ms: next });
        next += 1;
      }
      assert.equal(next, seq, 'all but the last');
    }
  });
});

test('the bell is rung once, until the executor has silenced it, and not while that looks by itself', () => {
  withFile(({ claimant, writer, reader }) => {
    const finish = (seq: number): boolean => {
      claimant.claim(seq, false);
      const atClaim = writer.ring(claimant.wasRung);
      writer.write(seq, 0, 0);
      writer.finish();
      return writer.ring() || atClaim;
    };
    assert.deepEqual([finish(0), finish(1)], [true, false]);
    reader.silence();
    assert.deepEqual([finish(2), writer.ring()], [true, false]);
    reader.silence();
    reader.muffle();
    assert.equal(finish(3), false);
    reader.silence();
    assert.equal(finish(4), true);
  });
});
