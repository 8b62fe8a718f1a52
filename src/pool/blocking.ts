/** Waiting while this thread stands still: messages, timers and hand-overs are looked after here, since no event loop does. */

import type { Clock } from './clock.js';
import type { Crew } from './crew.js';
import type { Dispatcher } from './dispatcher.js';
import type { WorkerHost } from './host.js';

const sliceMs = { withTimers: 5, without: 50 } as const;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

export function blockUntil(
  until: () => boolean,
  timeoutMs: number,
  of: { clock: Clock; crew: Crew; dispatcher: Dispatcher; host: WorkerHost; hasTimers: () => boolean },
): void {
  const { clock, crew, dispatcher, host, hasTimers } = of;
  const deadline = clock.now() + timeoutMs;
  dispatcher.dispatch();
  while (!until()) {
    for (const slot of crew.slots) {
      slot.link?.poll();
      if (until()) return;
    }
    dispatcher.dispatch();
    const leftMs = deadline - clock.now();
    if (leftMs <= 0) return;
    if (hasTimers()) Atomics.wait(sleeper, 0, 0, Math.min(leftMs, sliceMs.withTimers));
    else host.block(Math.min(leftMs, sliceMs.without));
    clock.runDue();
    dispatcher.dispatch();
  }
}
