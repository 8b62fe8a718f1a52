/** The worker's side: a portable function → a function. */

import { FunctionNotPortableError } from '../errors.js';
import type { BuiltinPath, Capture, ModuleExport, PortableFunction, ValueFunction } from '../protocol/portable.js';
import { Assembly } from './assembly.js';
import { builtinAt } from './builtin-at.js';
import type { ImportModule } from './typescript.js';

export type Callable = (...args: unknown[]) => unknown;
/** What a worker needs to make a function. */
export interface Revival {
  readonly importModule: ImportModule;
  /** The values of a unit that was sent. */
  unit(id: number): readonly unknown[];
}

/** Makes the function; a promise where something has to be imported first. */
export function revive(portable: PortableFunction, revival: Revival): Callable | Promise<Callable> {
  switch (portable.kind) {
    case 'value':
      return reviveValue(portable, revival);
    case 'builtin':
      return reviveBuiltin(portable);
    case 'reference':
      return importExport(portable, revival);
    default:
      return portable satisfies never;
  }
}

function reviveValue(portable: ValueFunction, revival: Revival): Callable | Promise<Callable> {
  const { importModule, unit } = revival;
  const pending = capturesOf(portable).flatMap((capture) => {
    const loading = load(capture, revival);
    return loading === undefined ? [] : [loading.then((value) => [capture, value] as const)];
  });
  const assemble = (loaded: readonly (readonly [Capture, unknown])[]): Callable =>
    new Assembly(portable, new Map(loaded), unit, importModule).root;
  return pending.length === 0 ? assemble([]) : Promise.all(pending).then(assemble);
}

/** All that parts and objects refer to. */
function capturesOf({ parts, objects }: ValueFunction): Capture[] {
  const properties = [
    ...parts.flatMap((part) => [...part.properties, ...part.prototypeProperties]),
    ...objects.flatMap((form) => (form.kind === 'shape' ? form.properties : [])),
  ];
  const shapes = objects.flatMap((form) => (form.kind === 'shape' ? [form] : []));
  return [
    ...parts.flatMap((part) => part.captures.map(([, capture]) => capture)),
    ...properties.flatMap(({ value, get, set }) => [value, get, set].filter((capture) => capture !== undefined)),
    ...shapes.flatMap(({ prototype, elements }) => (prototype ? [prototype.from, ...elements] : elements)),
  ];
}

/** What can't be had at once: an import, or a function of another module. */
function load(capture: Capture, revival: Revival): Promise<unknown> | undefined {
  if (capture.kind === 'reference') return importExport(capture, revival);
  if (capture.kind !== 'import') return undefined;
  const { url, specifier, name, attributes } = capture;
  return revival
    .importModule(specifier, { url, attributes })
    .then((namespace) => (name === '*' ? namespace : namespace[name]));
}

function importExport({ url, name }: ModuleExport, { importModule }: Revival): Promise<Callable> {
  return importModule(url).then((namespace) => pickExport(namespace, url, name));
}

function reviveBuiltin(path: BuiltinPath): Callable {
  // Called on its owner: `Promise.resolve` and the like need their `this`.
  return (...args) => {
    const { owner, value } = builtinAt(path);
    return (value as Callable).apply(owner, args);
  };
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
