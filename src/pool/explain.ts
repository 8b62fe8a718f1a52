/** What every worker does, what is queued and why it does not move, in words. */

import type { PoolSettings } from './settings.js';
import type { WorkerSlot } from './slot.js';
import type { Task } from './task.js';
import { ringOf } from './waits.js';

export interface Situation {
  readonly state: string;
  readonly settings: PoolSettings;
  readonly slots: readonly WorkerSlot[];
  /** The tasks that no worker holds, next first; only the first is looked at. */
  readonly queued: Iterable<Task>;
  readonly queuedCount: number;
  /** Tasks that wait for their next attempt. */
  readonly retrying: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly hasRoom: boolean;
}

export function explain(of: Situation): string {
  const { settings, slots, state, retrying } = of;
  const workers = `${slots.length} of at most ${settings.maxWorkers} ${settings.maxWorkers === 1 ? 'worker' : 'workers'}`;
  const lines = [`${settings.namePrefix}: ${state}, ${workers}`];
  for (const slot of slots) lines.push(`  ${slot.name}${idOf(slot)}: ${whatItDoes(slot, of)}`);
  lines.push(`  queue: ${queue(of)}`);
  if (retrying > 0) lines.push(`  ${tasks(retrying)} failed and wait for the next attempt`);
  return lines.join('\n');
}

function idOf({ link }: WorkerSlot): string {
  return link?.systemId === undefined ? '' : ` (${link.systemId})`;
}

function whatItDoes(slot: WorkerSlot, { now, settings }: Situation): string {
  switch (slot.state) {
    case 'starting':
      return `starting for ${duration(now - slot.bornAt)} (startupTimeout ${duration(settings.startupTimeoutMs)})`;
    case 'retiring':
      return 'was told to go, and has not ended yet';
    case 'condemned':
      return 'is being ended';
    case 'gone':
      return 'has ended';
    default:
      if (slot.isIdle) return `idle for ${duration(now - slot.idleSince)}`;
      return slot.running === undefined ? startsNone(slot) : runs(slot, slot.running, now);
  }
}

function startsNone(slot: WorkerSlot): string {
  const [first] = slot.tasks;
  const held = `holds ${tasks(slot.tasks.length)}${first === undefined ? '' : ` ("${first.name}" first)`}`;
  return slot.isStuck
    ? `${held} and starts none: what an earlier task left behind blocks it, or somebody has stopped it`
    : `${held}, about to start the first`;
}

function runs(slot: WorkerSlot, task: Task, now: number): string {
  const since = slot.runningSince;
  const forHowLong = since === undefined ? '' : ` for ${duration(now - since.atMs)}`;
  const what = since?.isLoading ? `loads the module of task "${task.name}"` : `runs task "${task.name}"`;
  const more = slot.tasks.length - 1;
  return [
    `${what}${forHowLong}`,
    ...(task.verdict === undefined ? [] : [`is to stop: ${task.verdict.message}`]),
    ...(ringOf(task) === undefined ? [] : [`in a ring of waits: ${ringOf(task)}`]),
    ...(task.attempt > 1 ? [`attempt ${task.attempt}`] : []),
    Number.isFinite(task.settings.timeoutMs) ? `timeout ${duration(task.settings.timeoutMs)}` : 'no timeout',
    ...(more > 0 ? [`${tasks(more)} behind it`] : []),
  ].join(', ');
}

function queue({ queued, queuedCount, slots, hasRoom, settings }: Situation): string {
  const [next] = queued;
  if (next === undefined) return 'empty';
  return `${tasks(queuedCount)}, "${next.name}" next; ${whyItWaits(slots, hasRoom, settings)}`;
}

function whyItWaits(slots: readonly WorkerSlot[], hasRoom: boolean, { maxWorkers }: PoolSettings): string {
  if (slots.some((slot) => slot.isIdle)) return 'it is handed over at the end of this turn of the event loop';
  if (slots.some((slot) => slot.state === 'starting')) return 'it waits for a worker to be ready';
  if (hasRoom) return 'it waits for a worker to be started';
  if (slots.length < maxWorkers) return 'workers failed to start lately, and it waits for the next attempt';
  return 'it waits for a worker to be free';
}

function tasks(count: number): string {
  return count === 1 ? '1 task' : `${count} tasks`;
}

function duration(ms: number): string {
  if (!Number.isFinite(ms)) return 'ever';
  return ms < 1000 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}
