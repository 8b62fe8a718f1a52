/**
 * A function that travels by its text, with everything that it captures.
 *
 *   function ──text──► free names ──scopes──► object    as data or as a shape (object-graph.ts)
 *                                  ├──────────► function  by name, or by its text in turn (cycles end at what is known)
 *                                  ├──────────► import    imported again, as its module imports it
 *                                  └──────────► required  its declaration is evaluated again
 *
 * All of it is as it stands at this moment. Only what the text really uses counts.
 */

import { findSourceMap } from 'node:module';
import type { Capture, Part, SymbolForm, ValueFunction } from '../protocol/portable.js';
import { globalPath } from './builtins.js';
import { captureName, type NameCaptor } from './capture-name.js';
import { classText } from './class-text.js';
import { inspectOnce, keepConstant } from './constant-scopes.js';
import { directly } from './direct.js';
import { findName } from './find-name.js';
import { type FreeVariables, freeVariables } from './free-variables.js';
import { assignedName, hasPrivateMembers, ownProperties, prototypeProperties } from './function-properties.js';
import { type AnyFunction, type InspectedFunction, inspectBound } from './inspect.js';
import { boundPart } from './made-parts.js';
import { variableKey } from './module-names.js';
import type { NameUse } from './name-uses.js';
import { ObjectGraph, type Place } from './object-graph.js';
import { type FunctionText, functionText, textAsExpression } from './parse.js';
import { isStrict, textStart, withoutModule } from './part-text.js';
import { refuse, refuseOuter, refuseVariable, type Trail, wayOuts } from './refusals.js';
import { countersFor, isMockFunction, vitePart } from './runners.js';
import type { Unit } from './units.js';

type GrowingPart = { -readonly [K in keyof Part]: Part[K] extends readonly (infer E)[] ? E[] : Part[K] };

