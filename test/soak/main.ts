/**
 * The soak: `npm run soak -- --seconds 600 --seed 7`. Executors of all kinds side by side, generation after generation;
 * after each, nothing may be left. `--generation 17` plays that one alone, as its seed has it and as far as real
 * processes allow.
 */

import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
// First, so that the library sees the temporary folder.
import '../contract/own-tmp.js';
import type { KindName } from '../matrix/axes.js';
import { assertFlat, Baseline, type Memory, measureMemory } from './left.js';
import { Life, liveBroken } from './life.js';
import { Random } from './random.js';

const { values: given } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    generation: { type: 'string' },
  },
});
const lanes: readonly KindName[] = ['thread', 'thread', 'process', 'process', 'inline'];
const livesPerLane = 2;
const progressMs = 10_000;
/** By then what is made when first used is there, and caches are as full as they get. */
const warmUpShare = 0.2;

const counts = new Map<string, number>();
const count = (what: string): unknown => counts.set(what, (counts.get(what) ?? 0) + 1);

// What dying workers print is kept, and shown when something went wrong.
let printed = '';
process.stderr.write = (chunk: string | Uint8Array) => {
  printed = (printed + (typeof chunk === 'string' ? chunk : Buffer.from(chunk))).slice(-4_000);
  return true;
};
const say = (text: string): unknown => writeSync(1, `${text}\n`);

const expectedWarnings = new Set(['CF_LEFT_OVER', 'CF_UNOBSERVED']);
process.on('warning', (warning: Error & { code?: string }) => {
  if (expectedWarnings.has(warning.code ?? '')) count(`warning ${warning.code}`);
  else fail('an unexpected warning', warning);
});
process.on('unhandledRejection', (reason) => fail('a rejection that nobody handles', reason));
process.on('uncaughtException', (error) => fail('an error that nobody catches', error));

const startedAt = performance.now();
const elapsedMs = (): number => performance.now() - startedAt;
let generation = Number(given.generation ?? 0);

async function live(kind: KindName, lane: number): Promise<void> {
  const random = new Random(`${given.seed}/${generation}/${lane}`);
  for (let left = livesPerLane; left > 0; left--) {
    if (kind !== 'inline' && random.chance(0.05)) {
      await liveBroken(kind, random, count);
      continue;
    }
    const life = new Life(kind, random, count);
    count(`executor: ${kind}`);
    await life.live().catch((error: unknown) => fail(`lane ${lane} (${kind})`, error, life.describe()));
  }
}

async function main(): Promise<void> {
  const limitMs = Number(given.seconds) * 1000;
  say(`soak: seed ${given.seed}, ${given.seconds} s, Node ${process.version}`);
  const samples: Memory[] = [];
  let baseline: Baseline | undefined;
  let toldAt = 0;
  for (;;) {
    await Promise.all(lanes.map(live));
    const memory = await measureMemory();
    if (baseline === undefined) baseline = new Baseline();
    else await baseline.assertNothingLeft();
    if (elapsedMs() > limitMs * warmUpShare) samples.push(memory);
    if (elapsedMs() - toldAt > progressMs) {
      toldAt = elapsedMs();
      tell(memory);
    }
    generation += 1;
    if (given.generation !== undefined || elapsedMs() > limitMs) break;
  }
  assertFlat(samples);
  tell(samples.at(-1));
  for (const [what, many] of [...counts].sort()) say(`${String(many).padStart(10)}  ${what}`);
}

function tell(memory: Memory | undefined): void {
  const executors = lanes.length * livesPerLane * (generation - Number(given.generation ?? 0));
  const [heap, resident] = [memory?.heapMb, memory?.residentMb].map((mb) => mb?.toFixed(1));
  say(`${Math.round(elapsedMs() / 1000)} s: ${executors} executors lived, heap ${heap} MB, resident ${resident} MB`);
}

function fail(what: string, error: unknown, more = ''): never {
  const shown = error instanceof Error ? stackOf(error) : String(error);
  say(`\nFAILED in generation ${generation}: ${what}\n${shown}\n${more}\nlast words of workers:\n${printed}`);
  say(`\nplay it again: npm run soak -- --seed ${given.seed} --generation ${generation}`);
  process.exit(1);
}

function stackOf({ stack, cause }: Error): string {
  return cause instanceof Error ? `${stack}\n  cause: ${stackOf(cause)}` : `${stack}`;
}

await main().catch((error: unknown) => fail('the run', error));
say('soak: nothing lost, nothing twice, nothing left');
