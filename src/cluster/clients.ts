/** The broker's client: an optional peer dependency, loaded when it is needed. */

import { BrokerError } from './broker-errors.js';

export type Clients = typeof import('@nats-io/jetstream') &
  typeof import('@nats-io/transport-node') &
  typeof import('@nats-io/obj');

export async function loadClients(): Promise<Clients> {
  try {
    const [transport, jetstream, obj] = await Promise.all([
      import('@nats-io/transport-node'),
      import('@nats-io/jetstream'),
      import('@nats-io/obj'),
    ]);
    return { ...transport, ...jetstream, ...obj };
  } catch (cause) {
    throw new BrokerError(
      'the cluster needs the client of its broker, which is not installed with this package: npm install @nats-io/transport-node @nats-io/jetstream @nats-io/obj',
      false,
      cause,
    );
  }
}
