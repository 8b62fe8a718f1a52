/** Progress for machines: one JSON object a line, at most one a second, and one at the end. */

import type { Terminal } from '../terminal.js';
import { leftMs, type Progress, type ProgressFacts } from './facts.js';
import { silentProgress } from './plain.js';

const everyMs = 1000;

export function jsonProgress(terminal: Terminal, facts: ProgressFacts): Progress {
  const write = (state: 'running' | 'ended'): void => terminal.write(`${JSON.stringify(snapshot(state, facts))}\n`);
  const timer = setInterval(() => write('running'), everyMs);
  timer.unref();
  return {
    ...silentProgress(terminal),
    stop: () => {
      clearInterval(timer);
      write('ended');
    },
  };
}

function snapshot(state: string, facts: ProgressFacts): object {
  const { tally, total } = facts;
  const { running, workers } = facts.stats();
  const left = leftMs(facts);
  return {
    state,
    done: tally.done,
    failed: tally.failed,
    running,
    total: total ?? null,
    perSecond: Math.round(tally.perSecond * 1000) / 1000,
    leftMs: left === undefined ? null : Math.round(left),
    elapsedMs: Math.round(tally.elapsedMs),
    workers: workers.map(({ name, task, taskMs }) => ({
      name,
      task: task ?? null,
      ms: taskMs === undefined ? null : Math.round(taskMs),
      report: (task === undefined ? undefined : facts.reportOf(task)) ?? null,
    })),
  };
}
