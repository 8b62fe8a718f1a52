/**
 * A function → something that another isolate can run.
 *
 *   tasksFrom(…).name ───────────────────────────► reference
 *   built-in, bound to nothing ──────────────────► builtin: its public path
 *   exported by a module, not the entry ─────────► reference: the worker imports it
 *   anything else, closing over nothing ─────────► value: its text
 *   closing over something ──────────────────────► FunctionNotPortableError
 */

import { findSourceMap } from 'node:module';
import { FunctionNotPortableError } from '../errors.js';
import { importName, type PortableFunction } from '../protocol/messages.js';
import { builtinPath } from './builtins.js';
import { freeVariables } from './free-variables.js';
import {
  type AnyFunction,
  type FunctionScope,
  type InspectedFunction,
  inspectFunction,
  scriptSource,
} from './inspect.js';
import { isKeepNamesHelper, withKeepNames } from './keep-names.js';
import { beginsStrict, functionText } from './parse.js';
import { referenceTo } from './references.js';
import { explicitReference } from './tasks-from.js';

/** How a function travels. Throws {@link FunctionNotPortableError} for one that can't. */
export function toPortable(fn: AnyFunction): PortableFunction {
  const explicit = explicitReference(fn);
  if (explicit !== undefined) return explicit;
  const inspected = inspect(fn);
  if (inspected === undefined || inspected.location.url.startsWith('node:')) {
    const builtin = builtinPath(fn);
    if (builtin !== undefined) return builtin;
    if (inspected !== undefined || isNative(fn)) {
      throw notPortable(fn, 'it is native code, or bound, without a public path', 'wrap it: (...args) => …');
    }
  }
  return (inspected && referenceTo(fn, inspected)) ?? byValue(fn, inspected);
}

function inspect(fn: AnyFunction): InspectedFunction | undefined {
  try {
    return inspectFunction(fn);
  } catch {
    // Built without an inspector, or forbidden to use it: text alone must do.
    return undefined;
  }
}

function byValue(fn: AnyFunction, inspected: InspectedFunction | undefined): PortableFunction {
  const text = functionText(fn);
  if (text === undefined) {
    throw notPortable(fn, 'its source text can not be read', 'export it from a module of its own');
  }
  if (text.node.type === 'ClassExpression') {
    throw notPortable(fn, 'it is a class, which can not be called', 'pass a function that makes the object');
  }
  const free = freeVariables(text.node);
  if (free.usesThis && text.node.type === 'ArrowFunctionExpression') refuseOuter(fn, 'this');
  if (free.usesSuper) refuseOuter(fn, 'super');
  if (free.usesPrivateName) refuseOuter(fn, 'a private name (#…)');
  if (free.usesImportMeta) refuseOuter(fn, 'import.meta');
  const helpers = free.names.filter((name) => isKeepNamesHelper(captured(name, inspected?.scopes)));
  for (const name of free.names) if (!helpers.includes(name)) refuseCapture(fn, name, inspected?.scopes);
  const { url = '' } = inspected?.location ?? {};
  const imports = free.dynamicImports.map((start) => start + text.offset);
  return {
    kind: 'value',
    source: withKeepNames(renameImports(text.source, imports), helpers),
    line: placeIn(url) ? (inspected?.location.line ?? 0) : undefined,
    url: url.startsWith('file:') ? url : undefined,
    strict: isStrict(fn, inspected),
  };
}

/** Whether the function runs in strict mode where it stands, for a reason that its own text does not show. */
function isStrict(fn: AnyFunction, inspected: InspectedFunction | undefined): boolean {
  if (inspected === undefined) return true;
  if (inspected.scopes.some((scope) => scope.kind === 'module')) return true;
  // Outside strict mode, and only there, V8 gives an ordinary function this property.
  if (Object.hasOwn(fn, 'caller')) return false;
  return beginsStrict(scriptSource(inspected.location.scriptId));
}

function renameImports(source: string, at: readonly number[]): string {
  return at.reduceRight(
    (text, start) => text.slice(0, start) + importName + text.slice(start + 'import'.length),
    source,
  );
}

function refuseOuter(fn: AnyFunction, what: string): never {
  throw notPortable(fn, `it uses \`${what}\` of where it was defined`, 'pass what it needs as an argument', what);
}

/** Whether lines of the compiled text are lines of the file: they are not where a loader left a source map. */
function placeIn(url: string): boolean {
  return url.startsWith('file:') && findSourceMap(url) === undefined;
}

function scopeOf(name: string, scopes: readonly FunctionScope[] | undefined): FunctionScope | undefined {
  return scopes?.find(({ kind, bindings }) => kind !== 'global' && Object.hasOwn(bindings, name));
}

function captured(name: string, scopes: readonly FunctionScope[] | undefined): unknown {
  try {
    return scopeOf(name, scopes)?.bindings[name];
  } catch {
    // Not initialized yet.
    return undefined;
  }
}

function refuseCapture(fn: AnyFunction, name: string, scopes: readonly FunctionScope[] | undefined): void {
  const scope = scopeOf(name, scopes);
  if (scope === undefined && (scopes !== undefined || name in globalThis)) return;
  const type = scope === undefined ? '' : ` (${typeName(scope.bindings, name)})`;
  throw notPortable(
    fn,
    `it captures the variable \`${name}\`${type}`,
    'pass it as an argument, or export the function from a module of its own so that workers can import it',
    name,
  );
}

function typeName(bindings: Readonly<Record<string, unknown>>, name: string): string {
  let value: unknown;
  try {
    value = bindings[name];
  } catch {
    return 'not initialized yet';
  }
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return value.constructor?.name ?? 'object';
}

function isNative(fn: AnyFunction): boolean {
  return /\{\s*\[native code\]\s*\}\s*$/.test(Function.prototype.toString.call(fn));
}

function notPortable(fn: AnyFunction, why: string, wayOut: string, variable?: string): FunctionNotPortableError {
  const name = fn.name || 'anonymous';
  return new FunctionNotPortableError(
    `function "${name}" can't run in a worker: ${why}; ${wayOut}`,
    variable === undefined ? {} : { variable },
  );
}
