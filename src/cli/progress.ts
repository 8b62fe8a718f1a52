/** How far the run is, while it goes on: a line that renews itself on a terminal, now and then a line elsewhere. */

import stringWidth from 'fast-string-width';
import { formatDuration } from './durations.js';
import type { Tally } from './tally.js';
import type { Terminal } from './terminal.js';

const liveEveryMs = 100;
const plainEveryMs = 5000;

/** Back to the line's start, and clear to its end. */
const eraseLine = '\r\x1b[2K';

export interface ProgressFacts {
  readonly tally: Tally;
  /** How many tasks run at this moment. */
  running(): number;
  /** How many inputs there are, where that is known. */
  readonly total: number | undefined;
}

export interface Progress {
  /** Takes the live line off the screen, for something else to be written there; it comes back by itself. */
  hide(): void;
  stop(): void;
}

export function startProgress(terminal: Terminal, facts: ProgressFacts): Progress {
  let shown = false;
  // While a task is in the middle of a line, ours would erase it.
  let othersMidLine = false;
  const hide = (): void => {
    if (shown) terminal.write(eraseLine);
    shown = false;
  };
  if (terminal.live) {
    terminal.beforeOthersWrite((text) => {
      hide();
      othersMidLine = !text.endsWith('\n');
    });
  }
  const renew = (): void => {
    if (othersMidLine) return;
    // One column stays free: a full line makes some terminals wrap.
    const line = fitParts(progressParts(facts, terminal), terminal.width() - 1);
    terminal.write(terminal.live ? `${eraseLine}${line}` : `${line}\n`);
    shown = terminal.live;
  };
  const timer = setInterval(renew, terminal.live ? liveEveryMs : plainEveryMs);
  timer.unref();
  return {
    hide,
    stop: () => {
      clearInterval(timer);
      hide();
    },
  };
}

/** In the order of importance: what does not fit goes from the end. */
function progressParts({ tally, running, total }: ProgressFacts, { colors }: Terminal): string[] {
  const parts = [`${colors.bold(String(tally.done))}${total === undefined ? '' : `/${total}`} done`];
  if (tally.failed > 0) parts.push(colors.red(`${tally.failed} failed`));
  parts.push(`${running()} running`);
  if (tally.done > 0) parts.push(colors.dim(`${formatRate(tally.perSecond)}/s`));
  if (total !== undefined && tally.done > 0 && total > tally.done) {
    const leftMs = ((total - tally.done) / tally.perSecond) * 1000;
    parts.push(colors.dim(`${formatDuration(leftMs)} left`));
  }
  return parts;
}

function fitParts(parts: readonly string[], columns: number): string {
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line} · ${part}`;
    if (stringWidth(longer) > columns) break;
    line = longer;
  }
  return line;
}

/** `0.25`, `3.1`, `120`. */
export function formatRate(perSecond: number): string {
  if (perSecond < 1) return perSecond.toFixed(2);
  return perSecond < 100 ? perSecond.toFixed(1) : String(Math.round(perSecond));
}
