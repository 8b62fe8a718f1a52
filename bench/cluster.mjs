/**
 * Tasks through a broker: ours beside plain JetStream with one task a message, and BullMQ. `node bench/cluster.mjs [--quick] [--out FILE]`; three minutes.
 *
 * A map has as many items as take about a second or two. One worker process each, which runs one no-op task at a time (the peers: 256, since theirs do not wait). Contenders take turns, round by round.
 */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { natsServer, startNats, startRedis, versionOf } from './cluster/brokers.mjs';
import { bullmq, guarded, ours, plain, preparePlain, stored } from './cluster/contenders.mjs';
import { startWorker } from './cluster/worker-process.mjs';
import { figure } from './figures.mjs';
import { machineAndVersions } from './machine.mjs';
import { summarize } from './statistics.mjs';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, out: { type: 'string' } },
});
const size = options.quick
  ? {
      warmUps: 1,
      rounds: 1,
      map: { ours: 500, plain: 500, stored: 500, guarded: 500, bullmq: 500 },
      many: 500,
      calls: 50,
    }
  : {
      warmUps: 2,
      rounds: 5,
      map: { ours: 100_000, plain: 20_000, stored: 20_000, guarded: 20_000, bullmq: 10_000 },
      many: 10_000,
      calls: 2000,
    };

const measures = [
  {
    label: '`map` of no-op items, per second',
    goal: { atLeast: 20 },
    run: async (of, name) => perSecond(size.map[name], () => of.map(size.map[name])),
  },
  {
    label: `\`submit\` of ${size.many.toLocaleString('en')} at once, per second`,
    goal: { atLeast: 5 },
    run: async (of) => perSecond(size.many, () => of.many(size.many)),
  },
  {
    label: 'a lone call, p50, ms',
    goal: { atMost: 1.3 },
    run: async (of) => (await callTimes(of))[Math.floor(size.calls * 0.5)],
  },
  { label: 'a lone call, p99, ms', run: async (of) => (await callTimes(of))[Math.floor(size.calls * 0.99)] },
];

async function perSecond(count, run) {
  const startedAt = performance.now();
  const values = await run();
  const seconds = (performance.now() - startedAt) / 1000;
  if (values.length !== count || values.some((value, n) => value !== n + 1)) throw new Error('wrong results');
  return count / seconds;
}

async function callTimes(of) {
  const times = [];
  for (let n = 0; n < size.calls; n++) {
    const startedAt = performance.now();
    await of.call(n);
    times.push(performance.now() - startedAt);
  }
  return times.sort((a, b) => a - b);
}

const hasRedis = versionOf('redis-server') !== undefined;
const open = { ours, plain, stored, guarded, bullmq };
const workerOf = { ours: 'ours', plain: 'plain', stored: 'plain', guarded: 'guarded', bullmq: 'bullmq' };
const systems = [];
const closers = [];
for (const name of ['ours', 'plain', 'stored', 'guarded', ...(hasRedis ? ['bullmq'] : [])]) {
  const broker = name === 'bullmq' ? await startRedis() : await startNats();
  if (name !== 'ours' && name !== 'bullmq') await preparePlain(broker.url, name === 'guarded');
  const worker = await startWorker(workerOf[name], broker.url);
  const of = await open[name](broker.url);
  systems.push({ name, of });
  closers.push(async () => {
    await of.close();
    worker.kill('SIGKILL');
    broker.stop();
  });
}

const results = new Map(measures.map(({ label }) => [label, new Map(systems.map(({ name }) => [name, []]))]));
for (let round = -size.warmUps; round < size.rounds; round++) {
  for (const { label, run } of measures) {
    for (let turn = 0; turn < systems.length; turn++) {
      const { name, of } = systems[(turn + round + size.warmUps) % systems.length];
      const value = await run(of, name);
      // The first ones warm up.
      if (round >= 0) results.get(label).get(name).push(value);
    }
  }
}
for (const close of closers) await close();

const titles = {
  ours: 'ClusterExecutor',
  plain: 'plain JetStream, one task a message',
  stored: 'the same, outcomes heard once stored',
  guarded: 'the same, each stored once on its subject',
  bullmq: 'BullMQ',
};
const rows = measures.flatMap(({ label, goal }) =>
  systems.map(({ name }) => {
    const runs = results.get(label).get(name);
    const { median, min, max } = summarize(runs);
    const mine = results.get(label).get('ours');
    const ratio = name === 'ours' ? '' : summarize(mine.map((value, i) => value / runs[i])).median;
    const held = name === 'plain' && goal !== undefined;
    const wanted = !held ? '' : goal.atLeast === undefined ? `≤ ${goal.atMost} ×` : `≥ ${goal.atLeast} ×`;
    const isMet = held && (goal.atLeast === undefined ? ratio <= goal.atMost : ratio >= goal.atLeast);
    return `| ${label} | ${titles[name]} | ${figure(median)} | ${figure(min)}–${figure(max)} | ${ratio === '' ? '' : `${figure(ratio)} ×`} | ${wanted} | ${held ? (isMet ? '✓' : '✗') : ''} |`;
  }),
);
const text = `# Tasks through a broker

Written by \`node bench/cluster.mjs\`: medians of ${size.rounds} rounds in which the contenders take turns; everything on this one machine, submitter, broker and
one worker process each.

${machineAndVersions(['concurrent-futures', '@nats-io/jetstream', 'bullmq'])}
- ${versionOf(natsServer)}, ${hasRedis ? versionOf('redis-server') : 'no redis-server here'}

|  |  | median | min–max | ours ÷ it | goal |  |
| --- | --- | ---: | ---: | ---: | ---: | ---: |
${rows.join('\n')}
`;
if (options.out === undefined) console.log(text);
else writeFileSync(options.out, text);
process.exit();
