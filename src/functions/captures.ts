/**
 * A function that travels by its text, with everything that it captures.
 *
 *   function ──text──► free names ──scopes──► value     copied, all in one go
 *                                  ├──────────► function  by name, or by its text in turn (cycles end at what is known)
 *                                  ├──────────► import    imported again, as its module imports it
 *                                  └──────────► required  its declaration is evaluated again
 *
 * All of it is as it stands at this moment. Only the names that the text really uses count.
 */

import { findSourceMap } from 'node:module';
import { type Capture, importName, metaName, type Part } from '../protocol/portable.js';
import { notSerializable } from '../protocol/values.js';
import { directly, inspect } from './direct.js';
import { type FreeVariables, freeVariables } from './free-variables.js';
import { type AnyFunction, type FunctionScope, type InspectedFunction, scriptSource } from './inspect.js';
import { assignedNames, loadedNames } from './module-names.js';
import type { NameUse } from './name-uses.js';
import { beginsStrict, type FunctionText, functionText, textAsExpression } from './parse.js';
import { refuse, refuseOuter, refuseVariable, type Trail } from './refusals.js';
import { viteInterop } from './rewritten-imports.js';
import { countersOf, isNamespace, isRunnerGlobal, refuseRunner } from './runners.js';

export class Collection {
  readonly parts: Part[] = [];
  readonly values: unknown[] = [];
  /** Whether the same function would be collected alike at any later time: nothing in it can change. */
  isFixed = true;
  readonly #root: AnyFunction;
  readonly #partOf = new Map<AnyFunction | string, number>();
  readonly #valueOf = new Map<object, number>();
  /** Who uses which variable, and whether somebody assigns it, by script and name. */
  readonly #uses = new Map<string, { users: number; isAssigned: boolean }>();

  constructor(root: AnyFunction, inspected: InspectedFunction | undefined) {
    this.#root = root;
    this.#addFunction(root, inspected, []);
  }

  #addFunction(fn: AnyFunction, inspected: InspectedFunction | undefined, names: readonly string[]): number {
    const known = this.#partOf.get(fn);
    if (known !== undefined) return known;
    const trail = { root: this.#root, names };
    const text = functionText(fn);
    if (text === undefined) {
      throw refuse(trail, 'its source text can not be read', 'export it from a module of its own');
    }
    const isClass = text.node.type === 'ClassExpression';
    if (isClass && names.length === 0) {
      throw refuse(trail, 'it is a class, which can not be called', 'pass a function that makes the object');
    }
    return this.#addPart(fn, text, isClass, inspected, trail);
  }

