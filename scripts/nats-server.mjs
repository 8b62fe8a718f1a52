/**
 * Another nats-server than the one that is installed, from Debian's archive, unpacked into a folder: `node scripts/nats-server.mjs [suite] [folder]`
 * prints the path of the program. For `NATS_SERVER=$(node scripts/nats-server.mjs) npm test -- cluster`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

const [suite = 'trixie', folder = join(tmpdir(), `nats-server-${suite}`)] = process.argv.slice(2);
const archive = 'http://deb.debian.org/debian';
const program = join(folder, 'usr/sbin/nats-server');

if (!existsSync(program)) {
  const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
  const list = gunzipSync(await download(`dists/${suite}/main/binary-${architecture}/Packages.gz`)).toString();
  const entry = list.split('\n\n').find((text) => text.startsWith('Package: nats-server\n'));
  const [, path] = /^Filename: (.*)$/m.exec(entry ?? '') ?? [];
  if (path === undefined) throw new Error(`Debian ${suite} has no package nats-server`);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'package.deb');
  writeFileSync(file, await download(path));
  execFileSync('dpkg-deb', ['-x', file, folder]);
}
console.log(program);

async function download(path) {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(`${archive}/${path}`);
      if (!response.ok) throw new Error(`${archive}/${path}: ${response.status}`);
      return Buffer.from(await response.arrayBuffer());
    } catch (error) {
      if (attempt === 5) throw error;
      await delay(1000 * attempt);
    }
  }
}
