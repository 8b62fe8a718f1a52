/** What names of a script stand for, read off its text: imports, and what `require` gave. */

import type { AnyNode, ImportDeclaration, Pattern, Program, VariableDeclaration } from 'acorn';
import { patternNames } from './declared-names.js';
import { isForeign, originOf, viteRoot } from './foreign-modules.js';
import { freeVariables } from './free-variables.js';
import { scriptSource } from './inspect.js';
import { parseModule, parseScript } from './parse.js';
import {
  type RewrittenImport,
  requireAgain,
  requiredModules,
  rewrittenImport,
  viteDeclarations,
  viteImports,
} from './rewritten-imports.js';

export type LoadedName =
  | { readonly kind: 'import'; readonly specifier: string; readonly name: string }
  /** Declared by a statement that calls `require`; `declaration` is its text. */
  | { readonly kind: 'required'; readonly declaration: string }
  /** The object of a module that a worker imports again, as vite shows it. */
  | { readonly kind: 'vite'; readonly specifier: string }
  /** The object of a module that only goes along by value, member by member. */
  | { readonly kind: 'namespace' }
  /** The object of a test runner's own module. */
  | { readonly kind: 'runner' };

interface ScriptPlace {
  readonly scriptId: string;
  readonly url: string;
}

interface ScriptNames {
  readonly loaded: ReadonlyMap<string, LoadedName>;
  readonly assigned: ReadonlySet<string>;
}

const known = new Map<string, ScriptNames>();

/** The imported and required names of a script, by local name. */
export function loadedNames({ scriptId, url }: ScriptPlace): ReadonlyMap<string, LoadedName> {
  return namesIn(scriptId, url).loaded;
}

/** The names that are assigned anywhere in a script, other than where they are declared. */
export function assignedNames({ scriptId, url }: ScriptPlace): ReadonlySet<string> {
  return namesIn(scriptId, url).assigned;
}

function namesIn(scriptId: string, url: string): ScriptNames {
  let names = known.get(scriptId);
  if (names === undefined) {
    const source = scriptSource(scriptId);
    const program = parseModule(source) ?? parseScript(source);
    names =
      program === undefined
        ? { loaded: new Map(), assigned: new Set() }
        : { loaded: namesOf(program, source, url), assigned: new Set(assignmentsIn(program)) };
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

function namesOf(program: Program, source: string, url: string): Map<string, LoadedName> {
  const names = new Map<string, LoadedName>();
  for (const node of program.body) {
    if (node.type === 'ImportDeclaration') for (const [name, loaded] of importedNames(node)) names.set(name, loaded);
  }
  const isModule = program.body.some((node) => node.type === 'ImportDeclaration' || node.type.startsWith('Export'));
  const place = { source, url, isForeign: !isModule && isForeign(url) };
  if (place.isForeign) for (const [name, loaded] of runnerNames(program, url)) names.set(name, loaded);
  const wholes = new Map<string, RewrittenImport>();
  // Loaders and bundlers may wrap a whole file into a function, so these may stand anywhere.
  for (const node of declarationsIn(program)) {
    for (const [name, loaded] of requiredNames(node, place, wholes)) names.set(name, loaded);
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

interface Place {
  readonly source: string;
  readonly url: string;
  /** Whether a test runner loaded the script: then `require` is its own. */
  readonly isForeign: boolean;
}

/** @param wholes the names that hold a whole module, as they are met. */
function* requiredNames(
  node: VariableDeclaration,
  place: Place,
  wholes: Map<string, RewrittenImport>,
): Iterable<[string, LoadedName]> {
  for (const { id, init, start, end } of node.declarations) {
    if (!init) continue;
    const whole = id.type === 'Identifier' ? (rewrittenImport(init) ?? otherName(id.name, init, wholes)) : undefined;
    if (id.type === 'Identifier' && whole !== undefined) {
      wholes.set(id.name, whole);
      yield [id.name, wholeModule(id.name, whole, place)];
      continue;
    }
    if (!usesRequire(init)) continue;
    const kinds = [...requiredModules(init)].map((specifier) => originOf(specifier, place.url).kind);
    const isRunner = kinds.includes('runner');
    // What was taken out of a module of the user's own is a variable like any other.
    if (place.isForeign && !isRunner && kinds.includes('own')) continue;
    const declaration = `const ${place.source.slice(start, end)}`;
    for (const name of patternNames(id))
      yield [name, isRunner ? { kind: 'runner' } : { kind: 'required', declaration }];
  }
}

/** Babel has two names for a module that is imported both as a whole and by its members: `var helper = _helper`. */
function otherName(name: string, init: AnyNode, wholes: ReadonlyMap<string, RewrittenImport>) {
  return init.type === 'Identifier' && init.name === `_${name}` ? wholes.get(init.name) : undefined;
}

function wholeModule(name: string, module: RewrittenImport, { url, isForeign }: Place): LoadedName {
  const isVite = module.through === 'vite';
  if (isVite || isForeign) {
    const origin = originOf(module.specifier, url);
    if (origin.kind === 'runner') return { kind: 'runner' };
    if (origin.kind === 'own') return { kind: 'namespace' };
    if (isVite) return { kind: 'vite', specifier: origin.specifier };
  }
  return { kind: 'required', declaration: `const ${name} = ${requireAgain(module)}` };
}

/** What a test runner's loader hands to every module under a name of its own. */
function runnerNames(program: Program, url: string): [string, LoadedName][] {
  const root = viteRoot(viteImports(program), url);
  const vite = Object.entries(viteDeclarations(root)).map(([name, value]): [string, LoadedName] => [
    name,
    { kind: 'required', declaration: `const ${name} = ${value}` },
  ]);
  return [...vite, ['exports', { kind: 'namespace' }], ['jest', { kind: 'runner' }]];
}

/** `require` among the free names of what runs at once; a function that calls it later does not count. */
function usesRequire(node: AnyNode): boolean {
  if (node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression') return false;
  return freeVariables(node).names.includes('require');
}
