/** Which names stand for what at one place of the text, and the dice that choose among them. */

import { isAsync, isData, type Kind, reading } from './readings.js';

interface Visible {
  readonly name: string;
  readonly kind: Kind;
  /** Whether it can be used at once, and is the same then as later: a class in a worker is made later than here. */
  readonly isSteady: boolean;
}

/** What a name stands for; `undefined` while it is declared but not to be used yet. */
type Meaning = Omit<Visible, 'name'> | undefined;

export class Context {
  /** Innermost last. */
  readonly #scopes: Map<string, Meaning>[];
  readonly #dice: readonly number[];
  #next = 0;
  readonly #count: { locals: number };
  /** Whether `await` may stand here. */
  readonly isAsync: boolean;
  /** Whether the text here is the submitted function's own, which alone assigns variables. */
  readonly isRoot: boolean;

  constructor(
    scopes: Map<string, Meaning>[],
    dice: readonly number[],
    how: { isAsync: boolean; isRoot: boolean; count: { locals: number } },
  ) {
    this.#scopes = scopes;
    this.#dice = dice;
    this.isAsync = how.isAsync;
    this.isRoot = how.isRoot;
    this.#count = how.count;
  }

  static outermost(names: ReadonlyMap<string, Kind>): Context {
    return new Context([meanings(names)], [0], { isAsync: false, isRoot: false, count: { locals: 0 } });
  }

  /** The same place with other dice, or one scope further in. */
  with(change: {
    dice?: readonly number[];
    names?: Iterable<readonly [string, Kind | undefined]>;
    isAsync?: boolean;
    isRoot?: boolean;
  }): Context {
    const scopes = change.names === undefined ? this.#scopes : [...this.#scopes, meanings(change.names)];
    return new Context(scopes, change.dice ?? this.#dice, {
      isAsync: change.isAsync ?? this.isAsync,
      isRoot: change.isRoot ?? this.isRoot,
      count: this.#count,
    });
  }

  /** From now on this name of the innermost scope may be used. */
  reveal(name: string, kind: Kind, isSteady: boolean): void {
    this.#scopes.at(-1)?.set(name, { kind, isSteady });
  }

  /** Whether a function that stands here could use something that is not steady. */
  get hasUnsteady(): boolean {
    return this.#visible().some(({ isSteady }) => !isSteady);
  }

  /** The next die, below `sides`. */
  die(sides: number): number {
    const thrown =
      (this.#dice[this.#next++ % this.#dice.length] as number) + Math.floor(this.#next / this.#dice.length);
    return thrown % sides;
  }

  oneOf<T>(all: readonly T[]): T {
    return all[this.die(all.length)] as T;
  }

  /** A name that nothing else has. */
  fresh(): string {
    return `l${this.#count.locals++}`;
  }

  /** A visible name of one of these kinds. */
  pick(isWanted: (kind: Kind) => boolean): Visible | undefined {
    return this.#pickOf(({ kind }) => isWanted(kind));
  }

  pickSteady(isWanted: (kind: Kind) => boolean): Visible | undefined {
    return this.#pickOf(({ kind, isSteady }) => isSteady && isWanted(kind));
  }

  /** An expression that reads whatever is visible here. */
  read(isWanted: (kind: Kind) => boolean = () => true): string {
    return this.#read(this.pick((kind) => isWanted(kind) && (this.isAsync || !isAsync(kind))));
  }

  /** The same where nothing can be awaited. */
  readNow(): string {
    return this.read((kind) => !isAsync(kind));
  }

  /** The same where it is read at once, as by the initializer of a static field. */
  readEagerly(): string {
    return this.#read(this.pickSteady((kind) => !isAsync(kind)));
  }

  /** A visible name to be shadowed or spelled out; one that is free where nothing is visible. */
  name(isWanted: (kind: Kind) => boolean = () => true): string {
    return this.pick((kind) => isWanted(kind))?.name ?? 'unseen';
  }

  dataName(): string {
    return this.pick((kind) => isData(kind))?.name ?? '8';
  }

  #read(picked: Visible | undefined): string {
    return picked === undefined ? String(this.die(9)) : reading(picked.kind, picked.name, this.die(99), this.die(5));
  }

  #pickOf(isWanted: (visible: Visible) => boolean): Visible | undefined {
    const all = this.#visible().filter(isWanted);
    const near = all.filter(({ name }) => !this.#scopes[0]?.has(name));
    const among = near.length > 0 && this.die(4) < 3 ? near : all;
    return among.length === 0 ? undefined : this.oneOf(among);
  }

  #visible(): Visible[] {
    const names = new Map<string, Meaning>();
    for (const scope of this.#scopes) for (const [name, meaning] of scope) names.set(name, meaning);
    // Innermost first, so that small dice choose what is near.
    return [...names].reverse().flatMap(([name, meaning]) => {
      const isHidden = meaning === undefined || (meaning.kind === 'mutable' && !this.isRoot);
      return isHidden ? [] : [{ name, ...meaning }];
    });
  }
}

function meanings(names: Iterable<readonly [string, Kind | undefined]>): Map<string, Meaning> {
  return new Map(
    [...names].map(([name, kind]) => [name, kind === undefined ? undefined : { kind, isSteady: kind !== 'varying' }]),
  );
}
