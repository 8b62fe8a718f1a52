/** Measurements of real work as Markdown. */

import { machineAndVersions, markdownTable } from '../machine.mjs';
import { contenders } from './contenders.mjs';

const contenderOf = (id) => contenders.find((contender) => contender.id === id);

function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)], min: sorted[0], max: sorted.at(-1) };
}

/** Adds, per contender, what its times come to, and the speed-up over the loop: round by round, then the median. */
export function summarizeProfile({ tasks, contenders: rows }) {
  const loop = rows.find(({ id }) => id === 'loop').ms;
  return {
    tasks,
    rows: rows.map(({ id, setting, ms }) => ({
      ...contenderOf(id),
      setting,
      ms: summary(ms),
      speedUp: summary(ms.map((its, round) => loop[round] / its)),
    })),
  };
}

const time = ({ median, min, max }) => `${median.toFixed(0)} (${min.toFixed(0)}–${max.toFixed(0)})`;
const ratio = ({ median, min, max }) => `${median.toFixed(2)} × (${min.toFixed(2)}–${max.toFixed(2)})`;
const name = ({ label, isOurs }) => (isOurs ? `**${label}**` : label);

function detail({ label, isOurs, setting }) {
  const shown = setting === undefined ? '' : ` (\`concurrentTasksPerWorker: ${setting.concurrentTasksPerWorker}\`)`;
  return name({ label, isOurs }) + shown;
}

function profileSection({ profile, tasks, rows }, cores) {
  const cells = rows.map((row) => [
    detail(row),
    time(row.ms),
    row.id === 'loop' ? '1' : ratio(row.speedUp),
    row.id === 'loop' ? '' : (row.speedUp.median / cores).toFixed(2),
  ]);
  const table = markdownTable(['', 'ms', 'speed-up', 'per core'], cells);
  return `## ${profile.title}\n\n${profile.text} ${tasks} tasks.\n\n${table}\n`;
}

function overview(measured, cores) {
  const pools = contenders.filter(({ id }) => id !== 'loop');
  const rows = measured.map(({ profile, rows: its }) => [
    profile.title,
    ...pools.map(({ id }) => `${its.find((row) => row.id === id).speedUp.median.toFixed(2)} ×`),
  ]);
  return markdownTable([`speed-up on ${cores} cores`, ...pools.map(name)], rows);
}

/** The whole page. */
export function workReport(measured, { cores, rounds, quick }) {
  return `# Real work

Written by \`node bench/work.mjs${quick ? ' --quick' : ''}\`; what is measured and how: [README.md](README.md#real-work). Speed-up is the time of a plain loop
in one thread, which calls the same function, divided by the pool's, on ${cores} cores: ${cores} would be perfect, and below 1 the pool
makes things slower. Per core is that number divided by ${cores}. Median of ${rounds} rounds (min–max).${quick ? '\n\n**A quick run: far less work than is described below, and no figure to keep.**' : ''}

${machineAndVersions(['concurrent-futures', 'piscina', 'marked'])}

![Speed-up over a plain loop](charts/work.svg)

${overview(measured, cores)}

${measured.map((each) => profileSection(each, cores)).join('\n')}`;
}
