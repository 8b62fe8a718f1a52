/** Captured data, written down once for as long as it stays the same, so that each worker is sent it once. */

import { Serializer } from 'node:v8';
import type { UnitContent } from '../protocol/portable.js';

export interface Unit {
  readonly id: number;
  readonly content: UnitContent;
}

let lastId = 0;
/** The latest unit that begins with an object. */
const latest = new WeakMap<object, Unit>();

/** The unit of these values as they are now: the one before, if nothing in them has changed. Throws what can't be copied. */
export function unitOf(values: readonly object[]): Unit {
  const content = contentOf(values);
  const [first] = values as [object];
  const known = latest.get(first);
  if (known?.content.kind === 'bytes' && content.kind === 'bytes' && isSame(known.content.bytes, content.bytes)) {
    return known;
  }
  lastId += 1;
  const unit = { id: lastId, content };
  latest.set(first, unit);
  return unit;
}

function contentOf(values: readonly object[]): UnitContent {
  try {
    const serializer = new Serializer();
    serializer.writeHeader();
    serializer.writeValue(values);
    return { kind: 'bytes', bytes: serializer.releaseBuffer() };
  } catch {
    // Shared memory, a key: what structured clone takes and bytes can't hold.
    return { kind: 'values', values: structuredClone(values) };
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && Buffer.compare(one, other) === 0;
}
