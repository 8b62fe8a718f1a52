/**
 * A lone call through a broker, beside plain JetStream's: `node bench/cluster-lone.mjs [--rounds 25] [--calls 400] [--against FOLDER]`; a minute.
 *
 * The contenders take turns in slices of a quarter of a second, each with a broker, a worker and a submitter of its own, so that what the machine
 * does meanwhile meets them all; the ratios are those of slices side by side. `--against` adds another built checkout of this project, for what a
 * change comes to.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { machineAndVersions, markdownTable } from './machine.mjs';
import { pairedRatio, percentile } from './statistics.mjs';

/** Until the code of all three is compiled. */
const warmUps = 10_000;
/** Linux counts in hundredths of a second. */
const tickMs = 10;

if (process.send === undefined) await compare();
else await contend(process.argv[2], process.argv[3]);

async function compare() {
  const { values: options } = parseArgs({
    options: {
      rounds: { type: 'string', default: '25' },
      calls: { type: 'string', default: '400' },
      against: { type: 'string' },
    },
  });
  const here = resolve(import.meta.dirname, '..');
  const systems = [
    ['plain JetStream', 'plain', here],
    ['the same, each stored once on its subject', 'guarded', here],
    ['ClusterExecutor', 'ours', here],
    ...(options.against === undefined ? [] : [['ClusterExecutor, the other', 'ours', resolve(options.against)]]),
  ].map(([label, name, root]) => ({ label, child: fork(import.meta.filename, [name, root]), p50s: [], cpus: [] }));
  for (const { child } of systems) await once(child, 'message');
  for (let round = 0; round < Number(options.rounds); round++) {
    for (let turn = 0; turn < systems.length; turn++) {
      const { child, p50s, cpus } = systems[(turn + round) % systems.length];
      child.send(Number(options.calls));
      const [{ p50, cpu }] = await once(child, 'message');
      p50s.push(p50);
      cpus.push(cpu);
    }
  }
  for (const { child } of systems) child.send(0);
  const rows = systems.map(({ label, p50s, cpus }) => [
    label,
    percentile(p50s, 0.5).toFixed(3),
    `${pairedRatio(p50s, systems[0].p50s).toFixed(2)} ×`,
    ...[0, 1, 2].map((i) => (cpus.reduce((sum, cpu) => sum + cpu[i], 0) / cpus.length).toFixed(2)),
  ]);
  console.log(`${machineAndVersions(['concurrent-futures', '@nats-io/jetstream'])}\n`);
  console.log(markdownTable(['a lone call, ms', 'p50', 'to plain', 'processor: broker', 'worker', 'submitter'], rows));
}

async function contend(name, root) {
  const from = (file) => import(pathToFileURL(resolve(root, 'bench/cluster', file)).href);
  const [brokers, contenders, workers] = await Promise.all(
    ['brokers.mjs', 'contenders.mjs', 'worker-process.mjs'].map(from),
  );
  const broker = await brokers.startNats();
  if (name !== 'ours') await contenders.preparePlain(broker.url, name === 'guarded');
  const worker = await workers.startWorker(name, broker.url);
  const of = await contenders[name](broker.url);
  for (let n = 0; n < warmUps; n++) await of.call(n);
  process.on('message', async (calls) => {
    if (calls === 0) {
      worker.kill('SIGKILL');
      broker.stop();
      process.exit();
    }
    const cpuMs = () => [broker.pid, worker.pid, process.pid].map(cpuMsOf);
    const before = cpuMs();
    const times = [];
    for (let n = 0; n < calls; n++) {
      const startedAt = performance.now();
      await of.call(n);
      times.push(performance.now() - startedAt);
    }
    const after = cpuMs();
    process.send({ p50: percentile(times, 0.5), cpu: after.map((ms, i) => (ms - before[i]) / calls) });
  });
  process.send('ready');
}

function cpuMsOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}
