/** What the doctor asks of the machine: nothing is started for it. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, freemem, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { ThreadPoolExecutor } from 'concurrent-futures';
import { codeOf, fileProblem } from '../usage-error.js';
import { type Check, type Finding, failed, note, ok } from './check.js';

/** The oldest Node that is supported, as package.json has it. */
const oldestNode = 20;
/** What a worker takes, about; measured with a task that does nothing. */
const workerBytes = { thread: 10 * 2 ** 20, process: 45 * 2 ** 20 };
/** Descriptors that a worker needs of this process: its pipes, its file of claims, the loop of a thread. */
const filesPerWorker = 10;

export const machineChecks: readonly Check[] = [
  { name: 'node', run: nodeVersion },
  { name: 'processors', run: processors },
  { name: 'memory', run: memory },
  { name: 'open files', run: openFiles },
  { name: 'user processes', run: userProcesses },
  { name: 'temporary files', run: temporaryFiles },
];

export const terminalCheck: Check = { name: 'terminal', run: terminal };

function nodeVersion(): Finding {
  const { node } = process.versions;
  if (Number.parseInt(node, 10) >= oldestNode) return ok(`Node ${node} on ${process.platform} ${process.arch}`);
  return failed(`Node ${node} is too old`, `Install Node ${oldestNode} or newer.`);
}

async function processors(): Promise<Finding> {
  const byAffinity = availableParallelism();
  const all = cpus().length;
  let usable: number;
  try {
    const executor = new ThreadPoolExecutor();
    usable = executor.stats().maxWorkers;
    await executor.shutdown();
  } catch {
    // Why no pool can be made is for the check of threads to say.
    return note(`${byAffinity} of ${all} usable, as far as Node knows`);
  }
  const of = all > usable ? ` of ${all}` : '';
  const why = usable < byAffinity ? ", by the control group's quota" : '';
  return ok(`${usable}${of} usable${why}: so many workers has a pool by default`);
}

function memory(): Finding {
  // Without a limit in the control group, some versions of Node give 0, others a number beyond all memory.
  const limit = process.constrainedMemory?.() ?? 0;
  const isLimited = limit > 0 && limit < totalmem();
  const total = isLimited ? limit : totalmem();
  const free = (process as { availableMemory?: () => number }).availableMemory?.() ?? freemem();
  const heap = getHeapStatistics().heap_size_limit;
  const what = `${megabytes(free)} free of ${megabytes(total)}${isLimited ? " (the control group's limit)" : ''}; heap limit ${megabytes(heap)}`;
  if (free >= 2 * workerBytes.process) return ok(what);
  return failed(
    what,
    `A process worker takes about ${megabytes(workerBytes.process)}, a thread ${megabytes(workerBytes.thread)}: give it more memory, or set maxWorkers.`,
  );
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20).toLocaleString('en')} MB`;
}

function openFiles(): Finding {
  const limit = softLimit('Max open files');
  if (limit === undefined) return note('the limit is not known here');
  // Listing them takes one itself.
  const open = readdirSync('/proc/self/fd').length - 1;
  const what = `${open} open, and the limit is ${limit}`;
  if (limit - open >= filesPerWorker * availableParallelism()) return ok(what);
  return failed(what, `A worker needs up to ${filesPerWorker}: raise the limit (ulimit -n 1024), or set maxWorkers.`);
}

function userProcesses(): Finding {
  const limit = softLimit('Max processes');
  if (limit === undefined) return note('the limit is not known here');
  const what = `the limit on processes and threads of this user is ${limit}`;
  // A worker has a dozen threads: Node's own, for its files and its compiler.
  if (limit >= 12 * availableParallelism() + 12) return ok(what);
  return failed(what, 'A worker has up to twelve threads: raise the limit (ulimit -u), or set maxWorkers.');
}

/** Infinity where there is none; undefined where that can't be found out. */
function softLimit(name: string): number | undefined {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'utf8');
  } catch (error) {
    if (codeOf(error) === 'EMFILE') throw error;
    // Not Linux.
    return undefined;
  }
  const soft = new RegExp(`^${name} +(\\S+)`, 'm').exec(limits)?.[1];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

function temporaryFiles(): Finding {
  const folder = tmpdir();
  try {
    const own = mkdtempSync(join(folder, 'concurrent-futures-'));
    try {
      writeFileSync(join(own, 'claims'), Buffer.alloc(4096));
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
    return ok(`${folder} is writable`);
  } catch (error) {
    const isForbidden = codeOf(error) === 'ERR_ACCESS_DENIED';
    return failed(
      `${folder} can't be written to: ${fileProblem(error)}`,
      isForbidden
        ? `Node's permission model is on: start node with --allow-fs-write=${folder}/* as well.`
        : 'Process workers need a small file there: set TMPDIR to a folder that this user may write to.',
    );
  }
}

function terminal(): Finding {
  if (process.stdout.isTTY === true) return ok(`standard output is a terminal of ${process.stdout.columns} columns`);
  return note('standard output is not a terminal: progress and colors are left out');
}
