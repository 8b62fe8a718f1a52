/** The worker's side: a portable function → a function. */

import { createRequire } from 'node:module';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { FunctionNotPortableError } from '../errors.js';
import { importName, type PortableFunction } from '../protocol/messages.js';

type ValueFunction = Extract<PortableFunction, { kind: 'value' }>;
export type Callable = (...args: unknown[]) => unknown;
/** `import()` as the worker's own start-up code sees it. */
export type ImportModule = (url: string) => Promise<Record<string, unknown>>;

/** Makes the function; a reference needs an import and so gives a promise. */
export function revive(portable: PortableFunction, importModule: ImportModule): Callable | Promise<Callable> {
  switch (portable.kind) {
    case 'value':
      return reviveValue(portable, importModule);
    case 'builtin':
      return reviveBuiltin(portable.module, portable.path);
    case 'reference':
      return importModule(portable.url).then((namespace) => pickExport(namespace, portable.url, portable.name));
    default:
      return portable satisfies never;
  }
}

function reviveValue({ source, url, line, strict }: ValueFunction, importModule: ImportModule): Callable {
  const mode = strict ? "'use strict'; " : '';
  const script = new vm.Script(`(function (${importName}) { ${mode}return (${source}\n); })`, {
    filename: line === undefined || url === undefined ? 'concurrent-futures:function' : url,
    lineOffset: line ?? 0,
  });
  const make = script.runInThisContext() as (load: ImportModule) => Callable;
  return make((specifier) => importModule(resolveFrom(url, String(specifier))));
}

/** Resolves what `import()` names as the module at `url` would. */
function resolveFrom(url: string | undefined, specifier: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(specifier)) return specifier;
  const base = url ?? pathToFileURL(`${process.cwd()}/`).href;
  if (/^\.{0,2}\//.test(specifier)) return new URL(specifier, base).href;
  const resolved = createRequire(base).resolve(specifier);
  return isAbsolute(resolved) ? pathToFileURL(resolved).href : resolved;
}

function reviveBuiltin(module: string | undefined, path: string): Callable {
  const root = module === undefined ? globalThis : (createRequire(process.execPath)(module) as object);
  const steps = path.split('.');
  const last = steps.pop() as string;
  const owner = steps.reduce((value, step) => (value as Record<string, object>)[step] as object, root);
  // Called on its owner: `Promise.resolve` and the like need their `this`.
  return (...args) => ((owner as Record<string, Callable>)[last] as Callable)(...args);
}

function pickExport(namespace: Record<string, unknown>, url: string, name: string): Callable {
  const direct = namespace[name];
  if (typeof direct === 'function') return direct as Callable;
  // A CommonJS module's exports are seen whole only through its default.
  const whole = namespace['default'] as Record<string, unknown> | undefined | null;
  const nested = whole?.[name];
  if (typeof nested === 'function') return nested as Callable;
  const functions = Object.keys(namespace).filter((key) => typeof namespace[key] === 'function');
  const has = functions.length > 0 ? `its functions are ${functions.join(', ')}` : 'it exports no function';
  throw new FunctionNotPortableError(`module ${url} exports no function "${name}"; ${has}`);
}
