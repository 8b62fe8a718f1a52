/**
 * The objects that a function captures, with all that they lead to.
 *
 *   need(object) ──► record ──drain──► data    nothing in it but what structured clone copies; goes into a unit
 *                                 └──► shape   functions, instances of classes, or only some of its members are used:
 *                                              its parts are needed in turn, each by the same rules
 *
 * A record starts with no form, gets one in `drain`, and may go from a shape with some of its members to the whole.
 * What is data stays data: whoever needs a part of it needs it whole.
 */

import { types } from 'node:util';
import { FunctionNotPortableError } from '../errors.js';
import type { Capture, Missing, ObjectForm, PropertyForm, Shape } from '../protocol/portable.js';
import { notSerializable } from '../protocol/values.js';
import { builtinPath, globalPath } from './builtins.js';
import { DataGroups } from './data-groups.js';
import type { AnyFunction } from './inspect.js';
import type { NameUse } from './name-uses.js';
import { objectKind } from './object-kind.js';
import { refuseVariable, type Trail, wayOuts } from './refusals.js';
import { type Unit, unitOf } from './units.js';
import { holdsFunctions, isModuleLike, usedMembers } from './used-members.js';

/** How a value was come by: the variable, and the path from there. */
export interface Place {
  readonly trail: Trail;
  readonly variable: string;
  readonly path: string;
  /** Whether it is left behind, and not refused, where it can't travel. */
  readonly isOptional: boolean;
}

/** How functions and symbols among the values are captured, which is not the graph's business. */
export interface Captor {
  captureFunction(fn: AnyFunction, place: Place): Capture;
  captureClass(made: AnyFunction, place: Place): Capture | undefined;
  captureSymbol(symbol: symbol): Capture;
}

interface Entry {
  readonly value: object;
  readonly index: number;
  place: Place;
  /** Whether all of it is needed, or only the members that have been asked for. */
  isWhole: boolean;
  form: { kind: 'none' } | { kind: 'data' } | { kind: 'shape'; shape: Growing } | Missing;
}

interface Growing extends Shape {
  readonly properties: PropertyForm[];
  readonly elements: Capture[];
}

