/**
 * The worker's side of a function that travels by value: its parts and objects, put together.
 *
 *   part:   compile ──► what its text needs at once ──► make ──► all that it captures ──► own properties
 *   object: make ─────► prototype, elements, properties
 *
 * Each is known as soon as it is made and before it is filled, so that what fills it may lead back to it. What leads back
 * to a part that is still being made gets its captures once more at the end.
 */

import { createRequire } from 'node:module';
import vm from 'node:vm';
import { FunctionNotPortableError } from '../errors.js';
import {
  type Capture,
  importName,
  metaName,
  type Part,
  type PropertyForm,
  type Shape,
  type ValueFunction,
} from '../protocol/portable.js';
import { builtinAt } from './builtin-at.js';
import { metaOf } from './module-access.js';
import type { Callable } from './revive.js';
import { mappedPrefix } from './source-frames.js';
import type { ImportModule } from './typescript.js';

/** A name that no function captures. */
const valuesName = '__concurrentFuturesValues';

interface CompiledPart {
  /** Sets what the names that it uses from outside stand for. */
  bind(values: unknown[]): void;
  make(): unknown;
}

export class Assembly {
  readonly #portable: ValueFunction;
  readonly #loaded: ReadonlyMap<Capture, unknown>;
  readonly #unit: (id: number) => readonly unknown[];
  readonly #importModule: ImportModule;
  readonly #parts = new Map<number, unknown>();
  readonly #objects = new Map<number, object>();
  readonly #symbols: readonly symbol[];
  readonly #making = new Set<number>();
  /** Whether something asked for a part that was still being made. */
  #isUnfinished = false;
  readonly #redo: (() => void)[] = [];
  /** How to give the parts that assign what they capture their first values again. */
  readonly #assigning: (() => void)[] = [];

