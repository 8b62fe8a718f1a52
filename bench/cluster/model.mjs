/**
 * What few workers cost → what many do. Everything is on one machine here, so that whatever any side does takes from the same cores.
 *
 *   idle:  workers × what one costs
 *   tasks: the longest of: their lengths ÷ workers, the submitter's one thread, all processors' time ÷ cores that are left
 */

import { cores } from '../cpu.mjs';

/** As {@link simulate} measures it, with one listener. */
export function predict({ worker, listener, tasks, base, callMs }, workers, size) {
  const brokerMs = workers * (worker.brokerMs + listener.brokerMs);
  const idleShare = (brokerMs + workers * worker.workerMs) / 1000;
  const coresLeft = Math.max(0.1, cores - idleShare);
  const takes = (label, count, lengthMs) => {
    const kind = tasks.find((each) => each.label === label);
    const together = (kind.brokerMs + kind.submitterMs + kind.workerMs) * count;
    return Math.max((lengthMs * count) / workers, kind.submitterMs * count, together / coresLeft);
  };
  const rests = restsOf(workers, size);
  return {
    idleMessages: workers * (worker.messages + listener.messages),
    idleBytes: workers * (worker.bytes + listener.bytes),
    idleBrokerShare: brokerMs / 1000,
    memoryBytes: base.memoryBytes + workers * worker.memoryBytes,
    restsMs: takes('100 ms', rests, 100),
    tinyPerSecond: (size.tiny / takes('tiny', size.tiny, 0)) * 1000,
    callP50: callMs,
  };
}

/** So many tasks of 100 ms are run, in so many waves at most. */
export const restsOf = (workers, { rests, waves }) => Math.min(rests, workers * waves);
