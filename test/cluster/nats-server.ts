/** A broker of one's own: in a folder and on a port of its own, on this machine only. */

import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { missing } from '../cli/system-package.js';

/** Not the temporary folder, which tests watch. */
const serversFolder = '/tmp';

const debian = '/usr/sbin/nats-server';

/** Why there is no broker; `false` where there is one: `$NATS_SERVER`, or Debian's package, installed where it is missing and can be. */
export function serverHindrance(): string | false {
  if (process.env['NATS_SERVER'] !== undefined || existsSync(debian)) return false;
  const hindrance = missing('nats-server');
  return hindrance === false ? false : `the cluster's tests need a broker: ${hindrance}, or name one by NATS_SERVER`;
}

export function natsServer(): string {
  const hindrance = serverHindrance();
  if (hindrance !== false) throw new Error(hindrance);
  // Debian's is not on a normal user's PATH.
  return process.env['NATS_SERVER'] ?? (existsSync(debian) ? debian : 'nats-server');
}

export interface TestServer {
  readonly url: string;
  readonly port: number;
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again, on the same port and with what it has stored. */
  start(): Promise<void>;
  /** What it has stored is lost; it is to be killed first, as for what follows. */
  wipe(): void;
  /** Keeps a copy of what it has stored. */
  save(): void;
  /** It has what it had then. */
  restore(): void;
  /** Gives it other lines of configuration, while it runs. */
  reload(config: string): void;
  /** What it has logged. */
  log(): string;
  stop(): Promise<void>;
}

/** @param config lines of its configuration besides address and storage */
export async function startServer(config = ''): Promise<TestServer> {
  const program = natsServer();
  const folder = mkdtempSync(join(serversFolder, 'nats-'));
  const port = await freePort();
  const file = join(folder, 'server.conf');
  let configured = '';
  const configure = (lines: string): void => {
    configured = lines;
    writeFileSync(file, `host: 127.0.0.1\nport: ${port}\njetstream { store_dir: "${folder}/js" }\n${lines}\n`);
  };
  configure(config);
  let child: ChildProcess | undefined;
  const end = (): void => void child?.kill('SIGKILL');
  process.on('exit', end);
  const start = async (): Promise<void> => {
    child = spawn(program, ['-c', file, '-l', join(folder, 'log')], { stdio: 'ignore' });
    child.unref();
    await greeting(port, child);
  };
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    const running = child;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    running.ref();
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await gone;
  };
  const wipe = (): void => rmSync(join(folder, 'js'), { recursive: true, force: true });
  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    kill,
    start,
    wipe,
    save: () => cpSync(join(folder, 'js'), join(folder, 'saved'), { recursive: true }),
    restore: () => {
      wipe();
      cpSync(join(folder, 'saved'), join(folder, 'js'), { recursive: true });
    },
    reload: (lines) => {
      // While it reads that, it may let in nobody for a moment.
      if (lines === configured) return;
      configure(lines);
      child?.kill('SIGHUP');
    },
    log: () => readFileSync(join(folder, 'log'), 'utf8'),
    stop: async () => {
      await kill();
      process.off('exit', end);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** A server says who it is as soon as it listens. */
async function greeting(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}`);
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, '127.0.0.1');
      const say = (answer: boolean): void => {
        socket.destroy();
        resolve(answer);
      };
      socket.once('data', () => say(true)).once('error', () => say(false));
    });
    if (isThere) return;
    await delay(10);
  }
}
