/** Now and then a line, where none can be written over. */

import { formatDuration } from '../durations.js';
import type { Terminal } from '../terminal.js';
import { formatRate, leftMs, type Progress, type ProgressFacts } from './facts.js';

const everyMs = 5000;

export function plainProgress(terminal: Terminal, facts: ProgressFacts): Progress {
  const timer = setInterval(() => terminal.write(`${plainLine(facts)}\n`), everyMs);
  timer.unref();
  return { ...silentProgress(terminal), stop: () => clearInterval(timer) };
}

/** Shows nothing by itself. */
export function silentProgress(terminal: Terminal): Progress {
  return {
    above: (write) => write(),
    print: (line) => terminal.write(`${line}\n`),
    hide: () => {},
    stop: () => {},
  };
}

function plainLine(facts: ProgressFacts): string {
  const { tally, total } = facts;
  const parts = [`${tally.done}${total === undefined ? '' : `/${total}`} done`];
  if (tally.failed > 0) parts.push(`${tally.failed} failed`);
  parts.push(`${facts.stats().running} running`);
  if (tally.perSecond > 0) parts.push(`${formatRate(tally.perSecond)}/s`);
  const left = leftMs(facts);
  if (left !== undefined) parts.push(`${formatDuration(left)} left`);
  return parts.join(' · ');
}
