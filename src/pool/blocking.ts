/** Waiting while this thread stands still: messages, timers and hand-overs are looked after here, since no event loop does. */

import type { Clock } from './clock.js';
import type { Crew } from './crew.js';
import type { Dispatcher } from './dispatcher.js';
import type { WorkerHost } from './host.js';
import { taskInside } from './slot.js';
import type { Task } from './task.js';
import { noteBlockingWait } from './waits.js';

const sliceMs = { withTimers: 5, without: 50 } as const;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

interface Parts {
  readonly clock: Clock;
  readonly crew: Crew;
  readonly dispatcher: Dispatcher;
  readonly host: WorkerHost;
  hasTimers(): boolean;
}

/** Waits for a task until it is done, or `timeoutMs` have passed. */
export function blockUntil(task: Task, isDone: () => boolean, timeoutMs: number, of: Parts): void {
  const waiter = taskInside(of.host);
  const endWait = waiter && noteBlockingWait(waiter, task);
  try {
    lookAfter(isDone, timeoutMs, of);
  } finally {
    endWait?.();
  }
}

function lookAfter(until: () => boolean, timeoutMs: number, of: Parts): void {
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
