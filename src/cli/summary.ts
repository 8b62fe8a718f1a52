/** What is said at the end. */

import { formatDuration } from './durations.js';
import { formatRate } from './progress/facts.js';
import { cutToWidth, harmless } from './screen-text.js';
import type { Tally } from './tally.js';
import type { Terminal } from './terminal.js';

const groupsShownMax = 5;
/** Where no terminal sets a width, a message still gets no longer than this. */
const titleColumnsMax = 200;

/** The lines of the summary: counts and speed, the tasks' own time, the failures by message. */
export function summaryLines(tally: Tally, notStarted: number | undefined, { colors, width }: Terminal): string[] {
  const { done, succeeded, failed } = tally;
  const counts = [`${succeeded} succeeded`];
  if (failed > 0) counts.push(colors.red(`${failed} failed`));
  if (notStarted !== 0) counts.push(colors.yellow(`${notStarted ?? 'the rest'} not started`));
  const rate = done > 0 ? ` (${formatRate(tally.perSecond)} tasks/s)` : '';
  const tasks = `${done} ${done === 1 ? 'task' : 'tasks'}`;
  const lines = [`${colors.bold(tasks)} in ${formatDuration(tally.elapsedMs)}${rate}: ${counts.join(', ')}`];
  const [medianMs, tailMs] = [tally.percentileMs(50), tally.percentileMs(95)];
  if (medianMs !== undefined && tailMs !== undefined) {
    lines.push(colors.dim(`time per task: p50 ${formatDuration(medianMs)}, p95 ${formatDuration(tailMs)}`));
  }
  return [...lines, ...failureLines(tally, Math.min(width(), titleColumnsMax))];
}

function failureLines(tally: Tally, columns: number): string[] {
  const groups = tally.failureGroups();
  if (groups.length === 0) return [];
  const shown = groups.slice(0, groupsShownMax);
  const countColumns = Math.max(...shown.map(({ count }) => String(count).length));
  const lines = shown.map(({ title, count }) => {
    return cutToWidth(`  ${String(count).padStart(countColumns)} × ${harmless(title)}`, columns);
  });
  const hidden = groups.slice(groupsShownMax).reduce((sum, { count }) => sum + count, tally.otherFailures);
  if (hidden > 0) lines.push(`  and ${hidden} more, with other messages`);
  return ['failures:', ...lines];
}
