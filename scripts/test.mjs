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

if (!args.includes('--built') && node(['scripts/build.mjs']) !== 0) process.exit(1);
// What failed comes once more at the end: whoever has only the last part of a long log still sees it.
const reporter = [`--test-reporter=${args.includes('--tap') ? 'tap' : 'spec'}`];
// Three files at a time on two cores: with two, a fifth of the time is spent waiting. Test runners that are run by tests (situations) have time limits of their own.
const isSituation = (file) => file.startsWith(join('test', 'situations'));
const groups = [
  { files: files.filter(isSituation), concurrency: 2 },
  { files: files.filter((file) => !isSituation(file)), concurrency: 3 },
].filter((group) => group.files.length > 0);
const statuses = groups.map(({ files, concurrency }) =>
  node(['--import', 'tsx', '--test', `--test-concurrency=${concurrency}`, ...reporter, ...files.sort()]),
);
process.exitCode = statuses.find((status) => status !== 0) ?? 0;

function node(args) {
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
}
