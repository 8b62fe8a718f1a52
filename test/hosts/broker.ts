/** A broker on a host of its own; several make one NATS cluster. */

import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { natsServer } from '../cluster/nats-server.js';
import { eventually } from '../contract/gates.js';
import type { Hosts } from './hosts.js';

const port = 4222;
const routesPort = 6222;

export class HostBroker {
  readonly host: string;
  readonly url: string;
  readonly #hosts: Hosts;
  readonly #files: { readonly config: string; readonly log: string };
  #process: ChildProcess | undefined;

  /** @param peers all brokers of its cluster; none where it is alone */
  constructor(hosts: Hosts, host: string, folder: string, peers: readonly string[]) {
    const address = hosts.addressOf(host);
    this.host = host;
    this.url = `nats://${address}:${port}`;
    this.#hosts = hosts;
    this.#files = { config: join(folder, `${host}.conf`), log: join(folder, `${host}.log`) };
    const routes = peers.map((peer) => `nats://${hosts.addressOf(peer)}:${routesPort}`).join(', ');
    const cluster = `cluster { name: hosts, listen: "${address}:${routesPort}", routes: [${routes}] }`;
    const lines = [
      `server_name: ${host}`,
      `host: ${address}`,
      `port: ${port}`,
      `jetstream { store_dir: "${join(folder, host)}" }`,
      ...(peers.length > 0 ? [cluster] : []),
    ];
    writeFileSync(this.#files.config, lines.join('\n'));
  }

  /** Starts it, or starts it again with what it has stored; resolves once it listens. */
  async start(): Promise<void> {
    const { config, log } = this.#files;
    const before = this.#readyCount();
    this.#process = this.#hosts.spawn(this.host, natsServer(), ['-c', config, '-l', log], { stdio: 'ignore' });
    await eventually(() => this.#readyCount() > before, `${this.host} to be ready`, 20_000);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#process;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await gone;
  }

  #readyCount(): number {
    return this.#log().split('Server is ready').length;
  }

  #log(): string {
    const { log } = this.#files;
    return existsSync(log) ? readFileSync(log, 'utf8') : '';
  }
}
