/** The arguments of a task, copied so that what the caller does to them afterwards can't change it. */

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

function isObject(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' || typeof value === 'symbol';
}
