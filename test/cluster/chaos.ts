/**
 * Tasks while workers, broker and submitter are killed at random: `npm run chaos -- 100000`. Every task has one outcome, whoever was killed when;
 * what was started more than once for that is counted.
 */

import { strict as assert } from 'node:assert';
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Program } from './program.js';
import { ClusterScene } from './scene.js';

export interface ChaosReport {
  readonly tasks: number;
  readonly kills: { readonly worker: number; readonly broker: number; readonly submitter: number };
  /** Starts beyond one for each task. */
  readonly extraStarts: number;
  /** Outcomes that a submitter was given again, since the one before was killed; the same ones. */
  readonly givenAgain: number;
  readonly seconds: number;
}

/** Of a line with one, about. */
const outcomeBytes = 18;

/** @param kills how many of each */
export async function chaos(tasks: number, kills: number, seed: number): Promise<ChaosReport> {
  const startedAt = performance.now();
  const random = randomOf(seed);
  const done = { worker: 0, broker: 0, submitter: 0 };
  await using scene = await ClusterScene.start();
  const workers = [await scene.worker(), await scene.worker()];
  let submitter = scene.chaosSubmitter(tasks);
  let isOver = false;
  const over = (async () => {
    for (;;) {
      const current: Program = submitter;
      const { code, signal } = await current.ended;
      if (signal === null) {
        assert.equal(code, 0, 'the submitter failed');
        isOver = true;
        return;
      }
      submitter = scene.chaosSubmitter(tasks);
    }
  })();
  for (let i = 0; i < 3 * kills && !isOver; i++) {
    await moved(scene, (random() * 2 * tasks) / (3 * kills + 1));
    if (isOver) break;
    const victim = (['worker', 'broker', 'submitter'] as const)[i % 3] ?? 'worker';
    done[victim] += 1;
    if (victim === 'worker') {
      const which = Math.floor(random() * workers.length);
      workers[which]?.kill('SIGKILL');
      workers[which] = await scene.worker();
    } else if (victim === 'broker') {
      await scene.server.kill();
      await delay(random() * 300);
      await scene.server.start();
    } else submitter.kill('SIGKILL');
  }
  await over;
  return { tasks, kills: done, ...check(scene, tasks), seconds: Math.round((performance.now() - startedAt) / 1000) };
}

/** Until about so many outcomes more are written down, or for a while: kills are spread over the work, however quick it goes. */
async function moved(scene: ClusterScene, outcomes: number): Promise<void> {
  const bytes = (): number => statSync(scene.outcomes, { throwIfNoEntry: false })?.size ?? 0;
  const enough = bytes() + outcomes * outcomeBytes;
  for (const until = performance.now() + 1500; bytes() < enough && performance.now() < until; ) await delay(5);
}

function check(scene: ClusterScene, tasks: number): { extraStarts: number; givenAgain: number } {
  const outcomes = new Map<string, string>();
  let givenAgain = 0;
  for (const line of readFileSync(scene.outcomes, 'utf8').trim().split('\n')) {
    const [task = ''] = line.split(':');
    const before = outcomes.get(task);
    if (before !== undefined) {
      givenAgain += 1;
      assert.equal(line, before, `task ${task} has two outcomes`);
    }
    outcomes.set(task, line);
  }
  assert.equal(outcomes.size, tasks, 'each task has its outcome');
  return { extraStarts: scene.starts.length - tasks, givenAgain };
}

/** The same numbers for the same seed: mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

if (process.argv[1] === import.meta.filename) {
  const [tasks = '100000', kills = '10', seed = String(Date.now())] = process.argv.slice(2);
  console.log(`seed ${seed}`);
  console.log(await chaos(Number(tasks), Number(kills), Number(seed)));
}
