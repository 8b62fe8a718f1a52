/** What a worker's connection goes through, said once each. */

import type { Broker } from './broker.js';
import type { WorkerLogEntry } from './worker-options.js';

export interface ConnectionEvents {
  log(level: WorkerLogEntry['level'], event: string, message: string, fields?: object): void;
  back(): void;
  /** The client does not try any more. */
  lost(why: Error): void;
}

export async function watchConnection({ connection, credentials }: Broker, on: ConnectionEvents): Promise<void> {
  void connection.closed().then((why) => why instanceof Error && on.lost(why));
  // Said once, not each time that it is so.
  const said = new Set<string>();
  // Lost anew with each attempt to log in that fails.
  let isAway = false;
  for await (const status of connection.status()) {
    const { type } = status;
    if (type === 'error') {
      const { name, message } = status.error;
      if (said.has(message)) continue;
      said.add(message);
      const { trouble } = credentials;
      const isLockedOut = name === 'AuthorizationError' || name === 'UserAuthenticationExpiredError';
      if (isLockedOut)
        on.log(
          'error',
          'locked-out',
          `the broker does not let this worker in (${message}${trouble === undefined ? '' : `: ${trouble}`}), which goes on trying: renew its credentials`,
          { reason: name },
        );
      else on.log('warn', 'broker-error', `the broker says: ${message}`, { reason: name });
    } else if (type === 'disconnect') {
      if (isAway) continue;
      isAway = true;
      on.log('warn', 'disconnected', 'the broker is away; what runs goes on');
    } else if (type === 'reconnect') {
      on.log('info', 'reconnected', 'the broker is back');
      said.clear();
      isAway = false;
      on.back();
    }
  }
}