  constructor(
    portable: ValueFunction,
    loaded: ReadonlyMap<Capture, unknown>,
    unit: (id: number) => readonly unknown[],
    importModule: ImportModule,
  ) {
    this.#portable = portable;
    this.#loaded = loaded;
    this.#unit = unit;
    this.#importModule = importModule;
    this.#symbols = portable.symbols.map(({ description, isRegistered }) =>
      isRegistered ? Symbol.for(description as string) : Symbol(description),
    );
  }

  get root(): Callable {
    const root = this.#part(0) as Callable;
    for (const redo of this.#redo) redo();
    const resets = this.#assigning;
    if (resets.length === 0) return root;
    // Each call starts from what was captured, whatever the one before it assigned. (Objects are not copied again.)
    return (...args) => {
      for (const reset of resets) reset();
      return root(...args);
    };
  }

  #part(index: number): unknown {
    if (this.#parts.has(index)) return this.#parts.get(index);
    if (this.#making.has(index)) {
      this.#isUnfinished = true;
      return undefined;
    }
    this.#making.add(index);
    const part = this.#portable.parts[index] as Part;
    const { make, bind } = this.#compile(part);
    const eager = new Set(part.eager);
    bind(part.captures.map(([name, capture]) => (eager.has(name) ? this.#resolve(capture) : undefined)));
    const made = make() as Callable;
    this.#parts.set(index, made);
    this.#making.delete(index);
    if (part.name !== undefined) Object.defineProperty(made, 'name', { value: part.name, configurable: true });
    const reset = (): void => bind(part.captures.map(([, capture]) => this.#resolve(capture)));
    this.#fill(() => {
      reset();
      for (const property of part.properties) this.#define(made, property);
      for (const property of part.prototypeProperties) this.#define(made.prototype as object, property);
    });
    if (part.assigns) this.#assigning.push(reset);
    return made;
  }

  /** Does what needs other parts, and again at the end if one of them was not there yet. */
  #fill(fill: () => void): void {
    const before = this.#isUnfinished;
    this.#isUnfinished = false;
    fill();
    if (this.#isUnfinished) this.#redo.push(fill);
    this.#isUnfinished ||= before;
  }

  #resolve(capture: Capture): unknown {
    switch (capture.kind) {
      case 'primitive':
        return capture.value;
      case 'object':
        return this.#object(capture.index);
      case 'symbol':
        return this.#symbols[capture.index];
      case 'part':
        return this.#part(capture.index);
      case 'result':
        return (this.#part(capture.index) as () => unknown)();
      case 'builtin':
        return builtinAt(capture).value;
      case 'require':
        return createRequire(capture.url);
      case 'import':
      case 'reference':
        return this.#loaded.get(capture);
      case 'missing':
        return untouchable(capture.why);
      default:
        return capture satisfies never;
    }
  }

  #object(index: number): object {
    const known = this.#objects.get(index);
    if (known !== undefined) return known;
    const form = this.#portable.objects[index] as ValueFunction['objects'][number];
    if (form.kind === 'data') return this.#unit(form.unit)[form.index] as object;
    const made = form.kind === 'missing' ? untouchable(form.why) : this.#make(form.base);
    this.#objects.set(index, made);
    if (form.kind === 'shape') this.#fill(() => this.#shape(made, form));
    return made;
  }

  #make(base: Shape['base']): object {
    switch (base) {
      case 'object':
        return {};
      case 'array':
        return [];
      case 'map':
        return new Map();
      case 'set':
        return new Set();
      case 'error':
        return new Error();
      default: {
        if (base.kind === 'copy') return this.#resolve(base.data) as object;
        const made = this.#resolve(base.class) as new (text: string) => object;
        return new made(base.text);
      }
    }
  }

  #shape(made: object, { base, prototype, properties, elements, isExtensible }: Shape): void {
    if (prototype !== undefined) {
      const from = this.#resolve(prototype.from) as { prototype: object } | null | undefined;
      if (from !== undefined)
        Object.setPrototypeOf(made, prototype.of === 'class' ? (from as Callable).prototype : from);
    }
    const values = elements.map((element) => this.#resolve(element));
    if (base === 'map')
      for (let i = 0; i < values.length; i += 2) mapSet.call(made as Map<unknown, unknown>, values[i], values[i + 1]);
    if (base === 'set') for (const value of values) setAdd.call(made as Set<unknown>, value);
    for (const property of properties) this.#define(made, property);
    if (!isExtensible) Object.preventExtensions(made);
  }

  #define(owner: object, form: PropertyForm): void {
    const { enumerable, configurable, writable, value, get, set } = form;
    const descriptor: PropertyDescriptor = { enumerable, configurable };
    if (value !== undefined) Object.assign(descriptor, { value: this.#resolve(value), writable });
    if (get !== undefined) descriptor.get = this.#resolve(get) as () => unknown;
    if (set !== undefined) descriptor.set = this.#resolve(set) as (value: unknown) => void;
    // What is there already and can't be defined anew keeps what the text gave it.
    Reflect.defineProperty(owner, this.#resolve(form.key) as string | symbol, descriptor);
  }

  #compile({ source, url, line, column, isMapped, strict, captures }: Part): CompiledPart {
    const names = captures.map(([name]) => name);
    const mode = strict ? "'use strict'; " : '';
    const variables = names.length === 0 ? '' : `let ${names.join(', ')}; `;
    const setters = names.map((name, i) => `${name} = ${valuesName}[${i}];`).join(' ');
    // All in front on one line, so that positions in the source are those of the script that it stood in.
    const before = `(function (${importName}, ${metaName}) { ${mode}${variables}return { bind(${valuesName}) { ${setters} }, make() { return (`;
    const script = new vm.Script(`${before}${source}\n); } }; })`, {
      filename: url === undefined ? 'concurrent-futures:function' : isMapped ? mappedPrefix + url : url,
      lineOffset: line,
      columnOffset: column - before.length,
    });
    const load = (specifier: unknown, options?: ImportCallOptions) =>
      this.#importModule(String(specifier), { url, attributes: options?.with as Record<string, string> | undefined });
    return (script.runInThisContext() as Callable)(load, metaOf(url)) as CompiledPart;
  }
}

// Subclasses may have methods of their own under these names, which must not run here.
const mapSet = Map.prototype.set;
const setAdd = Set.prototype.add;

/** Stands for what was left behind: to hold it does no harm, to look into it says why it is not there. */
function untouchable(why: string): object {
  const refuse = (): never => {
    throw new FunctionNotPortableError(why);
  };
  const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((trap) => [trap, refuse]));
  return new Proxy(() => {}, traps);
}
