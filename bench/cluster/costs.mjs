/** What a worker costs that idles, and what a task costs each side: measured with few workers, one thing at a time. */

import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterExecutor, watchCluster } from 'concurrent-futures/cluster';
import { percentile } from '../statistics.mjs';
import { startNats } from './brokers.mjs';
import { LightWorkers } from './light.mjs';
import { withLimit } from './limit.mjs';
import { cpuMsOf, Meter, memoryBytesOf } from './meter.mjs';
import { echo, increment, rest, restAndEcho } from './tasks.mjs';
import { kill, startWorker } from './worker-process.mjs';

const limitMs = 300_000;
const workersOfTasks = 20;

/** `{ worker, process, listener, tasks }`, times in milliseconds of a processor. */
export async function measureCosts(size, say) {
  say('what an idle worker costs');
  // Of which the difference is what the others cost.
  const idle = { few: size.idle[0], many: size.idle[1] };
  const [few, many] = [await idleCosts(idle.few, 0, size), await idleCosts(idle.many, 0, size)];
  const watched = await idleCosts(idle.many, 1, size);
  const perWorker = (name) => (many[name] - few[name]) / (idle.many - idle.few);
  const names = ['messages', 'bytes', 'brokerMs', 'memoryBytes', 'workerMs'];
  const worker = Object.fromEntries(names.map((name) => [name, perWorker(name)]));
  const listener = {
    messages: (watched.messages - many.messages) / idle.many,
    bytes: (watched.bytes - many.bytes) / idle.many,
    brokerMs: Math.max(0, watched.brokerMs - many.brokerMs) / idle.many,
  };
  say('what an idle process costs');
  const ownProcess = await processCosts(size);
  const tasks = [];
  for (const kind of kindsOf(size)) {
    say(`what a task costs: ${kind.label}`);
    tasks.push(await taskCosts(kind));
  }
  return {
    worker,
    process: ownProcess,
    listener,
    tasks,
    base: { memoryBytes: few.memoryBytes - idle.few * worker.memoryBytes },
    callMs: await callMs(size),
  };
}

/** A lone call, the median. */
async function callMs({ calls }) {
  return withWorkers(workersOfTasks, async ({ broker }) => {
    const executor = new ClusterExecutor({ servers: broker.url });
    const times = [];
    for (let n = 0; n < calls; n++) {
      const startedAt = performance.now();
      await withLimit(executor.submit(increment, n), limitMs, 'a lone call');
      times.push(performance.now() - startedAt);
    }
    await executor.shutdown();
    return percentile(times, 0.5);
  });
}

/** Of all workers together, a second. */
async function idleCosts(count, listeners, { idleMs }) {
  return withWorkers(count, async ({ broker, light, meter }) => {
    const watches = await Promise.all(Array.from({ length: listeners }, () => watchCluster({ servers: broker.url })));
    // What starting made it do is over.
    await sleep(Math.min(3000, idleMs));
    const before = await light.say();
    const spent = await meter.during(() => sleep(idleMs));
    const after = await light.say();
    await Promise.all(watches.map((watch) => watch.close()));
    return {
      messages: spent.messages / spent.seconds,
      bytes: spent.bytes / spent.seconds,
      brokerMs: spent.cpuMs / spent.seconds,
      memoryBytes: spent.memoryBytes,
      workerMs: (after.cpuMs - before.cpuMs) / spent.seconds,
    };
  });
}

/** A worker as `futures worker` makes it: a process, with a thread that has run a task. */
async function processCosts({ idleMs }) {
  const broker = await startNats();
  try {
    const worker = await startWorker('ours', broker.url);
    const executor = new ClusterExecutor({ servers: broker.url });
    await withLimit(executor.submit(increment, 1), limitMs, 'a first task');
    await executor.shutdown();
    const beforeMs = cpuMsOf(worker.pid);
    await sleep(idleMs);
    const idleCpuMs = (cpuMsOf(worker.pid) - beforeMs) / (idleMs / 1000);
    const memoryBytes = memoryBytesOf(worker.pid);
    await kill(worker);
    return { idleCpuMs, memoryBytes };
  } finally {
    broker.stop();
  }
}

function kindsOf({ tasks, isQuick }) {
  const text = (length) => 'x'.repeat(length);
  const resting = (ms, count) => ({ label: `${ms} ms`, fn: rest, argument: ms, ms, count });
  const kinds = [
    { label: 'tiny', fn: increment, argument: 1, ms: 0, count: tasks * 10 },
    resting(1, tasks * 2),
    resting(5, tasks),
    resting(20, tasks),
    resting(100, Math.ceil(tasks / 5)),
    { label: '20 ms, 1 KB to and fro', fn: restAndEcho, argument: text(1000), ms: 20, count: tasks },
    {
      label: '20 ms, 100 KB to and fro',
      fn: restAndEcho,
      argument: text(100_000),
      ms: 20,
      count: Math.ceil(tasks / 3),
    },
    { label: 'tiny, 1 KB to and fro', fn: echo, argument: text(1000), ms: 0, count: tasks * 3 },
    { label: 'tiny, 100 KB to and fro', fn: echo, argument: text(100_000), ms: 0, count: Math.ceil(tasks / 3) },
  ];
  return isQuick ? kinds.filter(({ label }) => ['tiny', '100 ms', 'tiny, 100 KB to and fro'].includes(label)) : kinds;
}

/** Of one task. */
async function taskCosts({ label, fn, argument, ms, count }) {
  return withWorkers(workersOfTasks, async ({ broker, light, meter }) => {
    const executor = new ClusterExecutor({ servers: broker.url });
    const run = (number) => Promise.all(Array.from({ length: number }, () => executor.submit(fn, argument)));
    // Code is loaded, the workers are heard, and how long such a task takes is known.
    await withLimit(run(workersOfTasks * 5), limitMs, `first tasks of ${label}`);
    const before = { light: await light.say(), own: process.cpuUsage() };
    const spent = await meter.during(() => withLimit(run(count), limitMs, `${count} tasks of ${label}`));
    const own = process.cpuUsage(before.own);
    const lightMs = (await light.say()).cpuMs - before.light.cpuMs;
    await executor.shutdown();
    return {
      label,
      ms,
      perBatch: count / spent.batches,
      perSecond: count / spent.seconds,
      brokerMs: spent.cpuMs / count,
      submitterMs: (own.user + own.system) / 1000 / count,
      workerMs: lightMs / count,
      messages: spent.messages / count,
      bytes: spent.bytes / count,
    };
  });
}

async function withWorkers(count, run) {
  const broker = await startNats();
  let light;
  try {
    const servers = broker.url;
    light = await withLimit(LightWorkers.start(count, { servers }), limitMs, `${count} workers`);
    return await run({ broker, light, meter: new Meter(broker) });
  } finally {
    await light?.stop();
    broker.stop();
  }
}
