/**
 * Every row, ours next to its peers, in one run on this machine: `node bench/run.mjs [--quick] [--only ROW,ROW] [--out FOLDER]`.
 *
 *   rows/*.mjs ──► per row: rounds of contenders, each in a child process ──► RESULTS.md, and charts/<row>.svg
 *
 * Ends with status 1 when a contender failed or gave a wrong result, and 0 whatever the figures are. What is committed is only
 * overwritten by a full run of all rows, or when `--out` says so.
 */

import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { barChart } from './chart.mjs';
import { pythonVersion } from './child.mjs';
import { figure } from './figures.mjs';
import { linesOf } from './goals.mjs';
import { circumstances, groupSection, verdict } from './report.mjs';
import { measureRow } from './rounds.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    out: { type: 'string' },
  },
});

const folder = new URL('./rows/', import.meta.url);
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.mjs'))
  .sort()
  .map((name) => new URL(name, folder).href);
const groups = await Promise.all(files.map(async (file) => ({ file, ...(await import(file)).default })));
const ids = groups.flatMap(({ rows }) => rows.map(({ id }) => id));
const wanted = options.only?.split(',') ?? ids;
const unknown = wanted.filter((id) => !ids.includes(id));
if (unknown.length > 0) {
  console.error(`no row "${unknown.join('", "')}"; there are ${ids.join(', ')}`);
  process.exit(2);
}

const out = options.out ?? (options.quick || options.only ? undefined : fileURLToPath(new URL('.', import.meta.url)));
const target = out ?? mkdtempSync(join(tmpdir(), 'concurrent-futures-bench-'));
mkdirSync(join(target, 'charts'), { recursive: true });

const startedAt = performance.now();
let failures = 0;
const measuredGroups = [];
for (const { file, title, text, rows } of groups) {
  const measuredRows = [];
  for (const row of rows.filter(({ id }) => wanted.includes(id))) {
    const rowStartedAt = performance.now();
    const measured = await measureRow(file, row, options.quick);
    const failed = measured.filter(({ failure }) => failure !== undefined);
    failures += failed.length;
    // Once, however many metrics it has none of.
    const reasons = failed.map(({ contender, variant, failure }) =>
      [row.id, contender.label, variant, failure].join(', '),
    );
    for (const reason of new Set(reasons)) console.error(reason);
    const lines = linesOf(row, measured, !options.quick);
    writeFileSync(join(target, 'charts', `${row.id}.svg`), chartOf(row, lines));
    measuredRows.push({ row, lines });
    console.error(`${row.id}: ${((performance.now() - rowStartedAt) / 1000).toFixed(1)} s`);
  }
  if (measuredRows.length > 0) measuredGroups.push({ title, text, rows: measuredRows });
}

const quickNotice =
  'A quick run, far smaller than the texts say: it shows that everything works, and its figures mean nothing.';
const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
const asked = process.argv.slice(2).map((argument) => ` ${argument}`);
const report = `# Figures

Written by \`node bench/run.mjs${asked.join('')}\` in ${minutes} minutes; what is measured and how: [README.md](README.md). Ratios tell more than
absolute figures, which another machine changes.

${circumstances(undefined, [pythonVersion ?? 'no python3'])}

${options.quick ? quickNotice : verdict(measuredGroups)}

${measuredGroups.map(groupSection).join('\n')}`;
writeFileSync(join(target, 'RESULTS.md'), report);
console.log(join(target, 'RESULTS.md'));
if (failures > 0) console.error(`${failures} measurements failed`);
process.exitCode = failures > 0 ? 1 : 0;

function chartOf({ title, unit }, lines) {
  const labels = [...new Set(lines.map(({ label }) => label))];
  const series = [...new Set(lines.map((line) => line.series))];
  const at = (label, name) => lines.find((line) => line.label === label && line.series === name);
  return barChart({
    title: `${title}, ${unit}`,
    series,
    rows: labels.map((label) => ({
      label,
      isOurs: lines.find((line) => line.label === label).isOurs,
      values: series.map((name) => at(label, name)?.summary?.median),
    })),
    format: figure,
  });
}
