/** What is there when every executor has ended: processes, descriptors, handles, temporary files, memory. Linux. */

import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { eventually } from '../contract/gates.js';
import { liveThreads } from '../contract/leaks.js';
import { libraryTmp } from '../contract/own-tmp.js';

const graceMs = 15_000;
/** How much more memory there may be in the last third of the run than in the first; an allocator keeps what it likes. */
const heapGrowthMb = 4;
const residentGrowthMb = 60;
const growthShare = 0.2;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** By this, processes of this run are known, also those that lost their parent. */
const runMark = `SOAK_RUN=${process.pid}-${Date.now()}`;
process.env['SOAK_RUN'] = runMark.slice('SOAK_RUN='.length);

export interface Memory {
  readonly heapMb: number;
  readonly externalMb: number;
  readonly residentMb: number;
}

/** Taken once everything has been used that is made when first used. */
export class Baseline {
  readonly #children = children();
  readonly #threads = liveThreads();
  readonly #descriptors = descriptors();
  readonly #handles = process.getActiveResourcesInfo();

  async assertNothingLeft(): Promise<void> {
    await eventually(() => this.#left().length === 0, 'nothing to be left', graceMs).catch(() =>
      assert.deepEqual(this.#left(), [], 'left behind'),
    );
  }

  #left(): string[] {
    const left: string[] = [];
    if (liveThreads() > this.#threads) left.push(`${liveThreads() - this.#threads} threads`);
    for (const pid of children()) if (!this.#children.has(pid)) left.push(`child ${pid}: ${commandLine(pid)}`);
    for (const pid of processesOfRun()) left.push(`process ${pid}: ${commandLine(pid)}`);
    left.push(...more('open descriptors', descriptors(), this.#descriptors));
    left.push(...more('handles', process.getActiveResourcesInfo(), this.#handles));
    for (const name of readdirSync(libraryTmp)) left.push(`temporary file ${name}`);
    return left;
  }
}

/** After everything has been collected that can be. */
export async function measureMemory(): Promise<Memory> {
  for (let round = 0; round < 3; round++) {
    collect();
    // Finalizers run in turns of their own.
    await new Promise(setImmediate);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapMb: heapUsed / 2 ** 20, externalMb: external / 2 ** 20, residentMb: rss / 2 ** 20 };
}

/** Compares the medians of the first and the last third. */
export function assertFlat(samples: readonly Memory[]): void {
  const third = Math.floor(samples.length / 3);
  if (third === 0) return;
  const median = (part: readonly Memory[], of: keyof Memory): number =>
    part.map((memory) => memory[of]).sort((a, b) => a - b)[Math.floor(part.length / 2)] as number;
  for (const of of ['heapMb', 'externalMb', 'residentMb'] as const) {
    const [before, after] = [median(samples.slice(0, third), of), median(samples.slice(-third), of)];
    const allowed = before * (1 + growthShare) + (of === 'residentMb' ? residentGrowthMb : heapGrowthMb);
    assert.ok(after <= allowed, `${of} grew from ${before.toFixed(1)} to ${after.toFixed(1)}`);
  }
}

function children(): Set<string> {
  return new Set(
    readdirSync('/proc/self/task').flatMap((task) =>
      attempt(() => readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean), []),
    ),
  );
}

function processesOfRun(): string[] {
  return readdirSync('/proc').filter(
    (name) =>
      /^\d+$/.test(name) && attempt(() => readFileSync(`/proc/${name}/environ`, 'utf8').includes(runMark), false),
  );
}

const commandLine = (pid: string): string =>
  attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 100), '');

/** A thread that is ended while it imports a module leaves that file open: Node 20 does so without any pool, 24 does not. */
const leavesModulesOpen = Number.parseInt(process.versions.node, 10) < 24;

/** What every open descriptor is of, without its number. */
function descriptors(): string[] {
  const open = readdirSync('/proc/self/fd').flatMap((fd) =>
    // The one that lists them is closed by the time that they are looked at.
    attempt(() => [readlinkSync(`/proc/self/fd/${fd}`).replace(/:\[\d+\]$/, '')], []),
  );
  return leavesModulesOpen ? open.filter((path) => !path.endsWith('.js')) : open;
}

/** Of which kind there are more than before. */
function more(what: string, now: readonly string[], before: readonly string[]): string[] {
  const count = (list: readonly string[], kind: string): number => list.filter((each) => each === kind).length;
  return [...new Set(now)].flatMap((kind) => {
    const [added, there] = [count(now, kind) - count(before, kind), count(before, kind)];
    return added > 0 ? [`${added} ${what} of "${kind}" beyond the ${there} at first`] : [];
  });
}

function attempt<T>(read: () => T, fallback: T): T {
  try {
    return read();
  } catch {
    // It is gone: that is an answer.
    return fallback;
  }
}
