/** Plays all scenes between hosts on this machine, a line each: `npm run hosts`, or `npm run hosts -- brokerCutOff` for some. */

import { setTimeout as delay } from 'node:timers/promises';
import { serverHindrance } from '../cluster/nats-server.js';
import { hostsHindrance } from './hosts.js';
import * as scenes from './scenes.js';

const hindrance = serverHindrance() || hostsHindrance();
if (hindrance !== false) {
  console.error(`no hosts can be made on this machine: ${hindrance}`);
  process.exit(2);
}

const size: scenes.Size = { tasks: 400, taskMs: 50, cutMs: 8000 };
const limitMs = 200_000;

const played: readonly ((size: scenes.Size) => Promise<string>)[] = [
  scenes.workerCutOff,
  scenes.submitterCutOff,
  scenes.submitterKilled,
  scenes.badLinks,
  scenes.brokerRestarted,
  scenes.leaderKilled,
  scenes.brokerCutOff,
  scenes.brokerVanishes,
];
const wanted = process.argv.slice(2);
for (const play of played) {
  const { name } = play;
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const startedAt = performance.now();
  const outcome = await within(play(size)).catch(failed);
  console.log(`${name}: ${outcome} (${Math.round((performance.now() - startedAt) / 1000)} s)`);
}

function failed(error: unknown): string {
  process.exitCode = 1;
  return `FAILED: ${error instanceof Error ? error.stack : error}`;
}

async function within(played: Promise<string>): Promise<string> {
  const limit = new AbortController();
  const late = delay(limitMs, undefined, { signal: limit.signal }).then((): never => {
    throw new Error(`it was not over within ${limitMs / 1000} s`);
  });
  late.catch(() => {});
  return Promise.race([played, late]).finally(() => limit.abort());
}
