/** Messages on a byte stream: however the stream is cut, the same messages come out. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { copyByFrame, encodeFrame, FrameReader, Unreadable, withLength } from '../../src/protocol/frames.js';
import type { ToWorker } from '../../src/protocol/messages.js';

const options = { timeout: 30_000 };

// Node 20 takes two invalid dates for different, so there are none among the values.
const dates = fc.date({ noInvalidDate: true });
const plain = fc.anything({
  values: [fc.oneof(fc.anything({ maxDepth: 0 }), dates)],
  withBigInt: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  maxDepth: 3,
});
/** Messages of very different sizes: the empty ones, and ones longer than a pipe's chunk. */
const message = fc.oneof(
  { weight: 4, arbitrary: plain },
  { weight: 1, arbitrary: fc.nat(200_000).map((length) => 'x'.repeat(length)) },
  { weight: 1, arbitrary: fc.nat(100_000).map((length) => new Uint8Array(length).fill(7)) },
);

function cut(stream: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => Math.floor(place * stream.length)))].sort((a, b) => a - b);
  return [...ends, stream.length].map((end, i) => stream.subarray(i === 0 ? 0 : ends[i - 1], end));
}

/** A value of any kind, sent as a task's outcome. */
function frameOf(value: unknown): Buffer {
  return encodeFrame({ kind: 'done', seq: 1, value, ms: 0.5 });
}

function valuesIn(messages: readonly unknown[]): unknown[] {
  return messages.map((message) => (message as { value: unknown }).value);
}

function readAll(chunks: readonly Buffer[]): unknown[] {
  const reader = new FrameReader();
  return valuesIn(chunks.flatMap((chunk) => [...reader.push(chunk)]));
}

test('any cut of the stream into chunks gives the same messages in the same order', options, () => {
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), fc.array(place, { maxLength: 30 }), (messages, places) => {
      const stream = Buffer.concat(messages.map((sent) => frameOf(sent)));
      assert.deepStrictEqual(
        readAll(cut(stream, places)),
        messages.map((sent) => structuredClone(sent)),
      );
    }),
    { numRuns: 200 },
  );
});

test('a stream that comes byte by byte gives the same messages', options, () => {
  fc.assert(
    fc.property(fc.array(plain, { minLength: 1, maxLength: 4 }), (messages) => {
      const stream = Buffer.concat(messages.map((sent) => frameOf(sent)));
      const bytes = [...stream].map((byte) => Buffer.from([byte]));
      assert.deepStrictEqual(
        readAll(bytes),
        messages.map((sent) => structuredClone(sent)),
      );
    }),
    { numRuns: 50 },
  );
});

test('a message comes out with the chunk that completes it, not before and not later', options, () => {
  const stream = frameOf({ kind: 'done' });
  for (let end = 0; end < stream.length; end++) {
    const reader = new FrameReader();
    assert.deepEqual([...reader.push(stream.subarray(0, end))], []);
    assert.deepEqual(valuesIn([...reader.push(stream.subarray(end))]), [{ kind: 'done' }]);
  }
});

test('empty chunks change nothing', options, () => {
  const stream = frameOf('message');
  const empty = Buffer.alloc(0);
  assert.deepEqual(readAll([empty, stream.subarray(0, 2), empty, empty, stream.subarray(2), empty, stream]), [
    'message',
    'message',
  ]);
});

test('a reader that is stopped between two messages gives the rest with the next chunk', options, () => {
  const reader = new FrameReader();
  for (const first of reader.push(Buffer.concat([frameOf(1), frameOf(2)]))) {
    assert.deepEqual(valuesIn([first]), [1]);
    break;
  }
  assert.deepEqual(valuesIn([...reader.push(frameOf(3))]), [2, 3]);
});

test('a message does not change when the chunk that it came in is written over', options, () => {
  const stream = frameOf({ text: 'héllo', bytes: new Uint8Array([1, 2, 3]) });
  const [received] = readAll([stream]);
  stream.fill(0);
  assert.deepStrictEqual(received, { text: 'héllo', bytes: new Uint8Array([1, 2, 3]) });
});

test('bytes with their length are their length and they', options, () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1000 }), (bytes) => {
      const frame = withLength(Buffer.from(bytes));
      assert.equal(frame.readUInt32LE(0), bytes.length);
      assert.deepEqual(new Uint8Array(frame.subarray(4)), bytes);
    }),
  );
});

test('a copy by frame is what structured clone makes of a value', options, () => {
  fc.assert(fc.property(plain, (value) => assert.deepStrictEqual(copyByFrame(value), structuredClone(value))));
});

const refused: Record<string, () => unknown> = {
  'a function': () => () => {},
  'a symbol': () => Symbol('s'),
  'a promise': () => Promise.resolve(1),
  'a weak map': () => new WeakMap(),
  'a proxy': () => new Proxy({}, {}),
  'an object with a function inside': () => ({ a: [{ b() {} }] }),
  'an object with a getter that throws': () => ({
    get a() {
      throw new Error('no');
    },
  }),
  'shared memory': () => new SharedArrayBuffer(8),
  'a message port': () => new MessageChannel().port1,
};

for (const [what, make] of Object.entries(refused)) {
  test(`${what} makes no frame`, options, () => {
    const value = make();
    assert.throws(() => frameOf(value));
    if (value instanceof MessagePort) value.close();
  });
}

test('the sharing of a buffer, cycles and holes are kept', options, () => {
  const buffer = new ArrayBuffer(4);
  const cyclic: { views: ArrayBufferView[]; holes: unknown[]; self?: unknown } = {
    views: [new Uint8Array(buffer), new DataView(buffer, 1, 2)],
    holes: Object.assign([1], { 3: 4 }),
  };
  cyclic.self = cyclic;
  const copy = copyByFrame(cyclic) as typeof cyclic;
  assert.equal(copy.self, copy);
  assert.equal(copy.views[0]?.buffer, copy.views[1]?.buffer);
  assert.equal(1 in copy.holes, false);
});

test('a batch of plain values and one of others come out alike', options, () => {
  const run = (values: unknown[]): ToWorker => ({
    kind: 'run',
    firstSeq: 7,
    groups: [[3, 'näme', 1, false, 1, values.length, values]],
  });
  for (const values of [[1, 'two', true, null], [-0, Number.NaN, undefined, 1n], [{ a: undefined }, [1]], ['\ud800']]) {
    const [message] = [...new FrameReader().push(encodeFrame(run(values)))];
    assert.deepStrictEqual(message, structuredClone(run(values)));
  }
});

test('a text that JSON would make too long for a string is sent all the same', options, () => {
  // Each character takes six in JSON.
  const text = '\u0001'.repeat(100_000_000);
  const [message] = [...new FrameReader().push(frameOf(text))];
  assert.ok((message as { value: unknown }).value === text);
});

test('a frame that can not be decoded stands in its place, and the next is read', options, () => {
  const broken = frameOf(new Map([[1, 2]]));
  broken.fill(0xff, 5);
  const [first, second, third] = [...new FrameReader().push(Buffer.concat([frameOf(1), broken, frameOf(2)]))];
  assert.deepEqual(valuesIn([first, third]), [1, 2]);
  assert.ok(second instanceof Unreadable);
  assert.ok(second.cause instanceof Error);
});
