/**
 * Functions between machines: each is stored once, under the digest of its bytes.
 *
 *   handle ──► addresses of files by package, with digests of their modules ──► bytes ──► digest
 *   bytes ──► addresses of files here; is the code the same? ──► handle for this machine's pool
 */

import { createHash } from 'node:crypto';
import { moduleDigest } from '../digests/module-digest.js';
import { FunctionHandle } from '../functions/handle.js';
import type { PortableFunction, UnitContent } from '../protocol/portable.js';
import { decode, encode } from './codec.js';
import { fromPackageUrl, isPackageUrl, moduleOf, toPackageUrl } from './packages.js';
import { Refusal } from './refusal.js';

interface StoredCode {
  readonly name: string;
  readonly portable: PortableFunction;
  readonly units: readonly (readonly [id: number, UnitContent])[];
  /** Where its texts stood on the submitter's machine, for stacks, by address. */
  readonly places: readonly (readonly [url: string, original: string])[];
  /** The digests of the modules that it is imported from, by address. */
  readonly modules: readonly (readonly [url: string, digest: string])[];
}

export interface Code {
  readonly digest: string;
  readonly bytes: Buffer;
}

const made = new WeakMap<FunctionHandle, Code>();

/** How a function is stored; the same each time. */
export function codeOf(handle: FunctionHandle): Code {
  let code = made.get(handle);
  if (code === undefined) {
    const bytes = encode(stored(handle), false);
    code = { digest: createHash('sha256').update(bytes).digest('hex').slice(0, 32), bytes };
    made.set(handle, code);
  }
  return code;
}

function stored(handle: FunctionHandle): StoredCode {
  const modules = new Map<string, string>();
  const places = new Map<string, string>();
  const portable = withUrls(handle.portable, (url, isImported) => {
    const packaged = toPackageUrl(url);
    if (isImported && isPackageUrl(packaged)) modules.set(packaged, moduleDigest(url));
    if (!isImported && packaged !== url) places.set(packaged, url);
    return packaged;
  });
  // Numbers that start anew in each function, so that the same function has the same digest in every program.
  const numbers = new Map(handle.units.map(({ id }, i) => [id, i] as const));
  const units = handle.units.map(({ id, content }) => [numbers.get(id) as number, content] as const);
  return {
    name: handle.name,
    portable: renumbered(portable, numbers),
    units,
    places: [...places],
    modules: [...modules],
  };
}

export interface CodeRules {
  /** Where this machine's code is. */
  readonly root: string;
  /** Packages or modules (`package`, `package/path.js`) from which functions may come; all, and texts of functions, where not given. */
  readonly allowedModules: readonly string[] | undefined;
}

let lastUnit = 0;

export interface FoundCode {
  /** For a pool of this machine. */
  readonly handle: FunctionHandle;
  /** The modules of this machine that it is imported from, by address, and the digests of the submitter's. */
  readonly modules: readonly (readonly [url: string, digest: string])[];
}

/** Throws a {@link Refusal} for a function that is not to run, or is not there. */
export function foundCode({ digest, bytes }: Code, rules: CodeRules): FoundCode {
  if (createHash('sha256').update(bytes).digest('hex').slice(0, 32) !== digest)
    throw new Refusal('MALFORMED', 'a function is not the one that its digest says');
  try {
    return revived(decode(bytes) as StoredCode, rules);
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw new Refusal('MALFORMED', `a function can't be read: ${(cause as Error).message}`, { cause });
  }
}

function revived({ name, portable, units, places, modules }: StoredCode, rules: CodeRules): FoundCode {
  checkAllowed(portable, rules.allowedModules);
  const stood = new Map(places);
  const local = withUrls(portable, (url, isImported) => {
    if (isImported) return fromPackageUrl(url, rules.root);
    // A text that came whole only bears the address of where it stood.
    return existing(url, rules.root) ?? stood.get(url) ?? url;
  });
  // Numbers of this process: its workers know units of several submitters.
  const numbers = new Map(units.map(([id]) => [id, --lastUnit] as const));
  const ownUnits = units.map(([id, content]) => ({ id: numbers.get(id) as number, content }));
  const original = Object.defineProperty(() => {}, 'name', { value: name });
  return {
    handle: new FunctionHandle(original, renumbered(local, numbers), ownUnits, true),
    modules: modules.map(([url, digest]) => [fromPackageUrl(url, rules.root), digest] as const),
  };
}

function existing(url: string, root: string): string | undefined {
  try {
    return fromPackageUrl(url, root);
  } catch {
    return undefined;
  }
}

function checkAllowed(portable: PortableFunction, allowed: readonly string[] | undefined): void {
  if (allowed === undefined) return;
  if (portable.kind !== 'reference')
    throw new Refusal(
      'MODULE_NOT_ALLOWED',
      'this worker runs only functions that modules export (--allow-module), and this one came as text or is built in',
    );
  // Of a CommonJS module that is a function, that would be what makes functions of texts.
  if (portable.name === 'constructor') throw new Refusal('MODULE_NOT_ALLOWED', 'no module exports its constructor');
  const module = moduleOf(portable.url);
  if (module === undefined)
    throw new Refusal(
      'MODULE_NOT_ALLOWED',
      'this worker runs only functions of packages, and this one comes from elsewhere',
    );
  if (allowed.some((each) => module === each || module.startsWith(`${each}/`))) return;
  throw new Refusal(
    'MODULE_NOT_ALLOWED',
    `this worker does not run functions of ${module}: allow it with --allow-module ${module}`,
  );
}

/** The function with other addresses. What is imported from an address must be there; a text only remembers where it stood. */
function withUrls<T>(form: T, change: (url: string, isImported: boolean) => string): T {
  if (Array.isArray(form)) return form.map((item) => withUrls(item, change)) as T;
  if (typeof form !== 'object' || form === null || ArrayBuffer.isView(form)) return form;
  const { kind } = form as { kind?: unknown };
  const entries = Object.entries(form).map(([key, value]) => [
    key,
    key === 'url' && typeof value === 'string'
      ? change(value, kind === 'reference' || kind === 'import' || kind === 'require')
      : withUrls(value, change),
  ]);
  return Object.fromEntries(entries) as T;
}

function renumbered(portable: PortableFunction, numbers: ReadonlyMap<number, number>): PortableFunction {
  if (portable.kind !== 'value') return portable;
  const number = (id: number): number => numbers.get(id) as number;
  return {
    ...portable,
    units: portable.units.map(number),
    objects: portable.objects.map((form) => (form.kind === 'data' ? { ...form, unit: number(form.unit) } : form)),
  };
}