  #addPart(
    key: AnyFunction | string,
    text: FunctionText,
    isEager: boolean,
    inspected: InspectedFunction | undefined,
    trail: Trail,
  ): number {
    const index = this.parts.length;
    this.#partOf.set(key, index);
    const free = freeVariables(text.node);
    if (free.usesThis && text.node.type === 'ArrowFunctionExpression') throw refuseOuter(trail, 'this');
    if (free.usesSuper) throw refuseOuter(trail, 'super');
    if (free.usesPrivateName) throw refuseOuter(trail, 'a private name (#…)');
    const { url = '', line = 0 } = inspected?.location ?? {};
    const isFile = url.startsWith('file:');
    const captures: [string, Capture][] = [];
    // Its place is taken before its captures are collected: they may lead back to it.
    this.parts.push({
      source: withoutModule(text, free),
      url: isFile ? url : undefined,
      // Lines of the compiled text are those of the file, except where a loader left a source map.
      line: isFile && findSourceMap(url) === undefined ? line : undefined,
      strict: typeof key === 'string' ? false : isStrict(key, inspected),
      isEager,
      assigns: free.assigned.size > 0,
      captures,
    });
    for (const name of free.names) {
      const capture = this.#capture(name, inspected, trail, membersOf(free.uses.get(name)));
      if (capture === undefined) continue;
      captures.push([name, capture]);
      if (capture.kind === 'value' || capture.kind === 'part') this.#used(name, free, inspected, trail);
    }
    return index;
  }

  /** What a name stands for; `undefined` for a global. */
  #capture(
    name: string,
    inspected: InspectedFunction | undefined,
    trail: Trail,
    members: readonly string[] | undefined,
  ): Capture | undefined {
    if (inspected === undefined) {
      if (name in globalThis) return undefined;
      throw refuseVariable(trail, name, 'which can not be looked up: this Node has no inspector', wayOuts.argument);
    }
    const { location, scopes } = inspected;
    const at = scopes.findIndex(({ kind, bindings }) => kind !== 'global' && Object.hasOwn(bindings, name));
    const scope = scopes[at] ?? declaredGlobals(name);
    if (scope === undefined) return unscopedCapture(name, inspected, trail);
    const loaded = loadedNames(location).get(name);
    if (loaded?.kind === 'import' && scopes[at]?.kind === 'module') {
      return { kind: 'import', url: location.url, specifier: loaded.specifier, name: loaded.name };
    }
    if (loaded?.kind === 'required') {
      // Evaluated anew where it stands, so only what encloses its declaration counts.
      const outer = { ...inspected, scopes: scopes.slice(at) };
      return { kind: 'result', index: this.#addRequired(name, loaded.declaration, outer, trail) };
    }
    if (loaded?.kind === 'runner') throw refuseRunner(trail, name, members);
    if (loaded?.kind === 'vite') return { kind: 'result', index: this.#addVite(loaded.specifier, location) };
    const value = scope.bindings[name];
    if (assignedNames(location).has(name)) this.isFixed = false;
    if (loaded?.kind === 'namespace' && isNamespace(value)) return this.#members(name, value, members, location, trail);
    return this.#anyValue(name, value, location, trail);
  }

  #anyValue(name: string, value: unknown, { url }: InspectedFunction['location'], trail: Trail): Capture {
    if (typeof value === 'function') {
      if (isRequire(value)) return { kind: 'require', url };
      return this.#function(name, value as AnyFunction, trail);
    }
    return { kind: 'value', index: this.#value(name, value, trail) };
  }

  /** A module's exports: those that are used, or all where it can't be seen which. */
  #members(
    name: string,
    module: Readonly<Record<string, unknown>>,
    used: readonly string[] = Object.keys(module),
    location: InspectedFunction['location'],
    trail: Trail,
  ): Capture {
    this.isFixed = false;
    const members = used.filter((member) => member in module);
    return {
      kind: 'members',
      members: members.map((member) => [member, this.#anyValue(`${name}.${member}`, module[member], location, trail)]),
    };
  }

  #addVite(specifier: string, { scriptId, url }: InspectedFunction['location']): number {
    const key = `${scriptId} vite ${specifier}`;
    const known = this.#partOf.get(key);
    if (known !== undefined) return known;
    const capture: Capture = { kind: 'import', url, specifier, name: '*' };
    const captures: Part['captures'] = [['namespace', capture]];
    const index =
      this.parts.push({
        source: viteInterop,
        url,
        line: undefined,
        strict: true,
        isEager: true,
        assigns: false,
        captures,
      }) - 1;
    this.#partOf.set(key, index);
    return index;
  }

  #function(name: string, fn: AnyFunction, trail: Trail): Capture {
    const known = this.#partOf.get(fn);
    if (known !== undefined) return { kind: 'part', index: known };
    const names = [...trail.names, name];
    const inspected = inspect(fn);
    const portable = directly(fn, inspected, { root: this.#root, names });
    if (portable !== undefined) return { kind: 'function', portable };
    return { kind: 'part', index: this.#addFunction(fn, inspected, names) };
  }

  #addRequired(name: string, declaration: string, inspected: InspectedFunction, trail: Trail): number {
    const key = `${inspected.location.scriptId} ${name}`;
    const known = this.#partOf.get(key);
    if (known !== undefined) return known;
    const text = textAsExpression(`() => { ${declaration}; return ${name}; }`) as FunctionText;
    return this.#addPart(key, text, true, inspected, { ...trail, names: [...trail.names, name] });
  }

  #value(name: string, value: unknown, trail: Trail): number {
    if (typeof value === 'symbol') throw refuseVariable(trail, name, 'a symbol', wayOuts.inside);
    if (typeof value !== 'object' || value === null) return this.values.push(value) - 1;
    this.isFixed = false;
    const known = this.#valueOf.get(value);
    if (known !== undefined) return known;
    const counters = countersOf(value);
    if (counters !== undefined) {
      const index = this.values.push(counters) - 1;
      this.#valueOf.set(value, index);
      return index;
    }
    const className = classOf(value);
    if (className !== undefined) {
      throw refuseVariable(trail, name, `an instance of ${className}, which is more than data`, wayOuts.inside);
    }
    try {
      structuredClone(value);
    } catch (cause) {
      const { path } = notSerializable(value, name, cause, structuredClone);
      const kind = value.constructor?.name ?? 'object';
      throw refuseVariable(trail, name, `of type ${kind}, which can't be copied (${path})`, wayOuts.inside);
    }
    const index = this.values.push(value) - 1;
    this.#valueOf.set(value, index);
    return index;
  }

  /** A variable that one part assigns and another reads would be two variables in the worker. */
  #used(name: string, free: FreeVariables, inspected: InspectedFunction | undefined, trail: Trail): void {
    const key = `${inspected?.location.scriptId} ${name}`;
    const use = this.#uses.get(key) ?? { users: 0, isAssigned: false };
    use.users += 1;
    use.isAssigned ||= free.assigned.has(name);
    this.#uses.set(key, use);
    if (use.users > 1 && use.isAssigned) {
      throw refuseVariable(trail, name, 'which functions that travel together assign and share', wayOuts.module);
    }
  }
}

