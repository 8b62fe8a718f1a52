/** Ctrl-C and its kin: the first asks for an orderly end, the second ends it now. */

import { type EndSignal, exitCodes } from './exit-codes.js';
import { killUnlessEnded } from './live-threads.js';

const endSignals: readonly EndSignal[] = ['SIGINT', 'SIGTERM'];

/** Calls `onFirst` at the first signal. At the second, `onSecond` and the end of the process; workers end with it. */
export function watchSignals(onFirst: (signal: EndSignal) => void, onSecond: () => void): void {
  let asked = false;
  for (const signal of endSignals) {
    process.on(signal, () => {
      if (asked) {
        onSecond();
        leaveSignals();
        killUnlessEnded(signal);
        process.exit(exitCodes[signal]);
      }
      asked = true;
      onFirst(signal);
    });
  }
}

/** From now on a signal ends the process at once, whatever its threads do. */
export function leaveSignals(): void {
  for (const signal of endSignals) process.removeAllListeners(signal);
}
