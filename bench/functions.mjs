/**
 * What a call to `submit` costs its caller, by what the function is and captures: `node bench/functions.mjs [--quick] [--out FILE]`.
 *
 *   per row and run: a child process ──► the median of its calls ──► the median of the runs ──► Markdown
 */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureInChild } from './child.mjs';
import { callTable, circumstances } from './report.mjs';
import { percentile, summarize } from './statistics.mjs';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, out: { type: 'string' } },
});
const size = options.quick ? { calls: 50, runs: 5 } : { calls: 200, runs: 11 };

const sections = [
  {
    title: 'A new function',
    text: 'Each is submitted for the first time, and its text is its own.',
    rows: [
      { id: 'first', label: 'the first of the process: the inspector starts' },
      { id: 'bare', label: 'no captures' },
      { id: 'captures', label: '3 captured constants' },
      { id: 'chain', label: 'a chain of 10 helper functions' },
    ],
  },
  {
    title: 'A closure made in a loop',
    text: 'A new function in each turn, of one text.',
    rows: [
      { id: 'loopBare', label: 'no captures' },
      { id: 'loopSmall', label: 'captures the number of the turn' },
      { id: 'loopLarge', label: 'captures the number, and one array of 1 MB in all turns' },
      { id: 'loopOwnLarge', label: 'captures an array of 1 MB of its own' },
    ],
  },
  {
    title: 'A known function',
    text: 'One function again and again; the first call does not count.',
    rows: [
      { id: 'known', label: 'captures a constant' },
      { id: 'knownVariable', label: 'captures a variable that is assigned' },
      { id: 'knownObject', label: 'captures a small object' },
      { id: 'knownLarge', label: 'captures an array of 1 MB' },
    ],
  },
];

async function measureRow({ id, label }) {
  const medians = [];
  for (let run = 0; run < size.runs; run++) {
    const microseconds = await measureInChild('functions-child.mjs', JSON.stringify({ id, calls: size.calls }));
    if (microseconds !== undefined) medians.push(percentile(microseconds, 0.5));
  }
  console.error(`${id}: done`);
  return { label, us: medians.length === 0 ? undefined : summarize(medians) };
}

const parts = [];
for (const { title, text, rows } of sections) {
  const measured = [];
  for (const row of rows) measured.push(await measureRow(row));
  parts.push(`## ${title}\n\n${text}\n\n${callTable(measured)}\n`);
}

const report = `# What \`submit\` costs its caller

Written by \`node bench/functions.mjs${options.quick ? ' --quick' : ''}\`: microseconds from the call of \`submit\` to its return, on a thread executor with one idle worker. Each run is
a process of its own with ${size.calls} calls, of which the median counts; the median of ${size.runs} runs (min–max). Less is better.

${circumstances(['concurrent-futures'])}

${parts.join('\n')}`;

console.log(report);
if (options.out !== undefined) writeFileSync(options.out, report);
