/** How long it takes until something runs: `node bench/start-up.mjs [--quick]`, and a part of `run.mjs`. */

import { fileURLToPath } from 'node:url';
import { measureInChild } from './child.mjs';
import { startUpTable } from './report.mjs';
import { summarize } from './statistics.mjs';

const rows = [
  { id: 'thread', label: 'ThreadPoolExecutor: `new` to first result' },
  { id: 'piscina', label: 'piscina: `new` to first result' },
  { id: 'workerpool-thread', label: 'workerpool, threads: `new` to first result' },
  { id: 'tinypool-thread', label: 'tinypool, worker_threads: `new` to first result' },
  { id: 'bare-worker', label: 'a bare `new Worker(file)` to its first message' },
  { id: 'process', label: 'ProcessPoolExecutor: `new` to first result' },
  { id: 'workerpool-process', label: 'workerpool, processes: `new` to first result' },
  { id: 'tinypool-process', label: 'tinypool, child_process: `new` to first result' },
  { id: 'bare-fork', label: 'a bare `fork(file)` to its first message' },
  { id: 'import:concurrent-futures', label: "`import 'concurrent-futures'`" },
  { id: 'import:piscina', label: "`import 'piscina'`" },
  { id: 'import:workerpool', label: "`import 'workerpool'`" },
  { id: 'import:tinypool', label: "`import 'tinypool'`" },
];

/** The rows with the milliseconds of so many fresh processes each; those that failed are left out. */
export async function measureStartUp(runs) {
  const measured = [];
  for (const { id, label } of rows) {
    const ms = [];
    for (let i = 0; i < runs; i++) {
      const result = await measureInChild('start-up-child.mjs', id);
      if (result !== undefined) ms.push(result);
    }
    if (ms.length > 0) measured.push({ id, label, ms: summarize(ms) });
    console.error(`start-up, ${id}: done`);
  }
  return measured;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(startUpTable(await measureStartUp(process.argv.includes('--quick') ? 3 : 11)));
}
