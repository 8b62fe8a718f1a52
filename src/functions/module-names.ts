/** What names of a script stand for, read off its text: imports, and what `require` gave. */

import type { AnyNode, ImportDeclaration, Pattern, Program, VariableDeclaration } from 'acorn';
import { patternNames } from './declared-names.js';
import { freeVariables } from './free-variables.js';
import { scriptSource } from './inspect.js';
import { parseModule, parseScript } from './parse.js';

export type LoadedName =
  | { readonly kind: 'import'; readonly specifier: string; readonly name: string }
  /** Declared by a statement that calls `require`; `declaration` is its text. */
  | { readonly kind: 'required'; readonly declaration: string };

interface ScriptNames {
  readonly loaded: ReadonlyMap<string, LoadedName>;
  readonly assigned: ReadonlySet<string>;
}

const known = new Map<string, ScriptNames>();

/** The imported and required names of a script, by local name. */
export function loadedNames(scriptId: string): ReadonlyMap<string, LoadedName> {
  return namesIn(scriptId).loaded;
}

/** The names that are assigned anywhere in a script, other than where they are declared. */
export function assignedNames(scriptId: string): ReadonlySet<string> {
  return namesIn(scriptId).assigned;
}

function namesIn(scriptId: string): ScriptNames {
  let names = known.get(scriptId);
  if (names === undefined) {
    const source = scriptSource(scriptId);
    const program = parseModule(source) ?? parseScript(source);
    names =
      program === undefined
        ? { loaded: new Map(), assigned: new Set() }
        : { loaded: namesOf(program, source), assigned: new Set(assignmentsIn(program)) };
    known.set(scriptId, names);
  }
  return names;
}

function* assignmentsIn(node: unknown): Iterable<string> {
  if (Array.isArray(node)) {
    for (const item of node) yield* assignmentsIn(item);
    return;
  }
  if (typeof node !== 'object' || node === null || !('type' in node)) return;
  const typed = node as AnyNode;
  if (typed.type === 'AssignmentExpression') yield* patternNames(typed.left);
  if (typed.type === 'UpdateExpression') yield* patternNames(typed.argument as Pattern);
  if (typed.type === 'ForInStatement' || typed.type === 'ForOfStatement') yield* patternNames(typed.left as Pattern);
  // Declared without a value and given one later counts as well; so does a variable that a loop counts up.
  for (const value of Object.values(typed)) yield* assignmentsIn(value);
}

function namesOf(program: Program, source: string): Map<string, LoadedName> {
  const names = new Map<string, LoadedName>();
  for (const node of program.body) {
    if (node.type === 'ImportDeclaration') for (const [name, loaded] of importedNames(node)) names.set(name, loaded);
  }
  // Loaders and bundlers may wrap a whole file into a function, so these may stand anywhere.
  for (const node of declarationsIn(program)) {
    for (const [name, loaded] of requiredNames(node, source)) names.set(name, loaded);
  }
  return names;
}

function* declarationsIn(node: unknown): Iterable<VariableDeclaration> {
  if (Array.isArray(node)) {
    for (const item of node) yield* declarationsIn(item);
    return;
  }
  if (typeof node !== 'object' || node === null || !('type' in node)) return;
  if (node.type === 'VariableDeclaration') yield node as VariableDeclaration;
  for (const value of Object.values(node)) yield* declarationsIn(value);
}

function* importedNames(node: ImportDeclaration): Iterable<[string, LoadedName]> {
  const specifier = String(node.source.value);
  for (const item of node.specifiers) {
    const { name: local } = item.local;
    if (item.type === 'ImportDefaultSpecifier') yield [local, { kind: 'import', specifier, name: 'default' }];
    else if (item.type === 'ImportNamespaceSpecifier') yield [local, { kind: 'import', specifier, name: '*' }];
    else {
      const { imported } = item;
      const name = imported.type === 'Identifier' ? imported.name : String(imported.value);
      yield [local, { kind: 'import', specifier, name }];
    }
  }
}

function* requiredNames(node: VariableDeclaration, source: string): Iterable<[string, LoadedName]> {
  for (const declarator of node.declarations) {
    if (!declarator.init || !usesRequire(declarator.init)) continue;
    const declaration = `const ${source.slice(declarator.start, declarator.end)}`;
    for (const name of patternNames(declarator.id)) yield [name, { kind: 'required', declaration }];
  }
}

/** `require` among the free names of what runs at once; a function that calls it later does not count. */
function usesRequire(node: AnyNode): boolean {
  if (node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression') return false;
  return freeVariables(node).names.includes('require');
}
