/** As many real workers as that, light ones, on a broker of their own: they start all at once, idle, work, and lose their broker. */

import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterExecutor, watchCluster } from 'concurrent-futures/cluster';
import { percentile } from '../statistics.mjs';
import { startNats } from './brokers.mjs';
import { LightWorkers } from './light.mjs';
import { until, withLimit } from './limit.mjs';
import { Meter } from './meter.mjs';
import { restsOf } from './model.mjs';
import { increment, rest } from './tasks.mjs';

const limitMs = 300_000;

/** What was measured; where a step fails, its `failure`, and nothing of later ones. */
export async function simulate(workers, size) {
  const measured = {};
  const broker = await startNats();
  let light;
  try {
    const servers = broker.url;
    light = await withLimit(LightWorkers.start(workers, { servers }), limitMs, `${workers} workers`);
    Object.assign(measured, { startMs: light.startMs, failedStarts: light.failedStarts });
    const watch = await watchCluster({ servers });
    const all = () => watch.workers.length === workers;
    await until(all, limitMs, `${workers} workers are heard`);
    const scene = { broker, light, watch, meter: new Meter(broker), workers, size };
    Object.assign(measured, await idling(scene));
    const executor = new ClusterExecutor({ servers });
    await withLimit(executor.submit(increment, 1), limitMs, 'a first task');
    for (const step of [rests, tinyTasks, loneCalls, cancelling, restarting])
      Object.assign(measured, await step(scene, executor));
    await withLimit(executor.shutdown(), limitMs, 'shutdown');
    await watch.close();
  } catch (error) {
    measured.failure = error.message;
  } finally {
    await light?.stop();
    broker.stop();
  }
  return measured;
}

async function idling({ light, meter, size }) {
  await sleep(Math.min(3000, size.idleMs));
  const before = await light.say();
  const spent = await meter.during(() => sleep(size.idleMs));
  const { cpuMs } = await light.say();
  return {
    idleMessages: spent.messages / spent.seconds,
    idleBytes: spent.bytes / spent.seconds,
    idleBrokerShare: spent.cpuMs / 1000 / spent.seconds,
    idleWorkersShare: (cpuMs - before.cpuMs) / 1000 / spent.seconds,
    memoryBytes: spent.memoryBytes,
    connections: spent.connections,
  };
}

/** Tasks of 100 ms, and how they were shared out. */
async function rests({ light, meter, workers, size }, executor) {
  const count = restsOf(workers, size);
  const before = (await light.say()).done;
  const spent = await meter.during(() => timed(() => submitMany(executor, count, rest, 100)));
  const shares = (await light.say()).done.map((done, n) => done - before[n]);
  return {
    rests: count,
    restsMs: spent.value,
    restsBrokerShare: spent.cpuMs / 1000 / spent.seconds,
    shares: { least: Math.min(...shares), median: percentile(shares, 0.5), most: Math.max(...shares) },
  };
}

async function tinyTasks({ size }, executor) {
  const run = () => executor.map(increment, Array(size.tiny).keys()).toArray();
  const ms = await timed(() => withLimit(run(), limitMs, `${size.tiny} tiny tasks`));
  return { tinyPerSecond: (size.tiny / ms) * 1000 };
}

async function loneCalls({ size }, executor) {
  const times = [];
  for (let n = 0; n < size.calls; n++)
    times.push(await timed(() => withLimit(executor.submit(increment, n), limitMs, 'a lone call')));
  return { callP50: percentile(times, 0.5), callP99: percentile(times, 0.99) };
}

/** Each worker hears of each batch that is cancelled. */
async function cancelling({ meter, workers }, executor) {
  const count = 4 * workers;
  const spent = await meter.during(() =>
    timed(async () => {
      const futures = Array.from({ length: count }, () => executor.submit(rest, 100));
      // Sent, and most of them not started.
      await Promise.race(futures);
      for (const future of futures) future.cancel();
      await Promise.allSettled(futures);
      await withLimit(executor.submit(increment, 1), limitMs, 'a call after many were cancelled');
    }),
  );
  return { cancelMs: spent.value, cancelMessages: spent.messages / count };
}

/** Two tasks for each worker are under way when the broker is killed; it is started again half a second later. */
async function restarting({ broker, light, watch, workers }, executor) {
  const futures = Array.from({ length: 2 * workers }, () => executor.submit(rest, 1000));
  await withLimit(Promise.race(futures), limitMs, 'a first task before the restart');
  await broker.kill();
  await sleep(500);
  await broker.run();
  const startedAt = performance.now();
  const at = Date.now();
  const reconnected = async () => (await light.say()).connected === workers;
  const backMs = await until(reconnected, limitMs, `${workers} workers are connected again`);
  const heard = () => watch.workers.filter(({ heardAt }) => heardAt > at).length === workers;
  await until(heard, limitMs, `${workers} workers are heard again`);
  const outcomes = await withLimit(Promise.allSettled(futures), limitMs, 'tasks after a restart');
  return {
    backMs,
    doneAfterRestartMs: performance.now() - startedAt,
    lost: outcomes.filter(({ status }) => status === 'rejected').length,
  };
}

async function submitMany(executor, count, fn, argument) {
  const values = await withLimit(
    Promise.all(Array.from({ length: count }, () => executor.submit(fn, argument))),
    limitMs,
    `${count} tasks of ${argument} ms`,
  );
  if (values.some((value) => value !== argument)) throw new Error('wrong results');
}

async function timed(run) {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}
