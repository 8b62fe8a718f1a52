/** The log of a service: one JSON object per line on standard error, and nothing else there. */

import type { WorkerLogEntry } from 'concurrent-futures/cluster';
import { LineBuffer } from '../prints/line-buffer.js';
import type { Terminal } from '../terminal.js';

export type Log = (entry: WorkerLogEntry) => void;

export interface JsonLog extends Disposable {
  readonly log: Log;
}

/** Until it is disposed of, what others write to standard error is in it, too: what tasks print, warnings. */
export function startJsonLog({ write, takeOver, endTakeOver }: Terminal): JsonLog {
  const log: Log = ({ level, event, message, ...fields }) =>
    write(`${JSON.stringify({ time: new Date().toISOString(), level, event, message, ...fields })}\n`);
  const printed = (lines: readonly string[]): void => {
    for (const message of lines) log({ level: 'info', event: 'printed', message });
  };
  const others = new LineBuffer();
  takeOver((piece) => printed(others.take(piece)));
  // Node's own listener writes past Node's streams.
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) =>
    log({ level: 'warn', event: 'warning', message: `${name}: ${message}` }),
  );
  return {
    log,
    [Symbol.dispose]: () => {
      printed(others.end());
      endTakeOver();
    },
  };
}
