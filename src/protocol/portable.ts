/** How a function travels. */

export type PortableFunction =
  /** The export `name` of the module at `url`. */
  | ModuleExport
  /** A built-in, for example `Math.max`, or `node:fs` and `readFileSync`. */
  | ({ readonly kind: 'builtin' } & BuiltinPath)
  | ValueFunction;

export interface ModuleExport {
  readonly kind: 'reference';
  readonly url: string;
  readonly name: string;
}

/** A public path from the global scope, or from a built-in module; the empty path is the module itself. */
export interface BuiltinPath {
  readonly module: string | undefined;
  readonly path: string;
}

/** By value: the function, which is the first of `parts`, with everything that it captures. */
export interface ValueFunction {
  readonly kind: 'value';
  readonly parts: readonly Part[];
  readonly objects: readonly ObjectForm[];
  readonly symbols: readonly SymbolForm[];
  /** The units that `objects` refer to, by id. */
  readonly units: readonly number[];
}

/** The text of a function or a class, and what the names that it uses from outside stand for. */
export interface Part {
  /**
   * An expression that evaluates to it. In it `import()` is written as a call of {@link importName} and `import.meta` as
   * {@link metaName}, since text that is evaluated has no module whose own they could be.
   */
  readonly source: string;
  /** The module that it stood in, where that is a file. */
  readonly url: string | undefined;
  /** Where the source begins in the script that was compiled there, both from 0. */
  readonly line: number;
  readonly column: number;
  /** Whether the lines of that script are not those of the file: a source map tells. */
  readonly isMapped: boolean;
  readonly strict: boolean;
  /** The captured names that it needs as soon as it is evaluated: a class needs the class that it extends. */
  readonly eager: readonly string[];
  /** Whether it assigns what it captures; then each call starts with the values as they were sent. */
  readonly assigns: boolean;
  readonly captures: readonly (readonly [name: string, Capture])[];
  /** The name that it was given by the variable or property that it was first put in. */
  readonly name: string | undefined;
  /** Own properties that its text does not make, and those of its `prototype`. */
  readonly properties: readonly PropertyForm[];
  readonly prototypeProperties: readonly PropertyForm[];
}

/** What a captured name, a property or an element stands for. */
export type Capture =
  | { readonly kind: 'primitive'; readonly value: unknown }
  | { readonly kind: 'object'; readonly index: number }
  | { readonly kind: 'symbol'; readonly index: number }
  | { readonly kind: 'part'; readonly index: number }
  /** What the part returns when it is called: a constant that is computed anew, such as a `require` result. */
  | { readonly kind: 'result'; readonly index: number }
  | ModuleExport
  | ({ readonly kind: 'builtin' } & BuiltinPath)
  /** The export `name` (`*` for all) of what the module at `url` imports as `specifier`. */
  | {
      readonly kind: 'import';
      readonly url: string;
      readonly specifier: string;
      readonly name: string;
      readonly attributes?: Readonly<Record<string, string>> | undefined;
    }
  /** The `require` of the module at `url`. */
  | { readonly kind: 'require'; readonly url: string }
  | Missing;

/** Left behind because it can't travel and is hardly ever used; whoever touches it is told why. */
export interface Missing {
  readonly kind: 'missing';
  readonly why: string;
}

export type ObjectForm =
  /** Data, copied together with all that it leads to: the value at `index` of a unit. */
  { readonly kind: 'data'; readonly unit: number; readonly index: number } | Shape | Missing;

/** An object that is more than data, or of which only some properties are used. */
export interface Shape {
  readonly kind: 'shape';
  /** What it is made as: from a copy (a date, a buffer), or by a class from a text (an address). */
  readonly base:
    | 'object'
    | 'array'
    | 'map'
    | 'set'
    | 'error'
    | { readonly kind: 'copy'; readonly data: Capture }
    | { readonly kind: 'new'; readonly class: Capture; readonly text: string };
  /** `undefined` as its base has it. */
  readonly prototype: undefined | { readonly of: 'class' | 'itself'; readonly from: Capture };
  readonly properties: readonly PropertyForm[];
  /** The elements of a set; of a map keys and values by turns. */
  readonly elements: readonly Capture[];
  readonly isExtensible: boolean;
}

export interface PropertyForm {
  readonly key: Capture;
  /** The value, or a getter and a setter. */
  readonly value: Capture | undefined;
  readonly get: Capture | undefined;
  readonly set: Capture | undefined;
  readonly writable: boolean;
  readonly enumerable: boolean;
  readonly configurable: boolean;
}

export interface SymbolForm {
  readonly description: string | undefined;
  /** Whether it is that of `Symbol.for`. */
  readonly isRegistered: boolean;
}

/**
 * Captured data that hangs together, so that an object that several functions capture is one object again. It is sent once to
 * each worker: as bytes of `v8.serialize`, or as values where those can't be written down (shared memory).
 */
export type UnitContent =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'values'; readonly values: readonly unknown[] };

/** What stands for `import` and `import.meta` in a function that travels by value: as long, so that columns stay. */
export const importName = '$impor';
export const metaName = '$importMeta';
