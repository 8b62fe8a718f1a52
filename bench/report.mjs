/** Measurements as Markdown. */

import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { figure, withUnit } from './figures.mjs';
import { systems } from './systems.mjs';

function spread({ min, max }) {
  return `${figure(min)}–${figure(max)}`;
}

function table(head, rows, isText = (column) => column === 0) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (isText(i) ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** @param measured rows of microseconds; none where all runs failed. */
export function callTable(measured) {
  return table(
    ['a call, µs', 'median (min–max)'],
    measured.map(({ label, us }) => [label, us === undefined ? 'failed' : `${figure(us.median)} (${spread(us)})`]),
  );
}

const head = ['', '', 'median', 'min–max', 'ours ÷ it', 'goal', ''];

/** @param group `{ title, text, rows: [{ row, lines }] }`, with lines as goals.mjs gives them. */
export function groupSection({ title, text, rows }) {
  const cells = rows.flatMap(({ row, lines }) => [
    ...(rows.length === 1 ? [] : [[`*${row.title}*`, '', '', '', '', '', '']]),
    ...lines.map((line) => lineCells(line, row.unit)),
  ]);
  const charts = rows.map(({ row }) => `![${row.title}](charts/${row.id}.svg)`);
  return [`## ${title}`, text, table(head, cells, (column) => column < 2), ...charts, ''].join('\n\n');
}

function lineCells({ label, isOurs, series, summary, ratio, goal, isMet, remark }, unit) {
  return [
    isOurs ? `**${label}**` : label,
    series,
    summary === undefined ? (remark ?? 'failed') : withUnit(summary.median, unit),
    summary === undefined ? '' : spread(summary),
    ratio === undefined ? '' : `${figure(ratio)} ×`,
    goal === undefined ? '' : goalText(goal, isOurs ? ` ${unit}` : ' ×'),
    isMet === undefined ? '' : isMet ? '✓' : '✗',
  ];
}

function goalText({ atLeast, atMost }, unit) {
  return atLeast === undefined ? `≤ ${atMost}${unit}` : `≥ ${atLeast}${unit}`;
}

/** How many goals are met, and which are not. */
export function verdict(groups) {
  const judged = groups.flatMap(({ rows }) =>
    rows.flatMap(({ row, lines }) => lines.filter(({ goal }) => goal !== undefined).map((line) => ({ row, line }))),
  );
  const met = judged.filter(({ line }) => line.isMet === true);
  const unmet = judged.filter(({ line }) => line.isMet === false);
  const unknown = judged.length - met.length - unmet.length;
  const counted = `**${met.length} of ${judged.length} goals met**${unknown > 0 ? `, ${unknown} not measured` : ''}.`;
  return [counted, ...unmet.map(({ row, line }) => `- ✗ ${row.title}: ${unmetText(line, row.unit)}`)].join('\n');
}

function unmetText({ label, isOurs, series, summary, ratio, goal }, unit) {
  const where = series === '' ? '' : ` (${series})`;
  if (isOurs) return `${label}${where} ${withUnit(summary.median, unit)}, goal ${goalText(goal, ` ${unit}`)}`;
  return `${figure(ratio)} × ${label}${where}, goal ${goalText(goal, ' ×')}`;
}

/** Where and with what it was measured. */
export function circumstances(packageNames = systems.map((system) => system.packageName), others = []) {
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  const packages = [...new Set(packageNames)].map((packageName) => `${packageName} ${version(packageName)}`);
  return [
    `- Machine: ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} usable cores, ${gigabytes} GB, ${type()} ${release()}`,
    `- Node ${process.versions.node} (V8 ${process.versions.v8})`,
    `- ${[...packages, ...others].join(', ')}`,
    `- ${new Date().toISOString().slice(0, 10)}, load average ${figure(loadAtStart)} at the start, ${figure(loadavg()[0])} at the end`,
  ].join('\n');
}

const [loadAtStart] = loadavg();

function version(packageName) {
  const path = packageName === 'concurrent-futures' ? '../package.json' : `../node_modules/${packageName}/package.json`;
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version;
}