export class ObjectGraph {
  readonly #captor: Captor;
  readonly #entries: Entry[] = [];
  readonly #entryOf = new Map<object, Entry>();
  readonly #queue: Entry[] = [];
  readonly #data = new DataGroups<Entry>(
    (value) => this.#entryOf.get(value),
    // One that had only some of its members becomes whole, as data.
    (entry) => {
      entry.isWhole = true;
      entry.form = { kind: 'data' };
    },
  );

  constructor(captor: Captor) {
    this.#captor = captor;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** What stands for a value; its parts are looked at in `drain`. */
  need(value: unknown, place: Place, use?: NameUse): Capture {
    if (typeof value === 'symbol') return this.#captor.captureSymbol(value);
    if (typeof value === 'function') return this.#captor.captureFunction(value as AnyFunction, place);
    if (typeof value !== 'object' || value === null) return { kind: 'primitive', value };
    const known = this.#entryOf.get(value);
    if (known === undefined) {
      const path = globalPath(value) ?? (holdsFunctions(value) ? builtinPath(value) : undefined);
      if (path !== undefined) return { kind: 'builtin', ...path };
    }
    const entry = known ?? this.#add(value, place);
    if (!place.isOptional) this.#insist(entry, place);
    const members = use && usedMembers(value, use);
    if (members === undefined || this.#data.holds(value)) this.#needWhole(entry);
    else if (!entry.isWhole) for (const name of members) this.#needMember(entry, name, place);
    return { kind: 'object', index: entry.index };
  }

  /** Gives every object that is needed a form. More may come to be needed on the way. */
  drain(): void {
    for (let entry = this.#queue.pop(); entry !== undefined; entry = this.#queue.pop()) {
      this.#orMissing(entry, () => {
        if (this.#data.take(entry.value, entry)) entry.form = { kind: 'data' };
        else this.#shapeAll(entry);
      });
    }
  }

  /** Leaves an entry behind if it can't travel and need not. */
  #orMissing(entry: Entry, give: () => void): void {
    try {
      give();
    } catch (thrown) {
      const isTooDeep = thrown instanceof RangeError;
      const error = isTooDeep ? refuseObject(entry.place, 'nested too deep to be copied', false) : thrown;
      if (!entry.place.isOptional || !(error instanceof FunctionNotPortableError)) throw error;
      entry.form = { kind: 'missing', why: error.message };
    }
  }

  #insist(entry: Entry, place: Place): void {
    if (!entry.place.isOptional) return;
    entry.place = place;
    if (entry.isWhole) this.#queue.push(entry);
  }

  /** The forms by index, and the units that hold the data. */
  finish(): { readonly objects: ObjectForm[]; readonly units: Unit[] } {
    const groups = new Map<Entry, Entry[]>();
    for (const entry of this.#entries) {
      if (entry.form.kind !== 'data') continue;
      const group = groups.get(this.#data.standIn(entry));
      if (group === undefined) groups.set(this.#data.standIn(entry), [entry]);
      else group.push(entry);
    }
    const places = new Map<Entry, ObjectForm>();
    const units: Unit[] = [];
    for (const group of groups.values()) {
      const unit = this.#unit(group);
      units.push(unit);
      for (const [index, entry] of group.entries()) places.set(entry, { kind: 'data', unit: unit.id, index });
    }
    const objects = this.#entries.map(({ form }, i) => {
      if (form.kind === 'shape') return form.shape;
      return form.kind === 'missing' ? form : (places.get(this.#entries[i] as Entry) as ObjectForm);
    });
    return { objects, units };
  }

  #add(value: object, place: Place): Entry {
    const entry: Entry = { value, index: this.#entries.length, place, isWhole: false, form: { kind: 'none' } };
    this.#entries.push(entry);
    this.#entryOf.set(value, entry);
    return entry;
  }

  #needWhole(entry: Entry): void {
    if (entry.isWhole) return;
    entry.isWhole = true;
    this.#queue.push(entry);
  }

  #needMember(entry: Entry, name: string, place: Place): void {
    const shape = this.#shapeOf(entry);
    const key: Capture = { kind: 'primitive', value: name };
    if (shape.properties.some((property) => property.key.kind === 'primitive' && property.key.value === name)) return;
    const value = (entry.value as Record<string, unknown>)[name];
    // Its place is taken before its value is needed, which may lead back here.
    const slot = shape.properties.push(plainProperty(key, { kind: 'primitive', value: undefined })) - 1;
    shape.properties[slot] = plainProperty(key, this.need(value, below(place, name)));
  }

  #shapeOf(entry: Entry): Growing {
    if (entry.form.kind !== 'shape') entry.form = { kind: 'shape', shape: emptyShape('object') };
    return entry.form.shape;
  }

  #shapeAll(entry: Entry): void {
    const { value, place } = entry;
    this.#data.exclude(value);
    const shape = this.#startShape(value, place);
    // The same object may stand there already with some of its members.
    entry.form = { kind: 'shape', shape };
    if (shape.base === 'map') {
      for (const [i, item] of [...(value as Map<unknown, unknown>)].entries()) {
        const at = below(place, `entry ${i}`);
        shape.elements.push(this.need(item[0], at), this.need(item[1], at));
      }
    } else if (shape.base === 'set') {
      for (const item of value as Set<unknown>) shape.elements.push(this.need(item, below(place, 'element')));
    }
    if (typeof shape.base === 'object' && shape.base.kind === 'new') return;
    const isIndexed = typeof shape.base === 'object' && ArrayBuffer.isView(value);
    for (const key of isIndexed ? [] : Reflect.ownKeys(value)) {
      shape.properties.push(this.property(value, key, place));
    }
  }

  /** How one property is made again. */
  property(owner: object, key: string | symbol, place: Place): PropertyForm {
    const descriptor = Object.getOwnPropertyDescriptor(owner, key) as PropertyDescriptor;
    const at = below(place, typeof key === 'symbol' ? `[${String(key)}]` : key);
    // A stack is made when it is first read, on newer engines by an accessor of its own.
    const isRead = 'value' in descriptor || isModuleLike(owner) || (key === 'stack' && types.isNativeError(owner));
    const accessor = (fn: unknown): Capture | undefined =>
      fn === undefined || isRead ? undefined : this.#needOrMissing(fn, at);
    return {
      key: this.need(key, at),
      value: isRead ? this.#needOrMissing((owner as Record<string | symbol, unknown>)[key], at) : undefined,
      get: accessor(descriptor.get),
      set: accessor(descriptor.set),
      writable: descriptor.writable !== false,
      enumerable: descriptor.enumerable === true,
      configurable: descriptor.configurable === true || !('value' in descriptor),
    };
  }

  #needOrMissing(value: unknown, place: Place): Capture {
    try {
      return this.need(value, place);
    } catch (error) {
      if (!place.isOptional || !(error instanceof FunctionNotPortableError)) throw error;
      return { kind: 'missing', why: error.message };
    }
  }

  #startShape(value: object, place: Place): Growing {
    const kind = objectKind(value);
    if (kind.is === 'foreign') throw refuseObject(place, kind.what, kind.isPromise);
    if (value instanceof URL || value instanceof URLSearchParams) {
      const made: Capture = {
        kind: 'builtin',
        module: 'node:url',
        path: value instanceof URL ? 'URL' : 'URLSearchParams',
      };
      return emptyShape({ kind: 'new', class: made, text: value.toString() });
    }
    const base = kind.is === 'special' ? kind.base : kind.is === 'plain' ? 'object' : kind.is;
    const prototype = kind.is === 'special' ? this.#prototype(value, base, place) : undefined;
    const made = base === 'leaf' ? { kind: 'copy' as const, data: this.#bareCopy(value, place) } : base;
    return emptyShape(made, prototype, Object.isExtensible(value));
  }

  #prototype(value: object, base: string, place: Place): Shape['prototype'] {
    if (isModuleLike(value)) return { of: 'itself', from: { kind: 'primitive', value: null } };
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === null) return { of: 'itself', from: { kind: 'primitive', value: null } };
    const made: unknown = Object.hasOwn(prototype, 'constructor') ? prototype.constructor : undefined;
    if (typeof made !== 'function' || made.prototype !== prototype) {
      return { of: 'itself', from: this.need(prototype, below(place, '[[Prototype]]')) };
    }
    if (made.name === 'Object' && globalPath(made) !== undefined) return undefined;
    const path = builtinPath(made);
    if (path !== undefined && base !== 'object') return { of: 'class', from: { kind: 'builtin', ...path } };
    const from = path === undefined ? this.#captor.captureClass(made, place) : undefined;
    if (from === undefined)
      throw refuseObject(place, `an instance of ${made.name || 'a class'}, which is more than data`, false);
    return { of: 'class', from };
  }

  /** The data in a date, a buffer and the like, without what structured clone would lose. */
  #bareCopy(value: object, place: Place): Capture {
    const known = bareCopies.get(value);
    if (known instanceof Uint8Array && Buffer.compare(known, value as Uint8Array) === 0) return this.need(known, place);
    // Of a buffer, only its own bytes: it may be a part of a large one.
    const copy = Buffer.isBuffer(value) ? new Uint8Array(value) : (structuredClone(value) as object);
    bareCopies.set(value, copy);
    return this.need(copy, place);
  }

  #unit(group: readonly Entry[]): Unit {
    try {
      return unitOf(group.map(({ value }) => value));
    } catch (cause) {
      for (const { value, place } of group) {
        const { path } = notSerializable(value, place.path, cause, structuredClone);
        const name = value.constructor?.name ?? 'object';
        throw refuseVariable(
          place.trail,
          place.variable,
          `of type ${name}, which can't be copied (${path})`,
          wayOuts.inside,
        );
      }
      throw cause;
    }
  }
}

/** So that a buffer which did not change is not sent again. */
const bareCopies = new WeakMap<object, object>();

function emptyShape(base: Shape['base'], prototype?: Shape['prototype'], isExtensible = true): Growing {
  return { kind: 'shape', base, prototype, properties: [], elements: [], isExtensible };
}

function plainProperty(key: Capture, value: Capture): PropertyForm {
  return { key, value, get: undefined, set: undefined, writable: true, enumerable: true, configurable: true };
}

function below(place: Place, key: string): Place {
  return { ...place, path: key.startsWith('[') ? place.path + key : `${place.path}.${key}` };
}

function refuseObject(place: Place, what: string, isPromise: boolean): Error {
  const part = place.path === place.variable ? what : `whose part \`${place.path}\` is ${what}`;
  return refuseVariable(place.trail, place.variable, part, isPromise ? wayOuts.wait : wayOuts.inside);
}
