/** Stacks of functions that travel by their text point into the file that the user wrote. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { options, project, run } from './projects.js';

const source = `import { ProcessPoolExecutor, ThreadPoolExecutor } from 'concurrent-futures';

interface Thing {
  n: number;
}

const helper = (n: number): number => {
  const thing: Thing = { n };
  if (import.meta.url && thing.n > 0) throw new Error('from the helper');
  return n;
};

for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
  const executor = new Pool({ maxWorkers: 1 });
  const error = (await executor.submit((n: number) => 1 + helper(n), 3).exception()) as Error;
  console.log(error.stack);
  await executor.shutdown();
}
`;

/** The same lines and columns without the types. */
const plain = source
  .replace('interface Thing {\n  n: number;\n}', '\n\n')
  .replaceAll(': number', '        ')
  .replaceAll(': Thing', '       ')
  .replace(' as Error', '');

/** The places of the functions in the order of the calls, and of the submit, as `line:column`. */
function places(stack: string): string[] {
  return [...stack.matchAll(/main\.m?[jt]s:(\d+:\d+)/g)].map(([, place]) => place as string);
}

async function check(cwd: string, args: readonly string[]): Promise<void> {
  const { stdout, stderr, status } = await run({ cwd, args });
  assert.equal(status, 0, stderr);
  const [, ...stacks] = stdout.split('Error: from the helper');
  assert.equal(stacks.length, 2);
  for (const stack of stacks) {
    assert.deepEqual(places(stack).slice(0, 3), ['9:45', '15:59', '15:33'], stack);
    assert.match(stack, /^\s+at helper \(/);
  }
}

const manifest = { 'package.json': '{ "type": "module" }' };

test('in an ES module', options, () => check(project('esm', { ...manifest, 'main.js': plain }), ['main.js']));

test('in TypeScript, by tsx', options, () =>
  check(project('tsx', { ...manifest, 'main.ts': source }), ['--import', 'tsx', 'main.ts']),
);

const strips = Boolean((process.features as { typescript?: unknown }).typescript);

test('in TypeScript, by native stripping', { ...options, skip: !strips && 'this Node does not strip types' }, () =>
  check(project('strip', { ...manifest, 'main.ts': source }), ['main.ts']),
);
