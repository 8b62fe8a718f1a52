/**
 * What each constant of src/pool/README.md is worth: `node bench/constants.mjs [--quick] [--only NAME,NAME] [--out FILE]`, a quarter of an hour.
 *
 *   for each constant: a copy of the package per value, built ──► the measures that it is about, values taking turns run by run ──► a table
 *
 * With `--only` and `--out`, the other sections of that file stay. Other values than its own are given as ratios to it, run by run: two runs side by side met the same machine.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { figure } from './figures.mjs';
import { machineAndVersions, markdownTable } from './machine.mjs';
import { pairedRatio, summarize } from './statistics.mjs';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' }, out: { type: 'string' } },
});
const rounds = options.quick ? 1 : 7;
const workers = 2;

/** Rows of rows/, in the size that is measured here. */
const measures = {
  threads: row('no-op tasks on threads, per second', '01-throughput-threads', 'throughput-threads', 'thread', {
    tasks: 50_000,
    workers,
  }),
  bursts: row('fifty no-op tasks at a time on threads, per second', '03-bursts', 'bursts', 'thread', {
    times: 200,
    workers,
  }),
  processes: row('no-op tasks in processes, per second', '02-throughput-processes', 'throughput-processes', 'process', {
    tasks: 50_000,
    workers,
  }),
  lone: row('a lone call, µs (p50)', '03-lone-thread', 'lone-thread', 'thread', { calls: 20_000, workers: 1 }),
  busy: row('the same on busy cores, µs (p50)', '04-lone-all-cores', 'lone-busy-cores', 'thread', {
    calls: 300,
    workers,
  }),
  beside: row('tasks of 1 ms beside a waiting pool, per second', '04-lone-all-cores', 'beside-waiting', 'beside', {
    tasks: 1000,
  }),
  map: row('a map, items per second', '06-map', 'map-threads', 'ours', { items: 300_000, workers }),
  memory: row('peak memory of a map, MB', '08-streaming-memory', 'streaming-memory', 'many', { many: 200_000 }),
  tiny: row('tasks of 0.05 ms on threads, × ideal', '10-cpu-bound', 'cpu-bound', 'thread', {
    taskMs: 0.05,
    coreMs: 500,
  }),
  short: row('tasks of 0.3 ms on threads, × ideal', '10-cpu-bound', 'cpu-bound', 'thread', {
    taskMs: 0.3,
    coreMs: 500,
  }),
  cpu: row('tasks of 1 ms on threads, × ideal', '10-cpu-bound', 'cpu-bound', 'thread', { taskMs: 1, coreMs: 500 }),
  cpuProcess: row('tasks of 1 ms in processes, × ideal', '10-cpu-bound', 'cpu-bound', 'process', {
    taskMs: 1,
    coreMs: 500,
  }),
  few: row('32 tasks of 1 ms on threads, × ideal', '10-cpu-bound', 'cpu-bound', 'thread', { taskMs: 1, coreMs: 16 }),
  skewed: row('skewed tasks on threads, × list schedule', '11-skewed', 'skewed', 'thread-submit', {
    tasks: 600,
    shortMs: 1,
  }),
};

const constants = [
  {
    name: 'work held ahead, ms',
    file: 'pool/allowance.ts',
    text: 'aheadMs = 8;',
    values: [2, 32],
    of: ['short', 'cpu', 'cpuProcess', 'skewed'],
  },
  {
    name: 'tasks in one hand',
    file: 'pool/allowance.ts',
    text: 'allowanceMax = 256;',
    values: [64, 1024],
    of: ['threads', 'processes'],
  },
  {
    name: 'tiny, ms',
    file: 'pool/allowance.ts',
    text: 'tinyMs = 0.1;',
    values: [0.01, 1],
    of: ['threads', 'bursts', 'lone', 'tiny', 'short'],
  },
  {
    name: 'refill below, part of the allowance',
    file: 'pool/dispatcher.ts',
    text: 'refillBelow = 0.5;',
    values: [0.25, 0.9],
    of: ['threads', 'bursts', 'processes', 'short', 'skewed'],
  },
  {
    name: 'held up, ms',
    file: 'pool/dispatcher.ts',
    text: 'heldUpAfterMs = 5;',
    values: [1, 20],
    of: ['skewed', 'few', 'cpu'],
  },
  {
    name: 'worth sharing, ms',
    file: 'pool/dispatcher.ts',
    text: 'worthMs = 0.5;',
    values: [0, 5],
    of: ['bursts', 'few', 'skewed', 'tiny'],
  },
  {
    name: 'turns awake',
    file: 'pool/wakefulness.ts',
    text: 'turnsMax = 40;',
    values: [10, 150],
    of: ['lone', 'bursts', 'tiny', 'busy'],
  },
  {
    name: 'calls until a trial',
    file: 'pool/wakefulness.ts',
    text: 'trialEvery = 1024;',
    values: [64, 16_384],
    of: ['lone', 'busy'],
  },
  { name: 'doze, ms', file: 'pool/wakefulness.ts', text: 'dozeMs = 2;', values: [0.5, 6], of: ['short', 'cpu'] },
  {
    name: 'look-out of a worker, ms',
    file: 'worker/look-out.ts',
    text: 'lookMs = 0.05;',
    values: [0.005, 0.5],
    of: ['lone', 'busy', 'beside'],
  },
  {
    name: 'rows read ahead of a map',
    file: 'executors/map.ts',
    text: 'defaultBufferSize = 1024;',
    values: [256, 4096],
    of: ['map', 'memory'],
  },
];

