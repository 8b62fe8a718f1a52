/**
 * What the command costs beside the work: `node bench/command.mjs [--quick] [--out FILE]`; about a minute.
 *
 *   start-up    from Enter to the task's first line, beside `node -e 0`: they take turns
 *   a tiny task (the time of many inputs − the time of one) ÷ their number, results in a file
 *   memory      the most that the command had for ten thousand lines of standard input, and for a million
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { figure } from './figures.mjs';
import { machineAndVersions } from './machine.mjs';
import { peakOf } from './memory.mjs';
import { summarize } from './statistics.mjs';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, out: { type: 'string' } },
});
const size = options.quick
  ? { runs: 1, inputs: 5_000, lines: [1_000, 10_000] }
  : { runs: 7, inputs: 200_000, lines: [10_000, 1_000_000] };
const command = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const tasks = fileURLToPath(new URL('./command-tasks.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'command-bench-'));

/** Runs to the end; gives the milliseconds. */
async function timed(args) {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${args.join(' ')} exited with ${code}`);
  return performance.now() - startedAt;
}

function map(task, ...args) {
  return [command, 'map', `${tasks}#${task}`, '--quiet', ...args];
}

/** Until a task that starts says the time, on the clock that all processes share. */
async function untilFirstTask(...args) {
  const startedAt = Date.now();
  const child = spawn(process.execPath, map('now', 'x', ...args), { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  return JSON.parse(text).value - startedAt;
}

async function startUp() {
  const runs = { node: [], thread: [], process: [] };
  for (let run = 0; run < size.runs + 1; run++) {
    const [node, thread, child] = [
      await timed(['-e', '0']),
      await untilFirstTask(),
      await untilFirstTask('-e', 'process'),
    ];
    // The first reads everything from the disk.
    if (run > 0 || size.runs === 1)
      for (const [name, ms] of Object.entries({ node, thread, process: child })) runs[name].push(ms);
  }
  const more = (name) => summarize(runs[name].map((ms, run) => ms - runs.node[run]));
  return [
    row('`node -e 0`, start to end', summarize(runs.node), 'ms'),
    row('Enter to the first task, beyond that, threads', more('thread'), 'ms', '≤ 150 ms'),
    row('Enter to the first task, beyond that, processes', more('process'), 'ms'),
  ];
}

async function tinyTask() {
  const input = join(folder, 'in.txt');
  writeFileSync(input, Array.from({ length: size.inputs }, (_, n) => `${n}\n`).join(''));
  const variants = [
    ['a tiny task on threads', [], '≤ 10 µs'],
    ['a tiny task on threads, with a journal', ['--journal', join(folder, 'run.journal')]],
    ['a tiny task on threads, results in the order of the inputs', ['--order', 'input']],
    ['a tiny task in processes', ['-e', 'process']],
  ];
  const runs = variants.map(() => []);
  for (let run = 0; run < size.runs; run++) {
    for (const [which, [, args]] of variants.entries()) {
      const output = ['--output', join(folder, 'out.jsonl')];
      const [base] = [await timed(map('same', '1', ...args, ...output))];
      rmSync(join(folder, 'run.journal'), { force: true });
      const all = await timed(map('same', '--input', input, ...args, ...output));
      rmSync(join(folder, 'run.journal'), { force: true });
      runs[which].push(((all - base) / size.inputs) * 1000);
    }
  }
  return variants.map(([label, , goal], which) => row(label, summarize(runs[which]), 'µs', goal));
}

/** The most memory that the command had for so many lines of standard input, in megabytes. */
async function peak(lines) {
  const child = spawn(process.execPath, map('same', '--input', '-'), { stdio: ['pipe', 'ignore', 'inherit'] });
  let megabytes = 0;
  const timer = setInterval(() => {
    megabytes = Math.max(megabytes, peakOf(child.pid) ?? 0);
  }, 20);
  for (let n = 0; n < lines; n++) {
    if (!child.stdin.write(`line ${n}\n`)) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  await once(child, 'close');
  clearInterval(timer);
  return megabytes;
}

async function memory() {
  const [few, many] = size.lines;
  const runs = [];
  for (let run = 0; run < Math.min(3, size.runs); run++) runs.push([await peak(few), await peak(many)]);
  const words = (count) => count.toLocaleString('en');
  return [
    row(`peak memory, ${words(few)} lines of standard input`, summarize(runs.map(([less]) => less)), 'MB'),
    row(`peak memory, ${words(many)} lines`, summarize(runs.map(([, more]) => more)), 'MB'),
  ];
}

function row(label, { median, min, max }, unit, goal = '') {
  return `| ${label} | ${figure(median)} ${unit} | ${figure(min)}–${figure(max)} | ${goal} |`;
}

const startedAt = performance.now();
const rows = [...(await startUp()), ...(await tinyTask()), ...(await memory())];
rmSync(folder, { recursive: true, force: true });
const text = `# What the command costs

Written by \`node bench/command.mjs\` in ${figure((performance.now() - startedAt) / 1000)} s: medians of ${size.runs} runs that take turns.
A tiny task gives its input back; ${size.inputs.toLocaleString('en')} of them, results in a file, default number of workers.

${machineAndVersions(['concurrent-futures'])}

|  | median | min–max | goal |
| --- | ---: | ---: | ---: |
${rows.join('\n')}
`;
if (options.out === undefined) console.log(text);
else writeFileSync(options.out, text);
