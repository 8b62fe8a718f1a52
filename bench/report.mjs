/** Measurements as Markdown. */

import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { systems } from './systems.mjs';

const thousands = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

function count({ median, min, max }) {
  return `${thousands.format(median)} (${thousands.format(min)}–${thousands.format(max)})`;
}

function time({ median, min, max }) {
  const digits = median < 100 ? 1 : 0;
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

function ratio(ours, other) {
  return ours === undefined || other === undefined ? '' : `${(ours / other).toFixed(2)} ×`;
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** The executor of ours that a system is compared with; none for ours. */
function oursLike(system) {
  return system.isOurs ? undefined : systems.find((other) => other.isOurs && other.kind === system.kind);
}

function name({ label, isOurs }) {
  return isOurs ? `**${label}**` : label;
}

/** @param results by system id, then by number of workers: tasks per second. */
export function throughputTable(results, workerCounts) {
  const head = [
    'tasks per second',
    ...workerCounts.flatMap((workers) => [workers === 1 ? '1 worker' : `${workers} workers`, 'ours ÷ it']),
  ];
  const rows = systems.map((system) => [
    name(system),
    ...workerCounts.flatMap((workers) => {
      const its = results[system.id]?.[workers];
      const ours = oursLike(system) && results[oursLike(system).id]?.[workers];
      return [its === undefined ? 'failed' : count(its), ratio(ours?.median, its?.median)];
    }),
  ]);
  return table(head, rows);
}

/** @param results by system id: microseconds at p50 and p99. */
export function latencyTable(results) {
  const rows = systems.map((system) => {
    const its = results[system.id];
    const ours = oursLike(system) && results[oursLike(system).id];
    if (its === undefined) return [name(system), 'failed', '', '', ''];
    return [
      name(system),
      time(its.p50),
      ratio(ours?.p50.median, its.p50.median),
      time(its.p99),
      ratio(ours?.p99.median, its.p99.median),
    ];
  });
  return table(['a lone call, µs', 'p50', 'ours ÷ it', 'p99', 'ours ÷ it'], rows);
}

/** @param measured rows of milliseconds, as `measureStartUp` gives them. */
export function startUpTable(measured) {
  return table(
    ['start-up, ms', 'median (min–max)'],
    measured.map(({ label, ms }) => [label, time(ms)]),
  );
}

/** @param measured rows of microseconds; none where all runs failed. */
export function callTable(measured) {
  return table(
    ['a call, µs', 'median (min–max)'],
    measured.map(({ label, us }) => [label, us === undefined ? 'failed' : time(us)]),
  );
}

/** Where and with what it was measured. */
export function circumstances(packageNames = systems.map((system) => system.packageName)) {
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  const packages = [...new Set(packageNames)].map((packageName) => `${packageName} ${version(packageName)}`);
  return [
    `- Machine: ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} usable cores, ${gigabytes} GB, ${type()} ${release()}`,
    `- Node ${process.versions.node} (V8 ${process.versions.v8})`,
    `- ${packages.join(', ')}`,
    `- ${new Date().toISOString().slice(0, 10)}`,
  ].join('\n');
}

function version(packageName) {
  const path = packageName === 'concurrent-futures' ? '../package.json' : `../node_modules/${packageName}/package.json`;
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version;
}
