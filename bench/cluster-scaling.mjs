/**
 * Workers that come and go: CPU-bound tasks on 1, 2 and 4 worker processes of one slot each, a worker that joins late, and one that drains.
 * `node bench/cluster-scaling.mjs [--quick] [--out FILE]`; two minutes. Ends with status 1 where a task is lost or started twice.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ClusterExecutor } from 'concurrent-futures/cluster';
import { natsServer, startNats, versionOf } from './cluster/brokers.mjs';
import { until, withLimit } from './cluster/limit.mjs';
import { notedSpin } from './cluster/tasks.mjs';
import { drain, kill, startWorker } from './cluster/worker-process.mjs';
import { cores, timedSpin } from './cpu.mjs';
import { figure } from './figures.mjs';
import { machineAndVersions, markdownTable } from './machine.mjs';
import { summarize } from './statistics.mjs';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, out: { type: 'string' } },
});
const size = options.quick ? { rounds: 1, seconds: 0.5, tries: 2 } : { rounds: 5, seconds: 3, tries: 10 };
const limitMs = 120_000;

const folder = mkdtempSync('/tmp/scaling-');
const broker = await startNats();
process.on('exit', () => {
  broker.stop();
  rmSync(folder, { recursive: true, force: true });
});
let files = 0;

/** Workers, and a submitter that knows them, for as long as `run` takes. */
async function withWorkers(count, run) {
  const workers = await Promise.all(Array.from({ length: count }, () => startWorker('ours', broker.url)));
  const executor = new ClusterExecutor({ servers: broker.url });
  try {
    // It has heard of all of them, and the code is loaded everywhere.
    while (executor.stats().workers.length < count) await executor.submit(notedSpin, '/dev/null', 0, 1);
    return await run(executor, workers);
  } finally {
    await executor.shutdown({ cancelFutures: true, timeout: 5000 });
    await Promise.all(workers.map(kill));
  }
}

/** Submits tasks of that length; `done` has what became of them, in order, and how often each has started. */
function submitAll(executor, count, iterations) {
  files += 1;
  const file = join(folder, String(files));
  writeFileSync(file, '');
  const startedAt = performance.now();
  const futures = Array.from({ length: count }, (_, id) => executor.submit(notedSpin, file, id, iterations));
  const done = withLimit(
    Promise.all(futures).then((outcomes) => {
      if (outcomes.some(({ id }, n) => id !== n)) throw new Error('wrong results');
      const starts = readFileSync(file, 'utf8').trim().split('\n').length;
      return { outcomes, ms: performance.now() - startedAt, extraStarts: starts - count };
    }),
    limitMs,
    `${count} tasks`,
  );
  done.catch(() => {});
  return { file, done };
}

/** As many tasks as that are queued or run, until one has an outcome that is as wanted. */
function keepBusy(executor, queued, iterations) {
  files += 1;
  const file = join(folder, String(files));
  writeFileSync(file, '');
  const outcomes = [];
  let submitted = 0;
  let isWanted = () => false;
  let isOver = false;
  const lane = async () => {
    while (!isOver) {
      const outcome = await executor.submit(notedSpin, file, submitted++, iterations);
      outcomes.push(outcome);
      if (isWanted(outcome)) isOver = true;
    }
  };
  const done = Promise.all(Array.from({ length: queued }, lane)).finally(() => {
    isOver = true;
  });
  done.catch(() => {});
  return {
    file,
    until: async (wanted) => {
      isWanted = wanted;
      if (outcomes.some(wanted)) isOver = true;
      await withLimit(done, limitMs, 'a task of a worker that joined late');
      const starts = readFileSync(file, 'utf8').trim().split('\n').length;
      return { outcomes, extraStarts: starts - submitted };
    },
  };
}

const started = (file, count) =>
  until(() => readFileSync(file, 'utf8').split('\n').length > count, limitMs, `${count} tasks have started`);

/** How many iterations make a millisecond where nothing else runs; measured anew each round, since a shared machine changes. */
function speed() {
  const probe = 5_000_000;
  return probe / Math.min(...Array.from({ length: 20 }, () => timedSpin(probe).ms));
}

const faults = [];
function check(isGood, what) {
  if (!isGood) faults.push(what);
}

// ── As many workers as that ──

const taskMs = [10, 100];
const counts = [1, 2, 4];
const scaling = new Map(taskMs.flatMap((ms) => counts.map((count) => [`${ms} ${count}`, []])));
for (let round = 0; round < size.rounds; round++) {
  for (const count of counts) {
    await withWorkers(count, async (executor) => {
      for (const ms of taskMs) {
        const lanes = Math.min(count, cores);
        const iterations = Math.round(ms * speed());
        const tasks = Math.round((size.seconds * 1000 * lanes) / ms);
        const { outcomes, ms: tookMs, extraStarts } = await submitAll(executor, tasks, iterations).done;
        check(extraStarts === 0, `${extraStarts} tasks of ${ms} ms started twice on ${count} workers`);
        const shares = [...countBy(outcomes, ({ pid }) => pid).values()];
        scaling.get(`${ms} ${count}`).push({
          tookMs,
          ratio: tookMs / ((tasks * ms) / lanes),
          // What the tasks themselves measured: where the machine is shared, they get slower, too.
          ownRatio: tookMs / (outcomes.reduce((sum, { ms: own }) => sum + own, 0) / count),
          least: (Math.min(...shares, shares.length < count ? 0 : Number.POSITIVE_INFINITY) * count) / tasks,
          most: (Math.max(...shares) * count) / tasks,
        });
      }
    });
  }
}

