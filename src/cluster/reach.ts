/** Reaching a broker that may not be there yet: one that is being started, or a cluster that has not chosen its leaders. */

import { TimeoutError } from '../errors.js';
import { BrokerError, unusable } from './broker-errors.js';
import { pause } from './pause.js';
import { Refusal } from './refusal.js';

const retryMs = 100;

/**
 * Tries until it works, for as long as the reason may pass.
 *
 * @param signal aborted where it is not wanted any more
 * @throws {TimeoutError} when it has not within `startupTimeoutMs`; at once what will not pass
 */
export async function reach<T>(
  options: { readonly servers: string | readonly string[] },
  startupTimeoutMs: number,
  attempt: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const deadline = performance.now() + startupTimeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      // A broker that has let it in may be lost as well, before it has answered all that is asked first.
      const failure = error instanceof BrokerError || error instanceof Refusal ? error : unusable(options, error);
      const mayPass = failure instanceof BrokerError && failure.mayPass;
      if (!mayPass || startupTimeoutMs === 0) throw failure;
      if (performance.now() >= deadline) {
        const waited = ` (tried for ${startupTimeoutMs} ms, startupTimeout)`;
        throw new TimeoutError(`${failure.message}${waited}`, { cause: failure });
      }
      signal?.throwIfAborted();
      await pause(Math.min(retryMs, Math.max(0, deadline - performance.now())), signal);
    }
  }
}