function row(label, file, id, contender, size) {
  return { label, file, id, contender, size };
}

const root = fileURLToPath(new URL('..', import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), 'concurrent-futures-constants-'));
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }));

/** A copy of the package, with that constant changed, and of these files to measure it with. */
function variant(name, { file, text }, value) {
  const folder = join(temporary, name);
  mkdirSync(folder);
  for (const part of ['src', 'scripts', 'bench', 'cluster', 'package.json', 'tsconfig.json', 'tsconfig.build.json'])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  // The command is not what is measured, and half of the build.
  rmSync(join(folder, 'src/cli'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const path = join(folder, 'src', file);
  const source = readFileSync(path, 'utf8');
  if (source.split(text).length !== 2) throw new Error(`src/${file} has no single "${text}"`);
  writeFileSync(path, source.replace(text, `${text.slice(0, text.indexOf('=') + 1)} ${value};`));
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  return folder;
}

async function measure(folders, { file, id, contender: contenderId, size }) {
  const opened = [];
  for (const folder of folders) {
    const url = pathToFileURL(join(folder, 'bench', 'rows', `${file}.mjs`)).href;
    const { openContender } = await import(pathToFileURL(join(folder, 'bench', 'child.mjs')).href);
    const found = (await import(url)).default.rows.find((each) => each.id === id);
    const contender = found.contenders.find((each) => each.id === contenderId);
    const small = options.quick ? found.size.quick : {};
    const metric = found.metrics?.[0];
    const child = await openContender(url, found, contender, { ...size, ...small });
    const run = async () => {
      const value = await child.run();
      return metric === undefined ? value : value[metric];
    };
    opened.push({ run, close: () => child.close() });
  }
  const runs = folders.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (let turn = 0; turn < opened.length; turn++) {
      const which = (turn + round + 1) % opened.length;
      const value = await opened[which].run();
      // The first round warms up.
      if (round >= 0) runs[which].push(value);
    }
  }
  for (const { close } of opened) await close();
  return runs;
}

const today = new Date().toISOString().slice(0, 10);
/** By constant; of those that are not measured now, what is written there already. */
const sections = new Map();
if (options.only !== undefined && options.out !== undefined && existsSync(options.out)) {
  for (const section of readFileSync(options.out, 'utf8').split(/^(?=## )/m))
    sections.set(/^## (.*): /.exec(section)?.[1], `${section.trimEnd()}\n`);
}
const wanted = constants.filter(
  ({ name }) => options.only === undefined || options.only.split(',').some((start) => name.startsWith(start)),
);
for (const [index, constant] of wanted.entries()) {
  const [, own] = /= (.*);/.exec(constant.text);
  const values = [own, ...constant.values];
  const folders = values.map((value, i) => variant(`${index}-${i}`, constant, value));
  const rows = [];
  for (const name of constant.of) {
    const [mine, ...others] = await measure(folders, measures[name]);
    const { median, min, max } = summarize(mine);
    rows.push([
      measures[name].label,
      `${figure(median)} (${figure(min)}–${figure(max)})`,
      ...others.map((runs) => {
        const ratios = summarize(runs.map((value, i) => value / mine[i]));
        return `${figure(pairedRatio(runs, mine))} × (${figure(ratios.min)}–${figure(ratios.max)})`;
      }),
    ]);
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  const table = markdownTable(['', own, ...constant.values.map(String)], rows);
  sections.set(constant.name, `## ${constant.name}: ${own}\n\n${today}, Node ${process.versions.node}\n\n${table}\n`);
  console.error(sections.get(constant.name));
}

const text = `# What the constants are worth

Written by \`node bench/constants.mjs\`: medians of ${rounds} rounds in which the values take turns, and their range. The first column is with the value that is used; the others are what another
value gives ÷ that, round by round. Which constant is which: [src/pool/README.md](../src/pool/README.md). Each says when it was measured: \`--only\` writes some of them anew.

${machineAndVersions(['concurrent-futures'])}

${constants.flatMap(({ name }) => sections.get(name) ?? []).join('\n')}`;
if (options.out === undefined) console.log(text);
else writeFileSync(options.out, text);