// ── One that joins late ──

const joins = [];
for (const ms of taskMs) {
  const fromReady = [];
  const fromSpawn = [];
  for (let turn = 0; turn < size.tries; turn++) {
    await withWorkers(2, async (executor) => {
      // So much is always queued that the two have work for two seconds.
      const work = keepBusy(executor, Math.round(2000 / ms) * 2, Math.round(ms * speed()));
      await started(work.file, 10);
      const spawnedAt = Date.now();
      const late = await startWorker('ours', broker.url);
      const readyAt = Date.now();
      const { outcomes, extraStarts } = await work.until(({ pid }) => pid === late.pid);
      check(extraStarts === 0, `${extraStarts} tasks of ${ms} ms started twice beside a worker that joined`);
      const first = Math.min(...outcomes.filter(({ pid }) => pid === late.pid).map(({ startedAt }) => startedAt));
      // It may have begun before it could say that it was ready.
      fromReady.push(Math.max(0, first - readyAt));
      fromSpawn.push(first - spawnedAt);
      await kill(late);
    });
  }
  joins.push({ ms, fromReady, fromSpawn });
}

// ── One that goes ──

const leaves = [];
for (const ms of taskMs) {
  const goneMs = [];
  let extra = 0;
  for (let turn = 0; turn < size.tries; turn++) {
    await withWorkers(3, async (executor, workers) => {
      const { file, done } = submitAll(executor, Math.round(1500 / ms) * 2, Math.round(ms * speed()));
      await started(file, 10);
      const toldAt = performance.now();
      await drain(workers[0], limitMs);
      goneMs.push(performance.now() - toldAt);
      extra += (await done).extraStarts;
    });
  }
  check(extra === 0, `${extra} tasks of ${ms} ms started twice when a worker drained`);
  leaves.push({ ms, goneMs, extra });
}

function countBy(list, keyOf) {
  const counted = new Map();
  for (const each of list) counted.set(keyOf(each), (counted.get(keyOf(each)) ?? 0) + 1);
  return counted;
}

const range = (runs, digits = figure) => {
  const { median, min, max } = summarize(runs);
  return `${digits(median)} (${digits(min)}–${digits(max)})`;
};
const whole = (value) => String(Math.round(value));
const scalingRows = taskMs.flatMap((ms) =>
  counts.map((count) => {
    const runs = scaling.get(`${ms} ${count}`);
    const of = (name) => runs.map((run) => run[name]);
    const spread = `${figure(summarize(of('least')).min)}–${figure(summarize(of('most')).max)}`;
    return [`${ms} ms`, count, Math.min(count, cores), range(of('ratio')), range(of('ownRatio')), spread];
  }),
);
const joinRows = joins.map(({ ms, fromReady, fromSpawn }) => {
  const most = Math.max(...fromReady);
  return [`${ms} ms`, range(fromReady, whole), range(fromSpawn, whole), '≤ 1,000', most <= 1000 ? '✓' : '✗'];
});
const leaveRows = leaves.map(({ ms, goneMs, extra }) => [
  `${ms} ms`,
  range(goneMs, whole),
  extra,
  extra === 0 ? '✓' : '✗',
]);

const text = `# Workers that come and go

Written by \`node bench/cluster-scaling.mjs\`: submitter, broker and workers on this one machine; each worker is a process with one slot. Medians (with minimum and maximum) of
${size.rounds} rounds, or of ${size.tries} tries.

${machineAndVersions(['concurrent-futures', '@nats-io/jetstream'])}
- ${versionOf(natsServer)}

## Tasks that compute

The time that some seconds of them take, ÷ tasks × length ÷ cores in use, where the length is measured alone on the machine at that moment; ÷ what the tasks measured in
themselves, ÷ workers; and the smallest and largest share of a worker, where 1 is an even one.

${markdownTable(['a task', 'workers', 'cores in use', 'time ÷ ideal', "time ÷ tasks' own", 'shares'], scalingRows)}

## A worker that joins while two work at a long queue

Milliseconds until it starts its first task, from when it is connected and from when its process was started.

${markdownTable(['a task', 'from connected', 'from spawned', 'goal', ''], joinRows)}

## A worker that is told to go (SIGTERM), one of three

How long it takes to finish what it has and go, in milliseconds, and how many tasks started more than once: none is to.

${markdownTable(['a task', 'gone after', 'extra starts', ''], leaveRows)}
`;
if (options.out === undefined) console.log(text);
else writeFileSync(options.out, text);
for (const fault of faults) console.error(fault);
process.exit(faults.length === 0 ? 0 : 1);
