/** Results in the order of the inputs: what is done early waits for what comes before it. */

import type { RecordOutput } from './output.js';

/** More lines than this do not wait: no more inputs are taken until the one that holds them up is done. */
const waitingMax = 10_000;

export interface OrderedOutput {
  isReady(): boolean;
  write(index: number, line: string): void;
  close(): Promise<void>;
}

export function inCompletionOrder(output: RecordOutput): OrderedOutput {
  return { isReady: () => output.isReady(), write: (_index, line) => output.write(line), close: () => output.close() };
}

/** Inputs that were dropped before they had started have no line; those behind them are written at the end, in order. */
export function inInputOrder(output: RecordOutput): OrderedOutput {
  const waiting = new Map<number, string>();
  let next = 0;
  return {
    isReady: () => output.isReady() && waiting.size < waitingMax,
    write: (index, line) => {
      waiting.set(index, line);
      for (let ready = waiting.get(next); ready !== undefined; ready = waiting.get(next)) {
        output.write(ready);
        waiting.delete(next);
        next += 1;
      }
    },
    close: () => {
      for (const index of [...waiting.keys()].sort((a, b) => a - b)) output.write(waiting.get(index) as string);
      waiting.clear();
      return output.close();
    },
  };
}
