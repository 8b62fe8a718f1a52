import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../src/cli/durations.js';
import { readLines } from '../../src/cli/inputs/lines.js';
import { nearest } from '../../src/cli/nearest.js';
import { cutToWidth } from '../../src/cli/screen-text.js';

describe('parseDuration', () => {
  it('takes a number with a unit, or milliseconds', () => {
    const texts = ['250', '250ms', '1.5s', '3m', '2h', ' 1 s '];
    assert.deepEqual(texts.map(parseDuration), [250, 250, 1500, 180_000, 7_200_000, 1000]);
  });

  it('takes nothing else, and no zero', () => {
    const texts = ['', '3x', 's', '-1s', '0', '0s', '1e3', '1s2', 'Infinity', 'NaN'];
    assert.deepEqual(
      texts.map(parseDuration),
      texts.map(() => undefined),
    );
  });
});

describe('formatDuration', () => {
  it('uses the unit that fits, and never writes 60 seconds or minutes', () => {
    const lengthsMs = [0.0812, 0.42, 12.3, 999.6, 3210, 59_960, 125_000, 3_599_900, 3_720_000];
    const texts = ['81 µs', '0.4 ms', '12 ms', '1.0 s', '3.2 s', '1 m 00 s', '2 m 05 s', '1 h 00 m', '1 h 02 m'];
    assert.deepEqual(lengthsMs.map(formatDuration), texts);
  });
});

describe('nearest', () => {
  it('finds a slip of the hand, and nothing that is merely of the same length', () => {
    assert.equal(nearest('resise', ['rotate', 'resize']), 'resize');
    assert.equal(nearest('reisze', ['rotate', 'resize']), 'resize');
    assert.equal(nearest('abc', ['xyz']), undefined);
  });
});

describe('cutToWidth', () => {
  it('never takes more columns than it was given, wide characters included', () => {
    assert.equal(cutToWidth('short', 10), 'short');
    assert.equal(cutToWidth('a longer text', 6), 'a lon…');
    assert.equal(cutToWidth('日本語日本語', 6), '日本…');
  });
});

describe('readLines', () => {
  it('gives the same lines however the text is cut into chunks', async () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n\ufeff]/g, ''));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line),
        fc.constantFrom('\n', '\r\n'),
        fc.array(fc.nat(20)),
        async (lines, end, cuts) => {
          const bytes = Buffer.from(lines.map((text) => text + end).join(''));
          const read: string[] = [];
          for await (const batch of readLines(chunksOf(bytes, cuts), 'test')) read.push(...batch);
          assert.deepEqual(read, lines);
        },
      ),
    );
  });
});

async function* chunksOf(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const size of sizes) {
    yield bytes.subarray(start, start + size);
    start += size;
  }
  yield bytes.subarray(start);
}
