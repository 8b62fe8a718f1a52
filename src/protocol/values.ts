/** Values on the wire: what structured clone takes, and where in a value it refuses. */

import { types } from 'node:util';
import { NotSerializableError } from '../errors.js';

/** Copies as the wire would; throws whatever the wire would throw. */
export type Copy = (value: unknown) => unknown;

/** A message is longer than its wire can carry. */
export class TooLong extends RangeError {
  /** @param bytes `undefined` where it could not even be put together. */
  constructor(bytes: number | undefined, limit: number) {
    super(
      bytes === undefined
        ? `it takes more than the ${gibibytes(limit)} that a message can carry`
        : `it takes ${gibibytes(bytes)}, and a message can carry ${gibibytes(limit)}`,
    );
  }
}

/** V8 copies no longer buffer. */
const bufferBytesMax = 2 ** 32 - 1;

function gibibytes(bytes: number): string {
  return `${Number((bytes / 2 ** 30).toFixed(2))} GiB`;
}

/**
 * The error for a value that can't be copied, with the path to the part at fault.
 *
 * @param root how the path starts, for example `args` or `result`.
 * @param copy the copy that failed, tried again on the parts to find the one at fault.
 */
export function notSerializable(value: unknown, root: string, cause: unknown, copy: Copy): NotSerializableError {
  // To try its parts one by one would take as long again, and every one of them may be short enough.
  if (cause instanceof TooLong) return notCopied(root, `${cause.message}. ${insteadOfSize}`, cause);
  const fault = findFault(value, root, copy, new Set());
  const size = bufferSize(fault?.value);
  if (fault !== undefined && size > bufferBytesMax) {
    const why = `it is ${describe(fault.value)} of ${gibibytes(size)}, and one of 4 GiB or more can't be copied`;
    return notCopied(fault.path, `${why}. ${insteadOfSize}`, fault.cause);
  }
  const what = fault === undefined ? 'a value' : describe(fault.value);
  const path = fault?.path ?? root;
  const reason = fault?.cause ?? cause;
  const why = reason instanceof Error ? reason.message : String(reason);
  return notCopied(
    path,
    `it is ${what} (${why}). Pass plain data: leave it out, or send what is needed to make it there.`,
    reason,
  );
}

function notCopied(path: string, why: string, cause: unknown): NotSerializableError {
  return new NotSerializableError(`${shortened(path)} can't be copied to another worker: ${why}`, { path, cause });
}

const insteadOfSize =
  "Send it in smaller pieces, or write it to a file and send the file's name; between threads it can be moved " +
  '(transfer) or shared (SharedArrayBuffer).';

function bufferSize(value: unknown): number {
  if (ArrayBuffer.isView(value)) return value.buffer.byteLength;
  // Not `instanceof`, which asks a proxy.
  return types.isArrayBuffer(value) ? value.byteLength : 0;
}

/** A path through a long list is told by its ends. */
function shortened(path: string): string {
  return path.length <= pathMax ? path : `${path.slice(0, pathMax / 2)}…${path.slice(-pathMax / 2)}`;
}

const pathMax = 200;

interface Fault {
  readonly path: string;
  readonly value: unknown;
  readonly cause: unknown;
}

/** The deepest part whose own parts can all be copied, while it can't. */
function findFault(value: unknown, path: string, copy: Copy, seen: Set<object>): Fault | undefined {
  const cause = failure(value, copy);
  if (cause === undefined) return undefined;
  const here: Fault = { path, value, cause: cause.error };
  if (typeof value !== 'object' || value === null) return here;
  seen.add(value);
  try {
    for (const [key, read] of partsOf(value)) {
      let part: unknown;
      try {
        part = read();
      } catch (error) {
        return { path: path + key, value: 'a getter that throws', cause: error };
      }
      // A part that leads back to where we came from can't be copied for what is found elsewhere in it.
      if (typeof part === 'object' && part !== null && seen.has(part)) continue;
      const fault = findFault(part, path + key, copy, seen);
      if (fault !== undefined) return fault;
    }
  } catch {
    // A proxy may refuse even to be listed: then the fault is the proxy itself.
  }
  return here;
}

function failure(value: unknown, copy: Copy): { error: unknown } | undefined {
  try {
    copy(value);
    return undefined;
  } catch (error) {
    return { error };
  }
}

function* partsOf(value: object): Iterable<readonly [key: string, read: () => unknown]> {
  if (value instanceof Map) {
    for (const [key, item] of value) {
      yield [`.keys(${label(key)})`, () => key];
      yield [`.get(${label(key)})`, () => item];
    }
    return;
  }
  if (value instanceof Set) {
    for (const item of value) yield [`.values(${label(item)})`, () => item];
    return;
  }
  for (const key of Object.keys(value)) {
    const step = Array.isArray(value) && /^\d+$/.test(key) ? `[${key}]` : memberPath(key);
    yield [step, () => (value as Record<string, unknown>)[key]];
  }
}

function memberPath(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function label(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return value.name || 'a function';
  return typeof value === 'object' && value !== null ? '…' : String(value);
}

function describe(value: unknown): string {
  if (value === 'a getter that throws') return value;
  if (typeof value === 'function') return value.name ? `the function ${value.name}` : 'a function';
  if (typeof value === 'symbol') return `the symbol ${String(value)}`;
  if (typeof value !== 'object' || value === null) return String(value);
  let name: unknown;
  try {
    name = value.constructor?.name;
  } catch {
    // A hostile proxy: it has no name to give.
  }
  return typeof name === 'string' && name !== '' && name !== 'Object'
    ? `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`
    : 'an object';
}