export class Collection {
  /** Whether the same function would be collected alike at any later time: nothing in it can change. */
  isFixed = true;
  readonly #root: AnyFunction;
  readonly #parts: GrowingPart[] = [];
  readonly #symbols: SymbolForm[] = [];
  readonly #symbolOf = new Map<symbol, number>();
  readonly #partOf = new Map<AnyFunction | string, number>();
  readonly #graph = new ObjectGraph({
    captureFunction: (fn, place) => this.#function(fn, place),
    captureClass: (made, place) => this.#instanceClass(made, place),
    captureSymbol: (symbol) => this.#symbol(symbol),
  });
  readonly #names: NameCaptor = {
    value: (name, use, value, url, trail) => this.#value(name, use, value, url, trail),
    required: (name, declaration, outer, trail) => {
      const index = this.#addRequired(name, declaration, outer, trail);
      return { index, names: this.#constant.get(index) };
    },
    vite: (specifier, url) => this.#addVite(specifier, url),
  };
  /** The parts whose names will never stand for anything else, with these names. */
  readonly #constant = new Map<number, readonly string[]>();
  /** Who uses which variable, and whether somebody assigns it, by script and name. */
  readonly #uses = new Map<string, { users: number; isAssigned: boolean }>();

  constructor(root: AnyFunction, inspected: InspectedFunction | undefined) {
    this.#root = root;
    this.#addFunction(root, inspected, []);
  }

  /** All of it, with the data that goes with it. */
  finish(): { readonly portable: ValueFunction; readonly units: readonly Unit[] } {
    this.#graph.drain();
    const { objects, units } = this.#graph.finish();
    if (!this.#graph.isEmpty) this.isFixed = false;
    const ids = units.map((unit) => unit.id);
    return { portable: { kind: 'value', parts: this.#parts, objects, symbols: this.#symbols, units: ids }, units };
  }

  /** The functions that go by their text: properties that are put on one of them later change what travels. */
  get functions(): AnyFunction[] {
    return [...this.#partOf.keys()].filter((key) => typeof key === 'function');
  }

  #addFunction(fn: AnyFunction, inspected: InspectedFunction | undefined, names: readonly string[]): number {
    const known = this.#partOf.get(fn);
    if (known !== undefined) return known;
    const trail = { root: this.#root, names };
    if (isMockFunction(fn)) throw refuse(trail, 'it is a mock function, whose calls only the test sees', wayOuts.mock);
    const text = functionText(fn);
    if (text === undefined) {
      const bound = inspected === undefined ? this.#bound(fn, trail) : undefined;
      if (bound !== undefined) return bound;
      throw refuse(trail, 'its source text can not be read', 'export it from a module of its own');
    }
    if (text.node.type === 'ClassExpression' && names.length === 0) {
      throw refuse(trail, 'it is a class, which can not be called', 'pass a function that makes the object');
    }
    const location = inspected && { ...inspected.location, ...textStart(text, inspected.location) };
    const place = inspected && location && { location, scopes: inspected.scopes };
    const isFound = (name: string) =>
      name in globalThis || (place !== undefined && findName(name, place) !== undefined);
    const ofClass = classText(fn, text, isFound);
    const index = this.#addPart(fn, ofClass.text, place, trail, ofClass.made);
    this.#addProperties(this.#parts[index] as GrowingPart, fn, text, trail);
    const constant = this.#constant.get(index);
    if (constant !== undefined && inspected !== undefined) keepConstant(fn, inspected, constant);
    return index;
  }

  /** Own properties of a function are left behind where they can't travel: most users of it never look at them. */
  #addProperties(part: GrowingPart, fn: AnyFunction, { node }: FunctionText, trail: Trail): void {
    const variable = trail.names.at(-1) ?? fn.name;
    part.name = assignedName(fn, node);
    for (const key of ownProperties(fn, node)) {
      part.properties.push(this.#graph.property(fn, key, { trail, variable, path: variable, isOptional: true }));
    }
    const path = `${variable}.prototype`;
    for (const key of prototypeProperties(fn, node)) {
      const owner = fn.prototype as object;
      part.prototypeProperties.push(this.#graph.property(owner, key, { trail, variable, path, isOptional: true }));
    }
    if (part.properties.length > 0 || part.prototypeProperties.length > 0) this.isFixed = false;
  }

  /**
   * @param inspected with the place where the text begins.
   * @param made what names in the text stand for that are not in the scopes.
   */
  #addPart(
    key: AnyFunction | string,
    text: FunctionText,
    inspected: InspectedFunction | undefined,
    trail: Trail,
    made: ReadonlyMap<string, unknown> = new Map(),
  ): number {
    const index = this.#parts.length;
    this.#partOf.set(key, index);
    const free = freeVariables(text.node);
    if (free.usesThis && text.node.type === 'ArrowFunctionExpression') throw refuseOuter(trail, 'this');
    if (free.usesSuper) throw refuseOuter(trail, 'super');
    if (free.usesPrivateName) throw refuseOuter(trail, 'a private name (#…)');
    const url = inspected?.location.url.startsWith('file:') ? inspected.location.url : undefined;
    const part: GrowingPart = {
      source: withoutModule(text, free),
      url,
      line: inspected?.location.line ?? 0,
      column: (inspected?.location.column ?? 0) - text.offset,
      isMapped: url !== undefined && findSourceMap(url) !== undefined,
      strict: typeof key === 'string' ? false : isStrict(key, inspected),
      eager: [],
      assigns: free.assigned.size > 0,
      captures: [],
      name: undefined,
      properties: [],
      prototypeProperties: [],
    };
    // Its place is taken before its captures are collected: they may lead back to it.
    this.#parts.push(part);
    const names: string[] = [];
    let isConstant = true;
    for (const [name, found] of free.uses) {
      const use = { ...found, isEager: found.isEager && text.node.type === 'ClassExpression' };
      const isMade = made.has(name);
      const { capture, isLasting, from } = isMade
        ? { capture: this.#madeValue(made.get(name), trail), isLasting: true, from: [] }
        : captureName(name, use, inspected, trail, this.#names);
      isConstant &&= isLasting;
      names.push(name, ...from);
      if (capture === undefined) continue;
      part.captures.push([name, capture]);
      if (use.isEager) part.eager.push(name);
      if (!isMade && !isLoaded(capture)) this.#used(name, free, inspected, trail);
    }
    if (!isConstant) this.isFixed = false;
    else if (inspected !== undefined) this.#constant.set(index, names);
    return index;
  }

  #madeValue(value: unknown, trail: Trail): Capture {
    const variable = trail.names.at(-1) ?? this.#root.name;
    return this.#graph.need(value, { trail, variable, path: variable, isOptional: false });
  }

  #value(name: string, use: NameUse, value: unknown, url: string, trail: Trail): Capture {
    if (isRequire(value)) return { kind: 'require', url };
    const needed = countersFor(value) ?? value;
    return this.#graph.need(needed, { trail, variable: name, path: name, isOptional: false }, use);
  }

  #function(fn: AnyFunction, { trail, variable, path }: Place): Capture {
    const known = this.#partOf.get(fn);
    if (known !== undefined) return { kind: 'part', index: known };
    const names = [...trail.names, path];
    const inspected = inspectOnce(fn);
    const portable = directly(fn, inspected, { root: this.#root, names });
    if (portable !== undefined) return portable;
    try {
      return { kind: 'part', index: this.#addFunction(fn, inspected, [...trail.names, variable]) };
    } catch (error) {
      // It may be met again where it can be left behind, and must not count as known then.
      this.#partOf.delete(fn);
      throw error;
    }
  }

  /** The class of a captured instance; `undefined` for one of Node's own, whose instances hold more than properties. */
  #instanceClass(made: AnyFunction, place: Place): Capture | undefined {
    if (inspectOnce(made)?.location.url.startsWith('node:') !== false) return undefined;
    if (isExecutorClass(made)) return undefined;
    if (hasPrivateMembers(made)) {
      const what = `an instance of ${made.name || 'a class'}, whose private members can't be read`;
      throw refuseVariable(place.trail, place.variable, what, wayOuts.inside);
    }
    return this.#function(made, place);
  }

  #symbol(symbol: symbol): Capture {
    const path = globalPath(symbol);
    if (path !== undefined) return { kind: 'builtin', ...path };
    let index = this.#symbolOf.get(symbol);
    if (index === undefined) {
      const registered = Symbol.keyFor(symbol);
      index = this.#symbols.push({ description: symbol.description, isRegistered: registered !== undefined }) - 1;
      this.#symbolOf.set(symbol, index);
    }
    return { kind: 'symbol', index };
  }

  #addRequired(name: string, declaration: string, inspected: InspectedFunction, trail: Trail): number {
    const { scriptId, line, column } = inspected.location;
    const key = `${scriptId} ${line} ${column} ${name}`;
    const known = this.#partOf.get(key);
    if (known !== undefined) return known;
    const text = textAsExpression(`() => { ${declaration}; return ${name}; }`) as FunctionText;
    return this.#addPart(key, text, inspected, { ...trail, names: [...trail.names, name] });
  }

  #addVite(specifier: string, url: string): number {
    const key = `vite ${specifier} ${url}`;
    const known = this.#partOf.get(key);
    if (known !== undefined) return known;
    const index = this.#parts.push(vitePart(specifier, url) as GrowingPart) - 1;
    this.#partOf.set(key, index);
    return index;
  }

  #bound(fn: AnyFunction, trail: Trail): number | undefined {
    const bound = inspectBound(fn);
    if (bound === undefined) return undefined;
    const index = this.#parts.push(undefined as never) - 1;
    this.#partOf.set(fn, index);
    const variable = fn.name || 'bound';
    const need = (value: unknown, path: string) =>
      this.#graph.need(value, { trail, variable, path: variable + path, isOptional: false });
    this.#parts[index] = boundPart(bound, need) as GrowingPart;
    return index;
  }

  /** A variable that one part assigns and another reads would be two variables in the worker. */
  #used(name: string, free: FreeVariables, inspected: InspectedFunction | undefined, trail: Trail): void {
    if (inspected === undefined) return;
    const key = variableKey(name, inspected.location);
    const use = this.#uses.get(key) ?? { users: 0, isAssigned: false };
    use.users += 1;
    use.isAssigned ||= free.assigned.has(name);
    this.#uses.set(key, use);
    if (use.users > 1 && use.isAssigned) {
      throw refuseVariable(trail, name, 'which functions that travel together assign and share', wayOuts.module);
    }
  }
}

/** Whichever copy of this library it is from. */
function isExecutorClass({ prototype }: AnyFunction): boolean {
  const methods = prototype as Record<string, unknown>;
  return ['submit', 'map', 'shutdown'].every((name) => typeof methods[name] === 'function');
}

/** Whether the worker gets it from where this side got it: then nobody can have assigned it. */
function isLoaded({ kind }: Capture): boolean {
  return kind !== 'primitive' && kind !== 'object' && kind !== 'part' && kind !== 'symbol';
}

/** The `require` of a CommonJS module: a function with a cache and a way to resolve. */
function isRequire(value: unknown): boolean {
  return typeof value === 'function' && 'cache' in value && 'resolve' in value && 'extensions' in value;
}
