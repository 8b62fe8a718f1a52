/** Programs that a compiler has made into CommonJS, file by file, give the same results, wherever they are started from. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import typescript from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const base = mkdtempSync(join(tmpdir(), 'compiled-'));
after(() => rmSync(base, { recursive: true, force: true }));

const helper = 'export class FarError extends Error {}\nexport const base = 2;\n';
const program = `
import path from 'node:path';
import * as os from 'node:os';
import { ProcessPoolExecutor, ThreadPoolExecutor } from 'concurrent-futures';
import { FarError, base } from './helper';
import * as whole from './helper';
async function main() {
  const results = [];
  for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
    const executor = new Pool({ maxWorkers: 1 });
    results.push(await executor.submit((a) => path.join(a, 'b') + os.EOL + base + whole.base, 'a'));
    const error = await executor.submit(() => { throw new FarError('far'); }).exception();
    results.push(error instanceof FarError);
    await executor.shutdown();
  }
  console.log(JSON.stringify(results));
}
main();
`;

const compilers: Record<string, (text: string) => string> = {
  esbuild: (text) => transformSync(text, { format: 'cjs', target: 'node20' }).code,
  TypeScript: (text) =>
    typescript.transpileModule(text, {
      compilerOptions: {
        module: typescript.ModuleKind.CommonJS,
        target: typescript.ScriptTarget.ES2022,
        esModuleInterop: true,
      },
    }).outputText,
};

for (const [name, compile] of Object.entries(compilers)) {
  test(`CommonJS by ${name}, started from another folder`, { timeout: 60_000 }, () => {
    const folder = join(base, name, 'inner');
    mkdirSync(join(folder, 'node_modules'), { recursive: true });
    symlinkSync(root, join(folder, 'node_modules/concurrent-futures'));
    for (const [file, text] of Object.entries({ helper, program }))
      writeFileSync(join(folder, `${file}.js`), compile(text));
    const ended = spawnSync(process.execPath, ['inner/program.js'], {
      cwd: join(base, name),
      encoding: 'utf8',
      timeout: 30_000,
    });
    assert.equal(ended.status, 0, ended.stderr);
    assert.deepEqual(JSON.parse(ended.stdout), ['a/b\n22', true, 'a/b\n22', true]);
  });
}
