/**
 * Builds, then runs every test file: `npm test`, or `npm test -- contract cli/logs` for some folders and
 * files of test/. `--built` leaves the build out, `--tap` prints what programs read.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(folder, file));
}

/** `cluster`, `cluster/faults`, `test/cluster/faults.test.ts`: what there is of that name. */
function pathOf(name) {
  const path = [join('test', name), join('test', `${name}.test.ts`), name].find((each) => existsSync(each));
  if (path !== undefined) return path;
  console.error(
    `there are no tests in ${name}; name a folder or a file of test/, such as "cluster" or "cluster/faults"`,
  );
  process.exit(2);
}

const args = process.argv.slice(2);
const wanted = args.filter((arg) => !arg.startsWith('--'));
const paths = wanted.length === 0 ? ['test'] : wanted.map(pathOf);
const files = paths.flatMap((path) => (statSync(path).isDirectory() ? filesIn(path) : [path]));

if (!args.includes('--built')) run(['scripts/build.mjs']);
// What failed comes once more at the end: whoever has only the last part of a long log still sees it.
const reporter = [`--test-reporter=${args.includes('--tap') ? 'tap' : 'spec'}`];
// Three files at a time on two cores: with two, a fifth of the time was spent waiting.
run(['--import', 'tsx', '--test', '--test-concurrency=3', ...reporter, ...files.sort()]);

function run(args) {
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
