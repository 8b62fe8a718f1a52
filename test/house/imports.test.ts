import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'acorn';
import { transformSync } from 'esbuild';
import { machinery, rooms, roomsWithMachinery } from './rooms.js';

const src = fileURLToPath(new URL('../../src', import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.d.ts'),
);

/** Type imports count too: what a file knows about is what it depends on. */
function importsOf(file: string): { specifier: string; isType: boolean }[] {
  const text = readFileSync(join(src, file), 'utf8');
  const runtime = transformSync(text, {
    loader: 'ts',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: false } },
  });
  const loaded = specifiers(runtime.code);
  const all = specifiers(
    transformSync(
      text
        .replace(/\bimport type\b/g, 'import')
        .replace(/\bexport type \{/g, 'export {')
        .replace(/([{,]\s*)type (\w)/g, '$1$2'),
      {
        loader: 'ts',
        tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
      },
    ).code,
  );
  return all.map((specifier) => ({ specifier, isType: !loaded.includes(specifier) }));
}

function specifiers(code: string): string[] {
  const program = parse(code, { ecmaVersion: 'latest', sourceType: 'module' });
  return program.body.flatMap((node) =>
    'source' in node && node.source && typeof node.source.value === 'string' ? [node.source.value] : [],
  );
}

const roomOf = (file: string): string => file.split('/')[0]?.replace(/\.ts$/, '') ?? '';

test('every file stands in a room that has its rules', () => {
  for (const file of files) assert.ok(roomOf(file) in rooms, `${file} stands in no known room`);
});

test('imports point only where the table of rooms lets them', () => {
  const wrong = files.flatMap((file) =>
    importsOf(file).flatMap(({ specifier }) => {
      if (!specifier.startsWith('.')) return [];
      const target = roomOf(relative(src, join(src, file, '..', specifier)).replace(/\.js$/, '.ts'));
      const from = roomOf(file);
      return target === from || rooms[from]?.includes(target) ? [] : [`${file} imports ${specifier}`];
    }),
  );
  assert.deepEqual(wrong, []);
});

test('decisions know nothing of threads and processes', () => {
  const wrong = files.flatMap((file) =>
    roomsWithMachinery.includes(roomOf(file))
      ? []
      : importsOf(file)
          .filter(({ specifier, isType }) => machinery.includes(specifier) && !isType)
          .map(({ specifier }) => `${file} imports ${specifier}`),
  );
  assert.deepEqual(wrong, []);
});

test('the core imports no package but the parser, and the command imports the core by its public name only', () => {
  const packages = files.flatMap((file) =>
    importsOf(file).flatMap(({ specifier }) =>
      specifier.startsWith('.') || specifier.startsWith('node:') || specifier.startsWith('worker-source:')
        ? []
        : [{ room: roomOf(file), specifier }],
    ),
  );
  const core = packages.filter(({ room }) => room !== 'cli' && room !== 'cluster').map(({ specifier }) => specifier);
  assert.deepEqual([...new Set(core)], ['acorn']);
});

test('a file is read in one sitting: no source file has more than 300 lines of code', () => {
  const long = files.flatMap((file) => {
    const text = readFileSync(join(src, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
    const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('//')).length;
    return lines > 300 ? [`${file}: ${lines} lines`] : [];
  });
  assert.deepEqual(long, []);
});
