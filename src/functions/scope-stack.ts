/** The scopes around the place that a walk over a syntax tree has come to. */

interface Scope {
  readonly names: ReadonlySet<string>;
  readonly kind: ScopeKind;
}

/**
 * An ordinary function brings `this` and `arguments`, a member of a class or an object literal (`home`) brings `super`, and
 * a class brings its private names.
 */
export type ScopeKind = 'block' | 'arrow' | 'function' | 'home' | 'class';

export class ScopeStack {
  readonly #scopes: Scope[] = [];

  within(kind: ScopeKind, names: readonly string[], walk: () => void): void {
    this.#scopes.push({ kind, names: new Set(names) });
    walk();
    this.#scopes.pop();
  }

  declares(name: string): boolean {
    return this.#scopes.some((scope) => scope.names.has(name));
  }

  isInside(kind: ScopeKind): boolean {
    return this.#scopes.some((scope) => scope.kind === kind);
  }
}
