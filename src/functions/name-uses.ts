/** What a function's text does with the names that it takes from outside. */

import type { MemberExpression } from 'acorn';

/** What is done with one name. */
export interface NameUse {
  /** Whether more is done with it than to read members by name (`config.size`): handed on, listed, written to. */
  readonly isWhole: boolean;
  /** The members that are read, and whether one is called as a method, which then has the object as its `this`. */
  readonly members: ReadonlyMap<string, { readonly isCalled: boolean }>;
  /** Whether it is needed as soon as the text is evaluated: what a class extends, or computes its static fields from. */
  readonly isEager: boolean;
}

export interface MemberUse {
  readonly name: string;
  readonly isCalled: boolean;
}

export class NameUses {
  /** In the order of their first use. */
  readonly byName = new Map<
    string,
    { isWhole: boolean; readonly members: Map<string, { isCalled: boolean }>; isEager: boolean }
  >();

  /** @param member what is read of it; without, the whole is used. */
  add(name: string, isEager: boolean, member?: MemberUse): void {
    let use = this.byName.get(name);
    if (use === undefined) {
      use = { isWhole: false, members: new Map(), isEager: false };
      this.byName.set(name, use);
    }
    use.isEager ||= isEager;
    if (member === undefined) use.isWhole = true;
    else {
      const isCalled = member.isCalled || use.members.get(member.name)?.isCalled === true;
      use.members.set(member.name, { isCalled });
    }
  }
}

/** The name in `object.name` and `object['name']`. */
export function memberName({ computed, property }: MemberExpression): string | undefined {
  if (!computed) return property.type === 'Identifier' ? property.name : undefined;
  return property.type === 'Literal' && typeof property.value === 'string' ? property.value : undefined;
}
