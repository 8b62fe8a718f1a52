/** Progress on a terminal: a view that renews itself, and what is printed above it. */

import { LineBuffer } from '../prints/line-buffer.js';
import { harmlessLine } from '../screen-text.js';
import type { Terminal } from '../terminal.js';
import { hideCursorUntilRestored } from './cursor.js';
import type { Progress, ProgressFacts } from './facts.js';
import { frameLines } from './frame.js';
import { LiveRegion } from './live-region.js';

const everyMs = 100;
/** More than this is printed at once, and not with the next drawing. */
const printedMax = 64 * 1024;

export function liveProgress(terminal: Terminal, facts: ProgressFacts): Progress {
  const region = new LiveRegion(terminal.write);
  const others = new LineBuffer();
  /** What goes above the view with the next drawing, in order. */
  let queue: (() => void)[] = [];
  let text = '';
  let lines: readonly string[] = [];

  const closeText = (): void => {
    const ready = text;
    text = '';
    if (ready !== '') queue.push(() => terminal.write(ready));
  };
  const print = (line: string): void => {
    text += `${line}\n`;
    if (text.length > printedMax) draw();
  };
  const draw = (): void => {
    if (queue.length > 0) {
      closeText();
      leave();
    }
    const above = text;
    text = '';
    region.draw(above, lines, terminal.size().columns);
  };
  /** Prints what is to be printed, and leaves the screen to others. */
  const leave = (): void => {
    closeText();
    region.erase();
    const ready = queue;
    queue = [];
    for (const write of ready) write();
  };
  const renew = (): void => {
    lines = frameLines(facts, terminal.colors, terminal.size());
    draw();
  };

  terminal.takeOver((piece) => {
    for (const line of others.take(piece)) print(harmlessLine(line));
  });
  const cursor = hideCursorUntilRestored(terminal.write, leave);
  renew();
  const timer = setInterval(renew, everyMs);
  timer.unref();
  return {
    above: (write) => {
      closeText();
      queue.push(write);
    },
    print,
    hide: leave,
    stop: () => {
      clearInterval(timer);
      for (const line of others.end()) print(harmlessLine(line));
      cursor.restore();
      terminal.endTakeOver();
    },
  };
}
