/** Brokers of one's own, on this machine only: nats-server with JetStream, and redis-server. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const natsServer =
  process.env.NATS_SERVER ?? (existsSync('/usr/sbin/nats-server') ? '/usr/sbin/nats-server' : 'nats-server');

export function versionOf(command, option = '--version') {
  const { status, stdout } = spawnSync(command, [option], { encoding: 'utf8' });
  return status === 0 ? stdout.trim().split('\n')[0] : undefined;
}

/** `monitor` is the address where it says what it does. */
export async function startNats() {
  const httpPort = await freePort();
  const broker = await start('nats', (folder, port) => {
    const file = join(folder, 'server.conf');
    const lines = [`host: 127.0.0.1`, `port: ${port}`, `http: "127.0.0.1:${httpPort}"`];
    writeFileSync(file, `${lines.join('\n')}\njetstream { store_dir: "${folder}/js" }\n`);
    return [natsServer, ['-c', file, '-l', join(folder, 'log')]];
  });
  return Object.assign(broker, { monitor: `http://127.0.0.1:${httpPort}` });
}

/** Durable as far as JetStream is by default: written at once, and to the disk once a second. */
export async function startRedis() {
  return start('redis', (folder, port) => [
    'redis-server',
    [
      '--port',
      port,
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--appendonly',
      'yes',
      '--save',
      '',
      '--maxmemory-policy',
      'noeviction',
    ],
  ]);
}

async function start(scheme, command) {
  const folder = mkdtempSync('/tmp/broker-');
  const port = await freePort();
  const [program, args] = command(folder, port);
  let child;
  const kill = () => {
    child?.kill('SIGKILL');
  };
  process.on('exit', kill);
  const run = async () => {
    child = spawn(program, args.map(String), { stdio: 'ignore' });
    while (!(await listens(port))) {
      if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
      await delay(20);
    }
  };
  await run();
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    get pid() {
      return child.pid;
    },
    kill: async () => {
      const gone = once(child, 'exit');
      kill();
      await gone;
    },
    /** After it was killed: on the same port, with what it has stored. */
    run,
    stop: () => {
      process.off('exit', kill);
      kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    const say = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => say(true)).once('error', () => say(false));
  });
}
