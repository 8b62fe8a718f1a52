/** Tasks → the message in which they travel. */

import type { Task } from '../pool/task.js';
import type { Code } from './code.js';
import { clusterVersion, encodeBatch, type TaskBatch, type TaskGroup } from './messages.js';

/** Tasks that do not go in one message as they are: together they are too large, or some are not wanted any more. */
export class Unsuited extends Error {
  /** About so many would hold what there is. */
  readonly messages: number;

  constructor(messages: number) {
    super();
    this.messages = messages;
  }
}

/** The body of the message. Throws {@link Unsuited}; one task alone may be of any size. */
export function encodedTasks(tasks: readonly Task[], codeOf: (task: Task) => Code, bytesMax: number): Buffer {
  const bytes = encodeBatch(makeBatch(tasks, codeOf));
  const messages = Math.ceil(bytes.length / bytesMax);
  if (messages > 1 && tasks.length > 1) throw new Unsuited(messages);
  return bytes;
}

/** Tasks that follow each other and differ in their values and names only, together. */
function makeBatch(tasks: readonly Task[], codeOf: (task: Task) => Code): TaskBatch {
  const groups: TaskGroup[] = [];
  for (let i = 0; i < tasks.length; ) {
    const from = i;
    const first = tasks[i] as Task;
    const { name, context } = first;
    const size = first.values.length;
    const values: unknown[] = [];
    let isNameShared = true;
    for (; i < tasks.length && isAlike(tasks[i] as Task, first); i++) {
      const task = tasks[i] as Task;
      if (task.name !== name) isNameShared = false;
      for (const value of task.values) values.push(value);
    }
    const names = isNameShared ? name : tasks.slice(from, i).map((task) => task.name);
    const { timeoutMs } = first.settings;
    const limit = Number.isFinite(timeoutMs) ? timeoutMs : null;
    groups.push([
      codeOf(first).digest,
      names,
      first.attempt,
      first.isChunk,
      i - from,
      size,
      values,
      limit,
      context ?? null,
    ]);
  }
  return { version: clusterVersion, issuedAt: Date.now(), groups };
}

function isAlike(task: Task, first: Task): boolean {
  return (
    task.handle === first.handle &&
    task.values.length === first.values.length &&
    task.attempt === first.attempt &&
    task.context === first.context &&
    task.isChunk === first.isChunk &&
    task.settings.timeoutMs === first.settings.timeoutMs
  );
}
