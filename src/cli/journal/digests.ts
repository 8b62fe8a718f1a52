/** What tells whether a module or a file of inputs is still the one of an earlier run. */

import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { matchedFiles } from '../inputs/matched-files.js';
import type { InputChoice } from '../inputs/open-inputs.js';
import { fileProblem, UsageError } from '../usage-error.js';

/** Modules beyond this are not followed. */
const modulesMax = 10_000;
const extensions = ['', '.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json', '/index.ts', '/index.js'];
/** `from '../x'`, `import '../x'`, `import('../x')`, `require('./x')`. In a comment or a text it does no harm. */
const relativeImports = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n]*)\1/g;

/** Of the module's text, and of those that it imports from its own project by their paths; packages are left out. */
export async function moduleDigest(url: string): Promise<string> {
  const hash = createHash('sha256');
  if (!url.startsWith('file:')) return hash.update(url).digest('hex');
  const seen = new Set<string>([url]);
  for (const each of seen) {
    const text = readFileSync(fileURLToPath(each), 'utf8');
    hash.update(`${text.length}:${text}`);
    if (seen.size >= modulesMax) continue;
    for (const [, , specifier] of text.matchAll(relativeImports)) {
      const found = fileOf(new URL(specifier as string, each));
      if (found !== undefined) seen.add(found);
    }
  }
  return hash.digest('hex');
}

/** The file behind an import, with the extensions that loaders try; `./x.js` may be written for `./x.ts`. */
function fileOf(url: URL): string | undefined {
  const bare = url.href.replace(/[?#].*$/, '');
  const typed = bare.replace(/\.([mc]?)js$/, '.$1ts');
  const candidates = [...extensions.map((extension) => bare + extension), ...(typed === bare ? [] : [typed])];
  return candidates.find((candidate) => statSync(fileURLToPath(candidate), { throwIfNoEntry: false })?.isFile());
}

/** Of a file's bytes, or of the list of inputs or of files that match; `undefined` for standard input, which can't be read twice. */
export async function inputsDigest(choice: InputChoice): Promise<string | undefined> {
  const hash = createHash('sha256');
  switch (choice.kind) {
    case 'stdin':
      return undefined;
    case 'arguments':
      return hash.update(JSON.stringify(choice.values)).digest('hex');
    case 'glob':
      return hash.update(JSON.stringify(await matchedFiles(choice.patterns))).digest('hex');
    case 'file':
      // A pipe is read once, by the run.
      if (!statSync(choice.path, { throwIfNoEntry: false })?.isFile()) return undefined;
      try {
        for await (const chunk of createReadStream(choice.path)) hash.update(chunk as Uint8Array);
      } catch (error) {
        throw new UsageError(`can't read the inputs in ${choice.path}: ${fileProblem(error)}`);
      }
      return hash.digest('hex');
    default:
      return choice satisfies never;
  }
}
