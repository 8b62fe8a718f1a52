/** What may happen between hosts. Each scene gives what was seen, and throws where a task has not exactly one outcome. */

import { strict as assert } from 'node:assert';
import { setTimeout as delay } from 'node:timers/promises';
import type { Program } from '../cluster/program.js';
import { HostsScene, type Seen } from './scene.js';

export interface Size {
  readonly tasks: number;
  /** How long one takes. */
  readonly taskMs: number;
  /** How long a host is cut off, at least. */
  readonly cutMs: number;
}

export async function workerCutOff({ tasks, taskMs, cutMs }: Size): Promise<string> {
  await using scene = await HostsScene.start();
  const cut = await scene.worker('worker1');
  const other = await scene.worker('worker2');
  const submitter = scene.submitter('submitter1', { name: 'one', tasks, taskMs });
  await startsOf(scene, cut, tasks / 10);
  const cutAt = performance.now();
  await scene.hosts.cutOff('worker1');
  await submitter.line('gone');
  const seen = scene.check(tasks);
  assert.ok(seen.extraStarts > 0, 'it was cut off while it ran tasks');
  await delay(Math.max(0, cutMs - (performance.now() - cutAt)));
  await scene.hosts.mend();
  const mendedAt = performance.now();
  other.kill('SIGTERM');
  await other.ended;
  const again = scene.submitter('submitter1', { name: 'two', first: tasks, tasks: 20, taskMs });
  await startsOf(scene, cut, scene.starts.filter(({ pid }) => pid === cut.process.pid).length + 1);
  const backMs = performance.now() - mendedAt;
  await again.line('gone');
  scene.check(tasks + 20);
  return `${told(seen)}; cut off for ${seconds(mendedAt - cutAt)}, it works again ${seconds(backMs)} after that`;
}

export async function submitterCutOff({ tasks, taskMs, cutMs }: Size): Promise<string> {
  await using scene = await HostsScene.start();
  await scene.worker('worker1');
  await scene.worker('worker2');
  const submitter = scene.submitter(
    'submitter1',
    { name: 'one', tasks, taskMs },
    { maxInFlight: Math.ceil(tasks / 2) },
  );
  await scene.started(tasks / 10);
  await scene.hosts.cutOff('submitter1');
  await delay(cutMs);
  const heardBefore = scene.outcomes.length;
  assert.ok(heardBefore < tasks, 'it was cut off before it had heard all');
  await scene.hosts.mend();
  const mendedAt = performance.now();
  await heardOf(scene, heardBefore + 1);
  const backMs = performance.now() - mendedAt;
  await submitter.line('gone');
  return `${told(scene.check(tasks))}; it hears again ${seconds(backMs)} after it was mended`;
}

export async function submitterKilled({ tasks, taskMs, cutMs }: Size): Promise<string> {
  await using scene = await HostsScene.start();
  await scene.worker('worker1');
  await scene.worker('worker2');
  const submitter = scene.submitter('submitter1', { name: 'one', tasks, taskMs });
  await scene.started(tasks / 5);
  await submitter.line('submitted');
  await scene.hosts.cutOff('submitter1');
  await delay(cutMs);
  submitter.kill('SIGKILL');
  await submitter.ended;
  const heardBefore = scene.outcomes.length;
  assert.ok(heardBefore < tasks, 'it was killed before it had heard all');
  const next = scene.submitter('submitter2', { name: 'one', tasks, taskMs });
  await next.line('gone');
  const seen = scene.check(tasks);
  assert.equal(seen.extraStarts, 0, 'no task was started again for a submitter');
  return `${told(seen)}; ${heardBefore} heard by the first, ${tasks - heardBefore} by the second`;
}

export async function badLinks({ tasks, taskMs }: Size): Promise<string> {
  await using scene = await HostsScene.start();
  await scene.hosts.set({ dropPercent: 5, delayMs: 50 });
  await scene.worker('worker1');
  await scene.worker('worker2');
  const startedAt = performance.now();
  await scene.submitter('submitter1', { name: 'one', tasks, taskMs }).line('gone');
  return `${told(scene.check(tasks))}; ${seconds(performance.now() - startedAt)} in all`;
}

