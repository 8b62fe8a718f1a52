/** What tells whether a module is still, or also elsewhere, the same. */

import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Modules beyond this are not followed. */
const modulesMax = 10_000;
const extensions = ['', '.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json', '/index.ts', '/index.js'];
/** `from '../x'`, `import '../x'`, `import('../x')`, `require('./x')`. In a comment or a text it does no harm. */
const relativeImports = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n]*)\1/g;

/**
 * Of the module's text, and of those that it imports from its own project by their paths; packages are left out.
 *
 * @param read gives the text of each
 */
export function moduleDigest(url: string, read: (url: string) => string = textOf): string {
  const hash = createHash('sha256');
  if (!url.startsWith('file:')) return hash.update(url).digest('hex');
  const seen = new Set<string>([url]);
  for (const each of seen) {
    const text = read(each);
    hash.update(`${text.length}:${text}`);
    if (seen.size >= modulesMax) continue;
    for (const [, , specifier] of text.matchAll(relativeImports)) {
      const found = fileOf(new URL(specifier as string, each));
      if (found !== undefined) seen.add(found);
    }
  }
  return hash.digest('hex');
}

export function textOf(url: string): string {
  return readFileSync(fileURLToPath(url), 'utf8');
}

/** The file behind an import, with the extensions that loaders try; `./x.js` may be written for `./x.ts`. */
function fileOf(url: URL): string | undefined {
  const bare = url.href.replace(/[?#].*$/, '');
  const typed = bare.replace(/\.([mc]?)js$/, '.$1ts');
  const candidates = [...extensions.map((extension) => bare + extension), ...(typed === bare ? [] : [typed])];
  return candidates.find((candidate) => statSync(fileURLToPath(candidate), { throwIfNoEntry: false })?.isFile());
}
