/** The worker's side: a portable function → a function. */

import { createRequire } from 'node:module';
import { dirname, isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { FunctionNotPortableError } from '../errors.js';
import { type Capture, importName, metaName, type Part, type PortableFunction } from '../protocol/portable.js';

export type Callable = (...args: unknown[]) => unknown;
/** `import()` as the worker's own start-up code sees it. */
export type ImportModule = (url: string) => Promise<Record<string, unknown>>;

type ValueFunction = Extract<PortableFunction, { kind: 'value' }>;

/** Makes the function; a promise where something has to be imported first. */
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

function reviveValue(portable: ValueFunction, importModule: ImportModule): Callable | Promise<Callable> {
  const captures = portable.parts.flatMap((part) => [...flat(part.captures)]);
  const pending = captures.flatMap((capture) => {
    const loading = load(capture, importModule);
    return loading instanceof Promise ? [loading.then((value) => [capture, value] as const)] : [];
  });
  if (pending.length === 0) return new Assembly(portable, new Map(), importModule).root;
  return Promise.all(pending).then((loaded) => new Assembly(portable, new Map(loaded), importModule).root);
}

function* flat(captures: Part['captures']): Iterable<Capture> {
  for (const [, capture] of captures) {
    if (capture.kind === 'members') yield* flat(capture.members);
    else yield capture;
  }
}

/** A name that no function captures. */
const valuesName = '__concurrentFuturesValues';

/** What can't be had at once: an import, or a function of another module. */
function load(capture: Capture, importModule: ImportModule): Promise<unknown> | undefined {
  if (capture.kind === 'import') {
    const { url, specifier, name } = capture;
    return importModule(resolveFrom(url, specifier)).then((namespace) => (name === '*' ? namespace : namespace[name]));
  }
  if (capture.kind !== 'function') return undefined;
  const revived = revive(capture.portable, importModule);
  return revived instanceof Promise ? revived : undefined;
}

interface CompiledPart {
  /** Sets what the names that it uses from outside stand for. */
  bind(values: unknown[]): void;
  make(): unknown;
}

/** Puts the parts together. A part is made before its captures are bound, so that they may lead back to it. */
class Assembly {
  readonly #portable: ValueFunction;
  readonly #loaded: ReadonlyMap<Capture, unknown>;
  readonly #importModule: ImportModule;
  readonly #made = new Map<number, unknown>();
  /** How to give the parts that assign what they capture their first values again. */
  readonly #assigning: (() => void)[] = [];

  constructor(portable: ValueFunction, loaded: ReadonlyMap<Capture, unknown>, importModule: ImportModule) {
    this.#portable = portable;
    this.#loaded = loaded;
    this.#importModule = importModule;
  }

  get root(): Callable {
    const root = this.#part(0) as Callable;
    const resets = this.#assigning;
    if (resets.length === 0) return root;
    // Each call starts from what was captured, whatever the one before it assigned. (Objects are not copied again.)
    return (...args) => {
      for (const reset of resets) reset();
      return root(...args);
    };
  }

  #part(index: number): unknown {
    if (this.#made.has(index)) return this.#made.get(index);
    const part = this.#portable.parts[index] as Part;
    const { make, bind } = this.#compile(part);
    if (part.isEager) bind(part.captures.map(([, capture]) => this.#resolve(capture)));
    const made = make();
    this.#made.set(index, made);
    const reset = (): void => bind(part.captures.map(([, capture]) => this.#resolve(capture)));
    reset();
    if (part.assigns) this.#assigning.push(reset);
    return made;
  }

  #resolve(capture: Capture): unknown {
    switch (capture.kind) {
      case 'value':
        return this.#portable.values[capture.index];
      case 'part':
        return this.#part(capture.index);
      case 'result':
        return (this.#part(capture.index) as () => unknown)();
      case 'members':
        return this.#members(capture.members);
      case 'require':
        return createRequire(capture.url);
      case 'import':
        return this.#loaded.get(capture);
      case 'function':
        return this.#loaded.get(capture) ?? revive(capture.portable, this.#importModule);
      default:
        return capture satisfies never;
    }
  }

  /** Each is looked up when it is first used, since members may lead back to whoever captures them. */
  #members(members: Part['captures']): object {
    const object = {};
    for (const [name, capture] of members) {
      const set = (value: unknown): unknown => {
        Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
        return value;
      };
      const get = (): unknown => set(this.#resolve(capture));
      Object.defineProperty(object, name, { get, set, enumerable: true, configurable: true });
    }
    return object;
  }

  #compile({ source, url, line, strict, captures }: Part): CompiledPart {
    const names = captures.map(([name]) => name);
    const mode = strict ? "'use strict'; " : '';
    const variables = names.length === 0 ? '' : `let ${names.join(', ')}; `;
    const setters = names.map((name, i) => `${name} = ${valuesName}[${i}];`).join(' ');
    // All in front on one line, so that the lines of the source keep their numbers.
    const before = `(function (${importName}, ${metaName}) { ${mode}${variables}return { bind(${valuesName}) { ${setters} }, make() { return (`;
    const script = new vm.Script(`${before}${source}\n); } }; })`, {
      filename: line === undefined || url === undefined ? 'concurrent-futures:function' : url,
      lineOffset: line ?? 0,
    });
    const load: ImportModule = (specifier) => this.#importModule(resolveFrom(url, String(specifier)));
    return (script.runInThisContext() as Callable)(load, metaOf(url)) as CompiledPart;
  }
}

/** `import.meta` of the module at `url`, as far as Node's goes. */
function metaOf(url: string | undefined): object {
  if (url === undefined) return {};
  const filename = fileURLToPath(url.replace(/[?#].*$/, ''));
  return { url, filename, dirname: dirname(filename), resolve: (specifier: string) => resolveFrom(url, specifier) };
}

/** Resolves what is imported as the module at `url` would. */
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
