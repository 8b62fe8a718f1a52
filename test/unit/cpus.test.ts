/** The usable processors, on control-group trees made up in a temporary folder. */

import { strict as assert } from 'node:assert';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { usableProcessors } from '../../src/executors/cpus.js';

const options = { timeout: 30_000 };
const all = availableParallelism();

/** What `usableProcessors` makes of a tree: the files below the control-group root, and the text of `/proc/self/cgroup`. */
function on(membership: string | undefined, files: Readonly<Record<string, string>>): number {
  const folder = mkdtempSync(join(tmpdir(), 'cpus-test-'));
  try {
    const root = join(folder, 'cgroup');
    mkdirSync(root);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const membershipPath = join(folder, 'membership');
    if (membership !== undefined) writeFileSync(membershipPath, membership);
    return usableProcessors(root, membershipPath);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The processors that a quota of that many leaves. */
function limitedTo(quota: number): number {
  return Math.max(1, Math.min(all, quota));
}

function v1(folder: string, quota: number, period = 100_000): Record<string, string> {
  return { [`${folder}/cpu.cfs_quota_us`]: `${quota}\n`, [`${folder}/cpu.cfs_period_us`]: `${period}\n` };
}

interface Row {
  readonly title: string;
  readonly membership?: string;
  readonly files: Readonly<Record<string, string>>;
  readonly expected: number;
}

const kubernetes = '/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:0a1b2c';

const rows: readonly Row[] = [
  { title: 'without control groups, all processors are usable', files: {}, expected: all },
  { title: 'an empty membership file limits nothing', membership: '', files: {}, expected: all },
  { title: 'a malformed membership file limits nothing', membership: 'x\n::\n1\n\n', files: {}, expected: all },
  // Version 2
  {
    title: 'v2: a group without a limit limits nothing',
    membership: '0::/a\n',
    files: { 'a/cpu.max': 'max 100000\n' },
    expected: all,
  },
  {
    title: 'v2: a group without the file limits nothing',
    membership: '0::/a\n',
    files: { 'a/cgroup.procs': '' },
    expected: all,
  },
  {
    title: 'v2: a quota of one processor leaves one',
    membership: '0::/a\n',
    files: { 'a/cpu.max': '100000 100000\n' },
    expected: 1,
  },
  {
    title: 'v2: a quota below one processor leaves one',
    membership: '0::/a\n',
    files: { 'a/cpu.max': '1000 100000\n' },
    expected: 1,
  },
  {
    title: 'v2: a quota of one and a half rounds up to two',
    membership: '0::/a\n',
    files: { 'a/cpu.max': '150000 100000\n' },
    expected: limitedTo(2),
  },
  {
    title: 'v2: a quota over the machine leaves the machine',
    membership: '0::/a\n',
    files: { 'a/cpu.max': '99900000 100000\n' },
    expected: all,
  },
  { title: 'v2: the period counts', membership: '0::/a\n', files: { 'a/cpu.max': '100000 1000000\n' }, expected: 1 },
  {
    title: 'v2: a limit of a group further up counts',
    membership: '0::/a/b/c\n',
    files: { 'a/cpu.max': '100000 100000', 'a/b/c/cpu.max': 'max 100000' },
    expected: 1,
  },
  {
    title: 'v2: the tightest limit on the way counts',
    membership: '0::/a/b\n',
    files: { 'a/cpu.max': '900000 100000', 'a/b/cpu.max': '50000 100000' },
    expected: 1,
  },
  {
    title: 'v2: a limit at the root counts, as in a container',
    membership: '0::/\n',
    files: { 'cpu.max': '100000 100000' },
    expected: 1,
  },
  {
    title: "v2: a path that is the host's leads to the limit at the container's root",
    membership: '0::/docker/0a1b2c\n',
    files: { 'cpu.max': '100000 100000' },
    expected: 1,
  },
  {
    title: 'v2: a path above the root of the namespace is the root',
    membership: '0::/../../a\n',
    files: { 'cpu.max': '100000 100000' },
    expected: 1,
  },
  {
    title: "v2: another group's limit is not ours",
    membership: '0::/a\n',
    files: { 'b/cpu.max': '100000 100000' },
    expected: all,
  },
  {
    title: 'v2: a file of rubbish limits nothing',
    membership: '0::/a\n',
    files: { 'a/cpu.max': 'rubbish' },
    expected: all,
  },
  { title: 'v2: an empty file limits nothing', membership: '0::/a\n', files: { 'a/cpu.max': '' }, expected: all },
  {
    title: 'v2: a quota of zero limits nothing',
    membership: '0::/a\n',
    files: { 'a/cpu.max': '0 100000' },
    expected: all,
  },
  {
    title: 'v2: a path with a colon is read whole',
    membership: `0::${kubernetes}\n`,
    files: { [`${kubernetes}/cpu.max`]: '100000 100000' },
    expected: 1,
  },
  // Version 1
  {
    title: 'v1: a quota of -1 limits nothing',
    membership: '3:cpu,cpuacct:/a\n',
    files: v1('cpu,cpuacct/a', -1),
    expected: all,
  },
  {
    title: 'v1: a limit below the joint mount counts',
    membership: '3:cpu,cpuacct:/a\n',
    files: v1('cpu,cpuacct/a', 100_000),
    expected: 1,
  },
  {
    title: 'v1: a limit below the link named cpu counts',
    membership: '3:cpu,cpuacct:/a\n',
    files: v1('cpu/a', 100_000),
    expected: 1,
  },
  {
    title: 'v1: controllers joined in the other order are found',
    membership: '3:cpuacct,cpu:/a\n',
    files: v1('cpuacct,cpu/a', 100_000),
    expected: 1,
  },
  {
    title: 'v1: one and a half rounds up to two',
    membership: '3:cpu:/a\n',
    files: v1('cpu/a', 150_000),
    expected: limitedTo(2),
  },
  {
    title: 'v1: a limit further up counts',
    membership: '3:cpu:/a/b\n',
    files: { ...v1('cpu/a', 50_000), ...v1('cpu/a/b', -1) },
    expected: 1,
  },
  {
    title: "v1: a path that is the host's leads to the limit at the container's root",
    membership: '3:cpu,cpuacct:/docker/0a1b2c\n',
    files: v1('cpu,cpuacct', 100_000),
    expected: 1,
  },
  {
    title: 'v1: only the controller named cpu counts',
    membership: '2:cpuset:/a\n3:cpuacct:/a\n',
    files: { ...v1('cpuset/a', 100_000), ...v1('cpuacct/a', 100_000) },
    expected: all,
  },
  {
    title: 'v1: a quota without a period limits nothing',
    membership: '3:cpu:/a\n',
    files: { 'cpu/a/cpu.cfs_quota_us': '100000' },
    expected: all,
  },
  {
    title: 'v1: a path with a colon is read whole',
    membership: `3:cpu:${kubernetes}\n`,
    files: v1(`cpu${kubernetes}`, 100_000),
    expected: 1,
  },
  // Both
  {
    title: 'a hybrid tree: the v1 limit counts next to an empty v2 group',
    membership: '3:cpu,cpuacct:/a\n0::/a\n',
    files: v1('cpu,cpuacct/a', 100_000),
    expected: 1,
  },
];

for (const { title, membership, files, expected } of rows) {
  test(title, options, () => assert.equal(on(membership, files), expected));
}

test('on this machine there is at least one usable processor, and no more than Node counts', options, () => {
  const processors = usableProcessors();
  assert.ok(Number.isInteger(processors));
  assert.ok(processors >= 1 && processors <= all);
});
