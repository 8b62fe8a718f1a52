/**
 * Files that are in another place on another machine: told by their package and their path in it.
 *
 *   file:///home/me/app/src/resize.js  ⇄  cf-package:app/src/resize.js  ⇄  file:///srv/app/src/resize.js
 */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, parse, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Refusal } from './refusal.js';

const scheme = 'cf-package:';

interface PackageHere {
  readonly name: string;
  readonly folder: string;
}

const found = new Map<string, PackageHere>();

/** The address of a file by its package; others stay as they are. A folder with no package.json around it is a package without a name. */
export function toPackageUrl(url: string): string {
  if (!url.startsWith('file:')) return url;
  const [bare = url, rest = ''] = url.split(/(?=[?#])/, 2);
  const path = fileURLToPath(bare);
  const { name, folder } = packageAround(dirname(path));
  const inside = relative(folder, path).split(sep).map(encodeURIComponent).join('/');
  return `${scheme}${encodeURIComponent(name)}/${inside}${rest}`;
}

/** Where that file is on this machine: in the package at `root` or around it, or in one that is installed there. Throws a {@link Refusal}. */
export function fromPackageUrl(url: string, root: string): string {
  // Where a file is on the submitter's machine says nothing here.
  if (url.startsWith('file:'))
    throw new Refusal('MALFORMED', `the module ${url} is named by its place on another machine`);
  if (!url.startsWith(scheme)) return url;
  const { name, inside, rest } = parsed(url);
  const folder = folderOf(name, root);
  const path = folder === undefined ? undefined : join(folder, ...inside);
  if (path !== undefined && existsSync(path)) return pathToFileURL(path).href + rest;
  const whose = name === '' ? 'of the submitting program' : `of package "${name}"`;
  const why =
    folder === undefined ? `no such package is at ${root}, around it or installed there` : `it is not in ${folder}`;
  throw new Refusal(
    'CODE_NOT_FOUND',
    `the module ${inside.join('/')} ${whose} is not on this worker: ${why}. Install the same code there, and start the worker in its folder (or with --root)`,
  );
}

/** `package/path` of such an address; `undefined` for others. Throws a {@link Refusal}. */
export function moduleOf(url: string): string | undefined {
  if (!url.startsWith(scheme)) return undefined;
  const { name, inside } = parsed(url);
  return [name, ...inside].join('/');
}

/** Whatever an address says, it stays within its package. */
function parsed(url: string): { name: string; inside: string[]; rest: string } {
  const [bare = url, rest = ''] = url.slice(scheme.length).split(/(?=[?#])/, 2);
  const [encodedName = '', ...steps] = bare.split('/');
  const name = decoded(encodedName);
  const inside = steps.map(decoded);
  if (name !== '' && !packageName.test(name)) throw new Refusal('MALFORMED', `"${name}" is no name of a package`);
  if (inside.some((step) => step === '..' || step === '.' || forbidden.test(step)))
    throw new Refusal('MALFORMED', `the path ${inside.join('/')} leads out of its package`);
  return { name, inside, rest };
}

const packageName = /^(?:@[^@/\\:.][^/\\:]*\/)?[^@/\\:.][^/\\:]*$/;
/** In one step of a path: what would begin another one, here or on Windows, or end it. */
const forbidden = /[/\\\0]/;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new Refusal('MALFORMED', `the address of a module can't be read: ${text}`, { cause });
  }
}

/** Whether an address is one of these. */
export function isPackageUrl(url: string): boolean {
  return url.startsWith(scheme);
}

function folderOf(name: string, root: string): string | undefined {
  const own = packageAround(root);
  if (name === own.name) return own.folder;
  for (let folder = root; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (name !== '' && existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === parse(folder).root) return undefined;
  }
}

function packageAround(start: string): PackageHere {
  const known = found.get(start);
  if (known !== undefined) return known;
  const made = lookAround(start);
  found.set(start, made);
  return made;
}

function lookAround(start: string): PackageHere {
  for (let folder = start; folder !== parse(folder).root; folder = dirname(folder)) {
    try {
      const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown };
      // Nested ones often say no more than `"type": "module"`.
      if (typeof name === 'string') return { name, folder };
    } catch {
      // None here, or none that can be read: Node goes on looking, too.
    }
  }
  return { name: '', folder: start };
}
