/** Measures one way of starting up, once, in a fresh process: `node start-up-child.mjs <id>`. Prints milliseconds. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { systemById } from './systems.mjs';

const [id] = process.argv.slice(2);
const echo = new URL('./start-up-echo.mjs', import.meta.url);

/** From `new` to the first result; the package has been loaded before. */
async function firstResult(system, packageName) {
  await import(packageName);
  const startedAt = performance.now();
  const pool = await system.open(1);
  await pool.run(1);
  const ms = performance.now() - startedAt;
  await pool.close();
  return ms;
}

const bare = {
  async 'bare-worker'() {
    const startedAt = performance.now();
    const worker = new Worker(echo);
    worker.postMessage(1);
    await once(worker, 'message');
    return performance.now() - startedAt;
  },
  async 'bare-fork'() {
    const startedAt = performance.now();
    const child = fork(echo);
    child.send(1);
    await once(child, 'message');
    return performance.now() - startedAt;
  },
};

async function importOf(packageName) {
  const startedAt = performance.now();
  await import(packageName);
  return performance.now() - startedAt;
}

function measure() {
  if (id in bare) return bare[id]();
  if (id.startsWith('import:')) return importOf(id.slice('import:'.length));
  const system = systemById(id);
  return firstResult(system, system.packageName);
}

console.log(await measure());
process.exit();
