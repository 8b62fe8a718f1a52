/**
 * The contract suite and CI's slice of the fault matrix, again and again on two loaded cores: `npm run loaded`, or
 * `npm run loaded -- 10 --bail` for ten rounds and no more once one has failed. Two spinners run beside it; `--spinners 0` where something
 * else loads the machine. Ends with status 1 if any round failed; what a failed round printed is kept.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { values, positionals } = parseArgs({
  options: { bail: { type: 'boolean' }, spinners: { type: 'string', default: '2' } },
  allowPositionals: true,
});
const rounds = Number(positionals[0] ?? 50);
if (!Number.isInteger(rounds) || rounds < 1)
  throw new TypeError(`rounds must be a whole number; got ${positionals[0]}`);

// Everything that is started from here shares two cores, however many there are.
if (availableParallelism() > 2) {
  const { status } = spawnSync('taskset', ['-a', '-p', '-c', '0,1', String(process.pid)], { stdio: 'ignore' });
  if (status !== 0) console.log(`no taskset: this runs on all ${availableParallelism()} processors`);
}
if (spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' }).status !== 0) process.exit(1);

// They look for their parent, since nothing ends them when it is killed.
const spin = 'const parent = process.ppid; while (process.ppid === parent);';
const spinners = Array.from({ length: Number(values.spinners) }, () =>
  spawn(process.execPath, ['-e', spin], { stdio: 'ignore' }),
);
process.on('exit', () => {
  for (const spinner of spinners) spinner.kill('SIGKILL');
});

console.log(`${rounds} rounds beside ${spinners.length} spinners, Node ${process.version}`);
let folder;
let failedRounds = 0;
for (let round = 1; round <= rounds; round++) {
  const startedAt = performance.now();
  const { status, stdout, stderr } = await play();
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const [, tests = '?'] = /^# tests (\d+)/m.exec(stdout) ?? [];
  const [, failed = '?'] = /^# fail (\d+)/m.exec(stdout) ?? [];
  let line = `round ${round}: ${seconds} s, ${tests} tests, ${failed} failed`;
  if (status !== 0) {
    failedRounds += 1;
    folder ??= mkdtempSync(join(tmpdir(), 'loaded-'));
    const file = join(folder, `round-${round}.txt`);
    writeFileSync(file, `${stdout}\n--- standard error ---\n${stderr}`);
    const titles = [...stdout.matchAll(/^ *not ok \d+ - (.*)$/gm)].map(([, title]) => `\n  ${title}`);
    line += `${titles.join('')}\n  ${file}`;
  }
  console.log(line);
  if (status !== 0 && values.bail) break;
}
console.log(failedRounds === 0 ? 'every round passed' : `${failedRounds} rounds failed`);
process.exit(failedRounds === 0 ? 0 : 1);

/** One round, as `npm test -- contract matrix` runs it, but for the build. */
async function play() {
  const env = { ...process.env, MATRIX: '' };
  const child = spawn(process.execPath, ['scripts/test.mjs', '--built', '--tap', 'contract', 'matrix'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  return { status, stdout, stderr };
}
