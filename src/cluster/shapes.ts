/**
 * Whether what came is what its sender should have sent. A good signature says who wrote a message, not that it makes sense; and without keys,
 * on one machine, anybody there may have written it.
 */

import type { BatchNews, CancelMessage, Presence, TaskBatch, TaskGroup } from './messages.js';
import { Refusal } from './refusal.js';

/** Many times what any submitter sends. */
const tasksMax = 100_000;

export function checkBatch(batch: TaskBatch): void {
  const { issuedAt, groups } = batch;
  if (!Number.isFinite(issuedAt) || !Array.isArray(groups) || groups.length === 0 || !groups.every(isGroup))
    throw malformed('tasks');
  if (groups.reduce((sum, [, , , , count]) => sum + count, 0) > tasksMax) throw malformed('tasks');
}

function isGroup(group: unknown): group is TaskGroup {
  if (!Array.isArray(group)) return false;
  const [digest, names, attempt, isChunk, count, size, values, timeoutMs, context] = group as unknown[];
  return (
    typeof digest === 'string' &&
    (typeof names === 'string' ||
      (Array.isArray(names) && names.length === count && names.every((name) => typeof name === 'string'))) &&
    isCount(attempt) &&
    typeof isChunk === 'boolean' &&
    isCount(count) &&
    isCount(size) &&
    Array.isArray(values) &&
    values.length === count * size &&
    (timeoutMs === null || typeof timeoutMs === 'number') &&
    typeof context === 'object'
  );
}

export function checkNews({ worker, news }: BatchNews): void {
  if (typeof worker !== 'string' || !Array.isArray(news)) throw malformed('news');
  for (const item of news as unknown[]) {
    if (!Array.isArray(item) || typeof item[0] !== 'string') throw malformed('news');
    if (item[0] === 'done' && !(isCount(item[1]) && Array.isArray(item[2]) && Array.isArray(item[3])))
      throw malformed('news');
  }
}

export function checkCancel(message: CancelMessage): void {
  const { client, batches, how, reason } = message ?? {};
  const isGood =
    typeof client === 'string' &&
    Array.isArray(batches) &&
    batches.every(isPartOfBatch) &&
    (how === 'abort' || how === 'kill') &&
    typeof reason === 'string';
  if (!isGood) throw malformed('wish to cancel');
}

function isPartOfBatch(value: unknown): boolean {
  return Array.isArray(value) && typeof value[0] === 'string' && Array.isArray(value[1]) && value[1].every(isCount);
}

export function checkPresence(presence: Presence): void {
  const { name, slots, running, isDraining } = presence ?? {};
  if (typeof name !== 'string' || !isCount(slots) || !isCount(running) || typeof isDraining !== 'boolean')
    throw malformed('word of a worker');
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function malformed(what: string): Refusal {
  return new Refusal('MALFORMED', `the message is no ${what}: it was written by another program or version`);
}
