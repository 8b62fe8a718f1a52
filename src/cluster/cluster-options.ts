/** The options of both sides, checked. */

import type { ConnectionOptions, ServerInfo } from '@nats-io/transport-node';
import { wholeNumber } from '../executors/options.js';
import type { BrokerOptions } from './broker.js';
import { type BrokerLimits, defaultLimits } from './make-queue.js';
import { checkedName, Names } from './names.js';
import { type ClusterKey, type Seal, sealFor } from './seal.js';

export interface ClusterOptions {
  /** The broker's address, or several of one cluster: `nats://host:4222`. */
  readonly servers: string | readonly string[];
  /** The name under which submitters and workers meet; `default` by default. */
  readonly queue?: string;
  /** Who this is: a submitter is given the outcomes of earlier ones of its name. */
  readonly name?: string;
  /** Signs tasks and outcomes: a secret of 16 bytes or more that all share, or an Ed25519 pair with the public keys of whom is trusted (docs/security.md). */
  readonly key?: ClusterKey;
  /** Whether to do without signatures though the broker is on another machine: then whoever reaches it can run code on the workers. */
  readonly allowUnsigned?: boolean;
  /** Passed to the broker's client: TLS, credentials. */
  readonly connection?: Partial<ConnectionOptions>;
  /** Whether to make the streams of the queue where they are not there; `true` by default. */
  readonly manageStreams?: boolean;
  /** The largest message that is sent or taken: the arguments of tasks that travel together, or outcomes. 268,435,456 bytes (256 MiB) by default. */
  readonly maxMessageBytes?: number;
  /** How the streams are made. Times in milliseconds. */
  readonly limits?: Partial<BrokerLimits>;
}

const messageBytesMaxDefault = 256 * 1024 * 1024;

export function clusterSettings(
  className: 'ClusterExecutor' | 'ClusterWorker' | 'watchCluster',
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
  const messageBytesMax = wholeNumber('maxMessageBytes', options.maxMessageBytes, 1) ?? messageBytesMaxDefault;
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
      // A submitter's tasks fail when its credentials are taken away; a worker waits until it is let in again.
      connection: { ignoreAuthErrorAbort: className === 'ClusterWorker', ...connection },
      names: new Names(queue),
      limits: { ...defaultLimits, ...limits },
      managesStreams: manageStreams,
      messageBytesMax,
      clientName: `concurrent-futures ${className} ${name ?? ''}`.trim(),
    },
  };
}

/**
 * A broker on this machine that lets anybody in from others is no better than one there: nats-server listens on all addresses where it is not
 * told otherwise. Throws for a worker that would run whatever comes from them.
 */
export function checkReach({ key, allowUnsigned = false }: ClusterOptions, server: ServerInfo | undefined): void {
  if (key !== undefined || allowUnsigned || server === undefined || server.auth_required || isLoopbackHost(server.host))
    return;
  throw new TypeError(
    `ClusterWorker needs a key, since its broker listens on ${server.host} and lets anybody in: whoever reaches it could run code here. ` +
      'Give all submitters and workers the same secret (option key), start nats-server with -a 127.0.0.1, or say allowUnsigned: true.',
  );
}

function isLoopback(address: string): boolean {
  try {
    return isLoopbackHost(new URL(address.includes('://') ? address : `nats://${address}`).hostname);
  } catch (cause) {
    throw new TypeError(`servers must be addresses of brokers, like nats://host:4222; got ${JSON.stringify(address)}`, {
      cause,
    });
  }
}

function isLoopbackHost(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\]|::1)$/.test(host);
}