export async function brokerRestarted({ tasks, taskMs }: Size): Promise<string> {
  await using scene = await HostsScene.start();
  await scene.worker('worker1');
  await scene.worker('worker2');
  const submitter = scene.submitter('submitter1', { name: 'one', tasks, taskMs });
  const [broker] = scene.brokers;
  await scene.started(tasks / 4);
  await broker?.end('SIGTERM');
  await broker?.start();
  await scene.started(tasks / 2);
  await broker?.end('SIGKILL');
  await broker?.start();
  await submitter.line('gone');
  return told(scene.check(tasks));
}

/** The leader of the tasks' stream is killed, and comes back. */
export async function leaderKilled({ tasks, taskMs }: Size): Promise<string> {
  await using scene = await HostsScene.start(3);
  await scene.worker('worker1');
  await scene.worker('worker2');
  const submitter = scene.submitter(
    'submitter1',
    { name: 'one', tasks, taskMs },
    { maxInFlight: Math.ceil(tasks / 3) },
  );
  await scene.started(tasks / 5);
  const leader = await scene.leader();
  await leader.end('SIGKILL');
  await scene.started(tasks / 2);
  await leader.start();
  await submitter.line('gone');
  return `${told(scene.check(tasks))}; ${leader.host} led`;
}

/** A broker is cut off from the others, and its clients still reach it: what they ask, it can't decide. */
export async function brokerCutOff({ tasks, taskMs, cutMs }: Size): Promise<string> {
  await using scene = await HostsScene.start(3);
  const [first, ...others] = scene.brokers;
  const there = { servers: [first, ...others].map((broker) => broker?.url), connection: { noRandomize: true } };
  await scene.worker('worker1', there);
  await scene.worker('worker2', { ...there, servers: others.map(({ url }) => url) });
  const submitter = scene.submitter(
    'submitter1',
    { name: 'one', tasks, taskMs },
    { ...there, maxInFlight: Math.ceil(tasks / 2) },
  );
  await scene.started(tasks / 5);
  await scene.hosts.cutOff(
    first?.host ?? '',
    others.map(({ host }) => host),
  );
  const cutAt = performance.now();
  const heard = scene.outcomes.length;
  // Clients of a broker that decides nothing leave it for another.
  await Promise.race([submitter.line('gone'), delay(8 * cutMs)]);
  const duringCut = scene.outcomes.length - heard;
  assert.ok(duringCut > 0, 'outcomes are heard through another broker');
  await scene.hosts.mend();
  const mendedAt = performance.now();
  await submitter.line('gone');
  const after = `${duringCut} outcomes heard in the ${seconds(mendedAt - cutAt)} of it`;
  return `${told(scene.check(tasks))}; ${after}`;
}

/** A broker's host vanishes, with connections to it that nobody closes. */
export async function brokerVanishes({ tasks, taskMs }: Size): Promise<string> {
  await using scene = await HostsScene.start(3);
  const [first, ...others] = scene.brokers;
  const there = { servers: [first, ...others].map((broker) => broker?.url), connection: { noRandomize: true } };
  const worker = await scene.worker('worker1', there);
  const submitter = scene.submitter('submitter1', { name: 'one', tasks, taskMs }, there);
  await scene.started(tasks / 4);
  await scene.hosts.cutOff(first?.host ?? '');
  const cutAt = performance.now();
  const starts = scene.starts.length;
  await worker.line('disconnected');
  const noticedMs = performance.now() - cutAt;
  assert.ok(starts < tasks);
  await submitter.line('gone');
  return `${told(scene.check(tasks))}; the worker noticed after ${seconds(noticedMs)}`;
}

async function startsOf(scene: HostsScene, worker: Program, count: number): Promise<void> {
  await scene.until(
    () => scene.starts.filter(({ pid }) => pid === worker.process.pid).length >= count,
    `${count} starts`,
  );
}

async function heardOf(scene: HostsScene, count: number): Promise<void> {
  await scene.until(() => scene.outcomes.length >= count, `${count} outcomes`);
}

function told({ tasks, extraStarts, longestGapMs }: Seen): string {
  return `${tasks} tasks, one outcome each, ${extraStarts} extra starts, longest gap ${seconds(longestGapMs)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
