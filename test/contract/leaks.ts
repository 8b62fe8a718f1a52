/** What a test may not leave behind: worker threads, child processes, handles, temporary files. */

import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { eventually } from './gates.js';
import { libraryTmp } from './own-tmp.js';

const graceMs = 5_000;

const alive = new Set<Worker>();

process.on('worker', (worker: Worker) => {
  alive.add(worker);
  worker.once('exit', () => alive.delete(worker));
});

// Made when first used; they belong to the baseline.
void process.stdout;
void process.stderr;

/** The worker threads of this process that have not ended. */
export function liveThreads(): number {
  return alive.size;
}

/** The child processes of this process that run Node, which tsx's own compiler does not. Linux only. */
export function childPids(): number[] {
  if (process.platform !== 'linux') return [];
  const pids = readdirSync('/proc/self/task').flatMap((task) =>
    attempt(() => readFileSync(`/proc/self/task/${task}/children`, 'utf8'), '')
      .split(' ')
      .filter(Boolean),
  );
  return pids.filter((pid) => isNode(pid)).map(Number);
}

function isNode(pid: string): boolean {
  // A process that has ended and waits to be reaped has no command line.
  return attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'), '').startsWith(process.execPath);
}

/** Whether a process is there and no zombie. */
export function isAlive(pid: number): boolean {
  if (process.platform === 'linux') return attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'), '') !== '';
  return attempt(() => process.kill(pid, 0), false);
}

/** Taken before a test; asserts afterwards that nothing has been added. */
export class Baseline {
  readonly #children = new Set(childPids());
  readonly #threads = liveThreads();
  readonly #handles = countHandles();

  /** @param pids the worker processes that the test is known to have had. */
  async assertNothingLeft(pids: Iterable<number>): Promise<void> {
    const known = [...pids];
    const found = (): string[] => this.#leftovers(known);
    // Some handles close a few turns of the loop after their worker is gone.
    await eventually(() => found().length === 0, 'nothing to be left', graceMs).catch(() =>
      assert.deepEqual(found(), [], 'the test left something behind'),
    );
  }

  #leftovers(pids: readonly number[]): string[] {
    const left: string[] = [];
    if (liveThreads() > this.#threads) left.push(`${liveThreads() - this.#threads} worker threads`);
    for (const pid of new Set([...childPids(), ...pids])) {
      if (!this.#children.has(pid) && isAlive(pid)) left.push(`child process ${pid}`);
    }
    for (const [type, count] of countHandles()) {
      const before = this.#handles.get(type) ?? 0;
      if (count > before) left.push(`${count - before} handles of type ${type}`);
    }
    for (const name of readdirSync(libraryTmp)) left.push(`temporary file ${name}`);
    return left;
  }
}

/** What keeps this process alive, by type. */
function countHandles(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}

function attempt<T, F>(read: () => T, fallback: F): T | F {
  try {
    return read();
  } catch {
    // The process is gone: that is an answer.
    return fallback;
  }
}
