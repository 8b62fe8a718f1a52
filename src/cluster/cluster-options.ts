/** The options of both sides, checked. */

import type { ConnectionOptions } from '@nats-io/transport-node';
import { type BrokerLimits, type BrokerOptions, defaultLimits } from './broker.js';
import { checkedName, Names } from './names.js';
import { type ClusterKey, type Seal, sealFor } from './seal.js';

export interface ClusterOptions {
  /** The broker's address, or several of one cluster: `nats://host:4222`. */
  readonly servers: string | readonly string[];
  /** The name under which submitters and workers meet; `default` by default. */
  readonly queue?: string;
  /** Who this is: a submitter is given the outcomes of earlier ones of its name. */
  readonly name?: string;
  /** Signs tasks and outcomes: a secret of 16 bytes or more that all share, or an Ed25519 pair with the public keys of whom is trusted. */
  readonly key?: ClusterKey;
  /** Whether to do without signatures though the broker is on another machine: then whoever reaches it can run code on the workers. */
  readonly allowUnsigned?: boolean;
  /** Passed to the broker's client: TLS, credentials. */
  readonly connection?: Partial<ConnectionOptions>;
  /** Whether to make the streams of the queue where they are not there; `true` by default. */
  readonly manageStreams?: boolean;
  /** How the streams are made. Times in milliseconds. */
  readonly limits?: Partial<BrokerLimits>;
}

export function clusterSettings(
  className: string,
  options: ClusterOptions,
): { readonly broker: BrokerOptions; readonly seal: Seal } {
  const {
    servers,
    queue = 'default',
    key,
    allowUnsigned = false,
    connection = {},
    manageStreams = true,
    limits = {},
    name,
  } = options;
  const addresses = [servers].flat() as string[];
  if (addresses.length === 0 || addresses.some((each) => typeof each !== 'string' || each === ''))
    throw new TypeError(
      `servers must be the address of a broker, or a list of them, like nats://host:4222; got ${JSON.stringify(servers)}`,
    );
  if (name !== undefined) checkedName('name', name);
  const far = addresses.find((address) => !isLoopback(address));
  if (key === undefined && far !== undefined && !allowUnsigned) {
    throw new TypeError(
      `${className} needs a key, since ${far} is another machine: whoever reaches that broker could run code on the workers. ` +
        'Give all submitters and workers the same secret (option key), or say allowUnsigned: true.',
    );
  }
  return {
    seal: sealFor(key),
    broker: {
      servers: addresses,
      connection,
      names: new Names(queue),
      limits: { ...defaultLimits, ...limits },
      managesStreams: manageStreams,
      clientName: `concurrent-futures ${className} ${name ?? ''}`.trim(),
    },
  };
}

function isLoopback(address: string): boolean {
  const { hostname } = new URL(address.includes('://') ? address : `nats://${address}`);
  return /^(localhost|127(\.\d+){3}|\[::1\]|::1)$/.test(hostname);
}
