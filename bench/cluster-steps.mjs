/**
 * Where the time of a lone call through a broker goes, by what the kernel sees: `node bench/cluster-steps.mjs [--calls 1000]`; half a minute; root, on
 * Linux.
 *
 * The kernel notes each read and write of submitter and worker (tracefs), which costs a call some 2 %; the submitter notes when it calls and when it has
 * the outcome. Of a step, the median over all calls is told.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { machineAndVersions, markdownTable } from './machine.mjs';
import { percentile } from './statistics.mjs';

const tracing = '/sys/kernel/tracing';
const events = ['sys_enter_write', 'sys_exit_read'].map((name) => `events/syscalls/${name}/enable`);
/** Until the code of either side is compiled. */
const warmUps = 8000;
/** Smaller messages are the broker's words, larger ones than any here are files. */
const taskBytes = { min: 0x70, max: 0x1000 };
/** That a thread has something to read. */
const wakeUpBytes = 8;
const steps = [
  ['the call', 'the submitter writes'],
  ['…', 'the worker has the task'],
  ['…', 'its thread is woken'],
  ['…', 'it writes the outcome'],
  ['…', 'the submitter has it'],
  ['…', 'the call is done'],
  ['in all', ''],
];

if (process.send === undefined) await compare();
else await contend(process.argv[2], Number(process.argv[3]));

async function compare() {
  const { values: options } = parseArgs({ options: { calls: { type: 'string', default: '1000' } } });
  if (!existsSync(`${tracing}/trace_marker`)) {
    console.error(`needs root and tracefs: mount -t tracefs nodev ${tracing}`);
    process.exit(1);
  }
  const contenders = [
    ['plain JetStream', 'plain'],
    ['the same, each stored once', 'guarded'],
    ['ClusterExecutor', 'ours'],
  ];
  const columns = [];
  for (const [, name] of contenders) {
    const [message] = await once(fork(import.meta.filename, [name, options.calls]), 'message');
    columns.push(message);
  }
  console.log(`${machineAndVersions(['concurrent-futures', '@nats-io/jetstream'])}\n`);
  const rows = steps.map(([from, to], i) => [from, to, ...columns.map((medians) => medians[i] ?? '')]);
  console.log(markdownTable(['from', 'to, µs', ...contenders.map(([label]) => label)], rows));
}

async function contend(name, calls) {
  const [brokers, contenders, workers] = await Promise.all(
    ['brokers', 'contenders', 'worker-process'].map((file) => import(`./cluster/${file}.mjs`)),
  );
  const broker = await brokers.startNats();
  if (name !== 'ours') await contenders.preparePlain(broker.url, name === 'guarded');
  const worker = await workers.startWorker(name, broker.url);
  const of = await contenders[name](broker.url);
  for (let n = 0; n < warmUps; n++) await of.call(n);
  const trace = await traced(async (note) => {
    for (let n = 0; n < calls; n++) {
      note('call');
      await of.call(n);
      note('done');
    }
  });
  const roles = new Map([[process.pid, 'submitter']]);
  for (const thread of readdirSync(`/proc/${worker.pid}/task`)) roles.set(Number(thread), 'worker');
  process.send(mediansOf(stepsOf(parsed(trace, roles))), () => {
    worker.kill('SIGKILL');
    broker.stop();
    process.exit();
  });
}

/** What the kernel notes meanwhile. */
async function traced(run) {
  const set = (file, value) => writeFileSync(`${tracing}/${file}`, value);
  set('tracing_on', '0');
  set('trace', '');
  set('trace_clock', 'mono');
  set('buffer_size_kb', '32768');
  for (const event of events) set(event, '1');
  const marker = openSync(`${tracing}/trace_marker`, 'w');
  try {
    set('tracing_on', '1');
    await run((text) => writeSync(marker, text));
  } finally {
    set('tracing_on', '0');
    for (const event of events) set(event, '0');
  }
  return readFileSync(`${tracing}/trace`, 'utf8');
}

/** Of each line that says so: when, by whom, and what. */
function parsed(trace, roles) {
  const lines = trace.matchAll(
    /^ *\S.*-(\d+) +\[\d+\] +\S+ +([\d.]+): (\S+?)(?:\(.*count: (\w+)\)| -> 0x(\w+)|: (\w+))?$/gm,
  );
  return Array.from(lines, ([, thread, at, what, count, read, mark]) => ({
    role: roles.get(Number(thread)),
    at: Number(at) * 1e6,
    what: mark ?? what,
    bytes: Number.parseInt(count ?? read ?? '0', 16),
  }));
}

/** When each call came to each step. */
function stepsOf(lines) {
  const calls = [];
  for (let i = 0; i < lines.length; i++) {
    if (lines[i].what !== 'call') continue;
    const end = lines.findIndex(({ what }, j) => j > i && what === 'done');
    const call = lines.slice(i, end + 1);
    const next = (from, role, isIt) => call.findIndex((line, j) => j > from && line.role === role && isIt(line));
    const isWrite = ({ what, bytes }) => what === 'sys_write' && bytes > wakeUpBytes;
    const isTask = ({ what, bytes }) => what === 'sys_read' && bytes >= taskBytes.min && bytes <= taskBytes.max;
    const sent = next(0, 'submitter', isWrite);
    const taken = next(sent, 'worker', isTask);
    const told = next(taken, 'worker', isWrite);
    const woken = next(taken, 'worker', ({ what, bytes }) => what === 'sys_write' && bytes === wakeUpBytes);
    const heard = call.findLastIndex(
      ({ role, what, bytes }) => role === 'submitter' && what === 'sys_read' && bytes <= taskBytes.max,
    );
    if (end === -1 || sent === -1 || taken === -1 || told === -1 || heard < told) continue;
    const at = [0, sent, taken, woken === -1 || woken > told ? undefined : woken, told, heard, call.length - 1];
    calls.push(at.map((j) => (j === undefined ? undefined : call[j].at)));
  }
  return calls;
}

function mediansOf(calls) {
  const medians = steps.slice(0, -1).map((_, step) => {
    const times = calls.flatMap((at) => {
      const from = at[step] ?? at[step - 1];
      return at[step + 1] === undefined ? [] : [at[step + 1] - from];
    });
    // A contender without a thread wakes none, but now and then for something else.
    return times.length < calls.length / 2 ? undefined : Math.round(percentile(times, 0.5));
  });
  return [
    ...medians,
    Math.round(
      percentile(
        calls.map((at) => at.at(-1) - at[0]),
        0.5,
      ),
    ),
  ];
}
