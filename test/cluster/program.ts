/** A process of its own that says by lines how far it is. */

import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Program {
  readonly process: ChildProcess;
  /** Resolves once it has printed a line that starts so; rejects where it ends before. */
  line(start: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export function programOf(child: ChildProcess): Program {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let isOver = false;
  const wake = (): void => {
    for (const look of waiting) look();
  };
  const output = child.stdout;
  if (output === null) throw new Error('its standard output must be a pipe');
  createInterface({ input: output })
    .on('line', (line) => {
      lines.push(line);
      wake();
    })
    .on('close', () => {
      isOver = true;
      wake();
    });
  return {
    process: child,
    line: (start) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const isFound = lines.some((line) => line.startsWith(start));
          if (!isFound && !isOver) return;
          waiting.delete(look);
          if (isFound) resolve();
          else reject(new Error(`it ended before it said "${start}"; its last lines: ${lines.slice(-5).join('\n')}`));
        };
        waiting.add(look);
        look();
      }),
    kill: (signal) => void child.kill(signal),
    ended: new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal }))),
  };
}
