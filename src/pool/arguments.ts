/** The arguments of a task, copied so that what the caller does to them afterwards can't change it, and how much they take. */

import type { NotSerializableError } from '../errors.js';
import { type Copy, notSerializable } from '../protocol/values.js';
import { atSite } from './site.js';
import type { Task } from './task.js';

/** Whether anything in there could change, or can't be copied at all. */
export function needsCopy({ isChunk, values }: Task): boolean {
  return isChunk ? values.some((row) => (row as unknown[]).some(isObject)) : values.some(isObject);
}

/** Gives a task arguments of its own, and detaches here what is transferred. Throws what structured clone throws. */
export function copyArguments(task: Task): void {
  const whole = { values: task.values, transfer: task.transfer };
  const copy = structuredClone(whole, { transfer: [...task.transfer] as ArrayBuffer[] });
  task.values = copy.values;
  if (copy.transfer.length > 0) task.transfer = copy.transfer;
}

/** The error for a task whose arguments can't be copied. */
export function argumentError(task: Task, cause: unknown, copy: Copy): NotSerializableError {
  const root = task.isChunk ? 'rows' : 'args';
  return atSite(notSerializable(task.values, root, cause, copy), task.submittedAt);
}

/**
 * About how many bytes arguments take: buffers by their length, texts by two bytes a character, eight for each other value.
 * Shared memory counts nothing, since it is not copied. Of values that were copied: there is no code of the user's in them.
 */
export function estimatedBytes(values: readonly unknown[]): number {
  let bytes = 0;
  const seen = new Set<object>();
  const left: unknown[] = [...values];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value === 'string') bytes += 2 * value.length;
    else bytes += slotBytes;
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof ArrayBuffer) bytes += value.byteLength;
    else if (ArrayBuffer.isView(value)) left.push(value.buffer);
    else if (value instanceof Map) for (const entry of value) left.push(...entry);
    else if (Array.isArray(value) || value instanceof Set) for (const item of value) left.push(item);
    else for (const key of Object.keys(value)) left.push((value as Record<string, unknown>)[key]);
  }
  return bytes;
}

const slotBytes = 8;

function isObject(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' || typeof value === 'symbol';
}
