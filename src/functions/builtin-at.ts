/** What stands at a public path of the language or of Node. */

import { createRequire } from 'node:module';
import type { BuiltinPath } from '../protocol/portable.js';

/** The value, and the object that it is a member of, which may be its `this`. */
export function builtinAt({ module, path }: BuiltinPath): { readonly owner: object; readonly value: unknown } {
  const root = module === undefined ? globalThis : (createRequire(process.execPath)(module) as object);
  let owner: object = root;
  let value: unknown = root;
  for (const step of path === '' ? [] : path.split('.')) {
    owner = value as object;
    value = (owner as Record<string, unknown>)[step];
  }
  return { owner, value };
}
