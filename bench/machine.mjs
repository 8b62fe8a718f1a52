/** Where and with what something was run, as the lines that open a report. */

import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';

/** A Markdown list: the machine, Node, the packages with their versions, the date. */
export function machineAndVersions(packageNames) {
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  return [
    `- Machine: ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} usable cores, ${gigabytes} GB, ${type()} ${release()}`,
    `- Node ${process.versions.node} (V8 ${process.versions.v8})`,
    `- ${packageNames.map((packageName) => `${packageName} ${version(packageName)}`).join(', ')}`,
    `- ${new Date().toISOString().slice(0, 10)}`,
  ].join('\n');
}

function version(packageName) {
  const path = packageName === 'concurrent-futures' ? '../package.json' : `../node_modules/${packageName}/package.json`;
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version;
}

/** A Markdown table; the first column is text, the others are figures unless `align` says otherwise. */
export function markdownTable(head, rows, align = '---:') {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : align))), ...rows.map(line)].join('\n');
}
