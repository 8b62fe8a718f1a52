/** The report of bench/capacity.mjs. */

import { cores } from '../cpu.mjs';
import { figure } from '../figures.mjs';
import { machineAndVersions, markdownTable } from '../machine.mjs';

const micros = (ms) => figure(ms * 1000);
const megabytes = (bytes) => figure(bytes / 1e6);
const percent = (share) => `${figure(share * 100)} %`;
const count = (value) => Math.round(value).toLocaleString('en');
/** What was not measured, since something failed before, is no number. */
const known = (text) => {
  try {
    const said = text();
    return /NaN|undefined/.test(said) ? '–' : said;
  } catch {
    return '–';
  }
};
const seconds = (ms) => figure(ms / 1000);

/** What is predicted and measured, and how it is written. */
const compared = [
  ['idle: messages a second', 'idleMessages', count],
  ['idle: KB a second', 'idleBytes', (bytes) => figure(bytes / 1000)],
  ["idle: broker's processor, of one core", 'idleBrokerShare', percent],
  ["broker's memory, MB", 'memoryBytes', megabytes],
  ['tasks of 100 ms, s', 'restsMs', seconds],
  ['tiny tasks a second (`map`)', 'tinyPerSecond', count],
  ['a lone call, p50, ms', 'callP50', figure],
];

const measuredOnly = [
  ['all start at once: connected after, s', ({ startMs }) => seconds(startMs)],
  ['… of which had to try again', ({ failedStarts }) => failedStarts],
  ["idle: workers' processors, of one core", ({ idleWorkersShare }) => percent(idleWorkersShare)],
  ['tasks of 100 ms: how many', ({ rests }) => count(rests)],
  ["… broker's processor meanwhile, of one core", ({ restsBrokerShare }) => percent(restsBrokerShare)],
  ['… tasks of a worker: least, median, most', ({ shares }) => `${shares.least}, ${shares.median}, ${shares.most}`],
  ['a lone call, p99, ms', ({ callP99 }) => figure(callP99)],
  ['4 tasks a worker sent and cancelled, s', ({ cancelMs }) => seconds(cancelMs)],
  ['… messages for each task', ({ cancelMessages }) => figure(cancelMessages)],
  ['broker killed and started again: all connected after, s', ({ backMs }) => seconds(backMs)],
  ['… 2 tasks of 1 s a worker done after, s', ({ doneAfterRestartMs }) => seconds(doneAfterRestartMs)],
  ['… tasks lost', ({ lost }) => lost],
];

export function capacityReport({ costs, runs, size, broker }) {
  const { worker, process, listener, tasks } = costs;
  const taskRows = tasks.map((kind) => [
    kind.label,
    figure(kind.perBatch),
    figure(kind.messages),
    figure(kind.bytes / 1000),
    micros(kind.brokerMs),
    micros(kind.submitterMs),
    micros(kind.workerMs),
    count(kind.perSecond),
  ]);
  const comparedRows = compared.flatMap(([label, name, text]) => [
    [label, 'predicted', ...runs.map(({ predicted }) => text(predicted[name]))],
    ['', 'measured', ...runs.map(({ measured }) => known(() => text(measured[name])))],
    ['', 'measured ÷ predicted', ...runs.map((run) => known(() => figure(run.measured[name] / run.predicted[name])))],
  ]);
  return `# How many workers, how many tasks

Written by \`node bench/capacity.mjs\`: broker, submitter and all workers on this one machine. Workers are real ones (\`ClusterWorker\`), each with a connection of its own and an executor that
runs one task at a time; they are light, since up to 250 of them share a process. Once each: differences of a few per cent mean nothing.

${machineAndVersions(['concurrent-futures', '@nats-io/jetstream'])}
- ${broker}

## What it costs

| an idle worker costs, a second |  |
| --- | ---: |
| messages to and from the broker | ${figure(worker.messages)} |
| bytes | ${figure(worker.bytes)} |
| the broker's processor, µs | ${micros(worker.brokerMs)} |
| its own processor, µs: a light one | ${micros(worker.workerMs)} |
| its own processor, µs: a process with a thread | ${micros(process.idleCpuMs)} |
| each submitter or \`futures top\` that listens: messages | ${figure(listener.messages)} |
| … the broker's processor, µs | ${micros(listener.brokerMs)} |
| **and all the time** |  |
| the broker's memory, KB | ${figure(worker.memoryBytes / 1000)} |
| its own memory, MB: a process with a thread | ${megabytes(process.memoryBytes)} |

What a task costs, with 20 workers; its length makes how many go in one message. Microseconds of a processor; workers' include what the task itself does.

${markdownTable(['a task', 'tasks a message', 'messages', 'KB', 'broker, µs', 'submitter, µs', 'worker, µs', 'a second, here'], taskRows)}

## Predicted, and what many workers did

Predicted from the costs above (\`bench/cluster/model.mjs\`): idle, workers × cost; tasks, the longest of their lengths ÷ workers, the submitter's thread, and all processors' time ÷
the ${cores} cores.

${markdownTable(['', 'workers', ...runs.map(({ workers }) => count(workers))], comparedRows)}

${markdownTable(
  ['workers', ...runs.map(({ workers }) => count(workers))],
  measuredOnly.map(([label, text]) => [label, ...runs.map(({ measured }) => known(() => text(measured)))]),
)}

${runs.flatMap(({ workers, measured: { failure } }) => (failure === undefined ? [] : `**${workers} workers failed:** ${failure}\n\n`)).join('')}Tasks of 100 ms wait, they do not compute: ${count(size.rests)} of them at most, and ${size.waves} a worker.
`;
}
