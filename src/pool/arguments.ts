/** The arguments of a task, copied so that what the caller does to them afterwards can't change it. */

import type { NotSerializableError } from '../errors.js';
import type { CallBody } from '../protocol/messages.js';
import { type Copy, notSerializable } from '../protocol/values.js';
import { atSite } from './site.js';
import type { Task } from './task.js';

/** Whether anything in there could change, or can't be copied at all. */
export function needsCopy(body: CallBody): boolean {
  return body.kind === 'call' ? body.args.some(isObject) : body.rows.some((row) => row.some(isObject));
}

/** Gives a task arguments of its own, and detaches here what is transferred. Throws what structured clone throws. */
export function copyArguments(task: Task): void {
  const whole = { body: task.body, transfer: task.transfer };
  const copy = structuredClone(whole, { transfer: [...task.transfer] as ArrayBuffer[] });
  task.body = copy.body;
  task.transfer = copy.transfer;
}

/** The error for a task whose arguments can't be copied. */
export function argumentError(task: Task, cause: unknown, copy: Copy): NotSerializableError {
  const [value, root] = task.body.kind === 'call' ? [task.body.args, 'args'] : [task.body.rows, 'rows'];
  return atSite(notSerializable(value, root, cause, copy), task.submittedAt);
}

function isObject(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' || typeof value === 'symbol';
}