const wayOuts = {
  argument: 'pass it as an argument',
  inside: 'make it inside the function, or pass what it is made from as an argument',
  module: 'export the functions from a module of their own, so that workers can import it',
};

/** The text with `import()` and `import.meta` renamed. */
function withoutModule({ source, offset }: FunctionText, free: FreeVariables): string {
  const places = [
    ...free.dynamicImports.map((start) => ({ start, end: start + 'import'.length, name: importName })),
    ...free.importMetas.map(({ start, end }) => ({ start, end, name: metaName })),
  ].sort((a, b) => b.start - a.start);
  return places.reduce(
    (text, { start, end, name }) => text.slice(0, start + offset) + name + text.slice(end + offset),
    source,
  );
}

/** The members that are read of a name; `undefined` where it can't be seen which. */
function membersOf(use: NameUse | undefined): string[] | undefined {
  return use === undefined || use.isWhole ? undefined : [...use.members.keys()];
}

/** A name that no scope declares: a global, except for what the scopes do not show. */
function unscopedCapture(name: string, { location, scopes }: InspectedFunction, trail: Trail): Capture | undefined {
  if (isRunnerGlobal(name)) throw refuseRunner(trail, name);
  // A CommonJS module's own is seen only where one of its functions uses it. An ES module has none.
  const isOwnRequire =
    name === 'require' && location.url.startsWith('file:') && scopes.every((scope) => scope.kind !== 'module');
  return isOwnRequire ? { kind: 'require', url: location.url } : undefined;
}

/** Whether the function runs in strict mode where it stands, for a reason that its own text does not show. */
function isStrict(fn: AnyFunction, inspected: InspectedFunction | undefined): boolean {
  if (inspected === undefined) return true;
  if (inspected.scopes.some((scope) => scope.kind === 'module')) return true;
  // Outside strict mode, and only there, V8 gives an ordinary function this property.
  if (Object.hasOwn(fn, 'caller')) return false;
  return beginsStrict(scriptSource(inspected.location.scriptId));
}

/**
 * The global scope, if the name is one that a script declared there: `var` and functions of a program that is no module (on
 * standard input, say). Such a property can't be deleted, which those of the language and of Node can.
 */
function declaredGlobals(name: string): Pick<FunctionScope, 'bindings'> | undefined {
  const property = Object.getOwnPropertyDescriptor(globalThis, name);
  const isDeclared = property?.configurable === false && property.writable === true;
  return isDeclared ? { bindings: globalThis as unknown as Record<string, unknown> } : undefined;
}

/** The `require` of a CommonJS module: a function with a cache and a way to resolve. */
function isRequire(value: object): boolean {
  return 'cache' in value && 'resolve' in value && 'extensions' in value;
}

/** The name of a class that copying would lose; `undefined` for data. */
function classOf(value: object): string | undefined {
  if (ArrayBuffer.isView(value)) return undefined;
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === null) return undefined;
  const made = prototype.constructor;
  const isBuiltin = typeof made === 'function' && Function.prototype.toString.call(made).includes('[native code]');
  return isBuiltin ? undefined : made?.name || 'a class';
}
