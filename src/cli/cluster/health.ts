/** Tells those who watch a worker (Kubernetes, a load balancer, a person with curl) how it is. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClusterWorkerStatus } from 'concurrent-futures/cluster';
import { messageOf, StartError } from '../usage-error.js';

export interface HealthAddress {
  readonly host: string;
  /** 0 for one that is free. */
  readonly port: number;
}

export interface HealthServer {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  close(): void;
}

const loopback = '127.0.0.1';

/** `8080`, `0.0.0.0:8080`, `[::1]:8080`; `undefined` for anything else. */
export function parseHealthAddress(text: string): HealthAddress | undefined {
  const match = /^(?:(\[[\da-f:.]+\]|[\w.-]+):)?(\d{1,5})$/i.exec(text);
  if (match === null || Number(match[2]) > 65_535) return undefined;
  return { host: (match[1] ?? loopback).replace(/^\[|\]$/g, ''), port: Number(match[2]) };
}

/** @param status `undefined` while the worker has not reached the broker */
export async function serveHealth(
  { host, port }: HealthAddress,
  status: () => ClusterWorkerStatus | undefined,
): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const now = status() ?? { state: 'starting', isConnected: false };
    const answer = (code: number, body: object): void => {
      response.writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(`${JSON.stringify(body)}\n`);
    };
    const path = request.url?.replace(/\?.*$/, '');
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, { error: 'only GET is answered' });
    else if (path === '/healthz') answer(now.isConnected && now.state === 'working' ? 200 : 503, now);
    // While the broker is away, what runs goes on: to start such a worker anew would only lose that.
    else if (path === '/livez') answer(now.state === 'failing' || now.state === 'closed' ? 503 : 200, now);
    else answer(404, { error: 'there are /healthz and /livez' });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new StartError(`can't listen for --health: ${messageOf(error)}`)));
    server.listen(port, host, resolve);
  });
  const { address, port: bound, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
