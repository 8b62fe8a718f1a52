/** How a function travels. */

export type PortableFunction =
  /** The export `name` of the module at `url`. */
  | { readonly kind: 'reference'; readonly url: string; readonly name: string }
  /** A built-in by its public path, for example `Math.max`, or `node:fs` and `readFileSync`. */
  | { readonly kind: 'builtin'; readonly module: string | undefined; readonly path: string }
  /**
   * By value: the function, which is the first of `parts`, with everything that it captures. `values` are copied together,
   * so an object that several parts capture is one object again.
   */
  | { readonly kind: 'value'; readonly parts: readonly Part[]; readonly values: readonly unknown[] };

/** The text of a function or a class, and what the names that it uses from outside stand for. */
export interface Part {
  /**
   * An expression that evaluates to it. In it `import()` is written as a call of {@link importName} and `import.meta` as
   * {@link metaName}, since text that is evaluated has no module whose own they could be.
   */
  readonly source: string;
  /** The module that it stood in, where that is a file. */
  readonly url: string | undefined;
  /** The line in that module, from 0; `undefined` where the lines are not those of the file. */
  readonly line: number | undefined;
  readonly strict: boolean;
  /** What it needs as soon as it is evaluated: a class needs the class that it extends. */
  readonly isEager: boolean;
  /** Whether it assigns what it captures; then each call starts with the values as they were sent. */
  readonly assigns: boolean;
  readonly captures: readonly (readonly [name: string, Capture])[];
}

/** What a captured name stands for. */
export type Capture =
  | { readonly kind: 'value'; readonly index: number }
  | { readonly kind: 'part'; readonly index: number }
  /** What the part returns when it is called: a constant that is computed anew, such as a `require` result. */
  | { readonly kind: 'result'; readonly index: number }
  | { readonly kind: 'function'; readonly portable: Exclude<PortableFunction, { kind: 'value' }> }
  /** The export `name` (`*` for all) of what the module at `url` imports as `specifier`. */
  | { readonly kind: 'import'; readonly url: string; readonly specifier: string; readonly name: string }
  /** An object with these members and no others: of a module that travels by value, those that are used. */
  | { readonly kind: 'members'; readonly members: readonly (readonly [name: string, Capture])[] }
  /** The `require` of the module at `url`. */
  | { readonly kind: 'require'; readonly url: string };

/** What stands for `import` and `import.meta` in a function that travels by value. */
export const importName = '__concurrentFuturesImport';
export const metaName = '__concurrentFuturesMeta';
