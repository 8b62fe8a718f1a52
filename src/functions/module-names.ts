/** What names of a script stand for, read off its text: imports, and what `require` gave. */

import type { AnyNode, ImportDeclaration, Pattern, Program, VariableDeclaration } from 'acorn';
import { patternNames } from './declared-names.js';
import { declaringScopes, innermost, type Range } from './declaring-scopes.js';
import { isForeign, originOf, viteRoot } from './foreign-modules.js';
import { freeVariables } from './free-variables.js';
import { type FunctionLocation, scriptPlace, scriptSource } from './inspect.js';
import { lineStarts, parseModule, parseScript } from './parse.js';
import {
  type RewrittenImport,
  requireAgain,
  requiredModules,
  rewrittenImport,
  viteDeclarations,
  viteImports,
} from './rewritten-imports.js';

export type LoadedName =
  | {
      readonly kind: 'import';
      readonly specifier: string;
      readonly name: string;
      readonly attributes: Readonly<Record<string, string>> | undefined;
    }
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

/** A loaded name with its declaration's place; the names that a loader hands to a whole script have none. */
type Declared = LoadedName & { readonly start?: number };

interface ScriptNames {
  readonly loaded: ReadonlyMap<string, readonly Declared[]>;
  /** The scopes that declare these names, and those that are assigned. */
  readonly scopes: ReadonlyMap<string, readonly Range[]>;
  readonly assigned: ReadonlySet<string>;
  /** The offset at which each line begins. */
  readonly lines: readonly number[];
}

const known = new Map<string, ScriptNames>();

/** How a name that is used at a place of a script was imported or required there, if it was. */
export function loadedName(name: string, location: FunctionLocation): (LoadedName & Place) | undefined {
  const { loaded, scopes, lines } = namesIn(location);
  const declared = loaded.get(name);
  if (declared === undefined) return undefined;
  const ranges = scopes.get(name) ?? [];
  // Another scope in between may use the name for something else, and minifiers see to it that some do.
  const scope = innermost(ranges, offsetOf(location, lines));
  const found = declared.filter(({ start }) => start === undefined || innermost(ranges, start) === scope).at(-1);
  return found && { ...found, ...placeAt(found.start, location, lines) };
}

/** Tells a variable that is assigned somewhere from others of the same name in the same script. */
export function variableKey(name: string, location: FunctionLocation): string {
  const { scopes, lines } = namesIn(location);
  const scope = innermost(scopes.get(name) ?? [], offsetOf(location, lines));
  return `${location.scriptId} ${scope?.start} ${name}`;
}

/** Whether a name anywhere in a script is imported or required. */
export function isLoadedName(name: string, location: ScriptPlace): boolean {
  return namesIn(location).loaded.has(name);
}

/** `with { type: 'json' }` */
function attributesOf({ attributes }: ImportDeclaration): Record<string, string> | undefined {
  if (attributes.length === 0) return undefined;
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key.type === 'Identifier' ? key.name : String(key.value), String(value.value)]),
  );
}

/** A place in a script, as the inspector counts. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

function offsetOf({ scriptId, line, column }: FunctionLocation, lines: readonly number[]): number {
  const { startLine = 0, startColumn = 0 } = scriptPlace(scriptId) ?? {};
  return (lines[line - startLine] ?? 0) + column - (line === startLine ? startColumn : 0);
}

function placeAt(
  offset: number | undefined,
  { scriptId, line, column }: FunctionLocation,
  lines: readonly number[],
): Place {
  if (offset === undefined) return { line, column };
  const { startLine = 0, startColumn = 0 } = scriptPlace(scriptId) ?? {};
  const at = lines.findLastIndex((start) => start <= offset);
  return { line: at + startLine, column: offset - (lines[at] as number) + (at === 0 ? startColumn : 0) };
}

/** The names that are assigned anywhere in a script, other than where they are declared. */
export function assignedNames(script: ScriptPlace): ReadonlySet<string> {
  return namesIn(script).assigned;
}

function namesIn({ scriptId, url }: ScriptPlace): ScriptNames {
  let names = known.get(scriptId);
  if (names === undefined) {
    const source = scriptSource(scriptId);
    const program = parseModule(source) ?? parseScript(source);
    names = program === undefined ? nothing : readNames(program, source, url);
    known.set(scriptId, names);
  }
  return names;
}

const nothing: ScriptNames = { loaded: new Map(), scopes: new Map(), assigned: new Set(), lines: [0] };

function readNames(program: Program, source: string, url: string): ScriptNames {
  const loaded = new Map<string, Declared[]>();
  for (const [name, found] of namesOf(program, source, url)) {
    const all = loaded.get(name);
    if (all === undefined) loaded.set(name, [found]);
    else all.push(found);
  }
  const lines = lineStarts(source);
  const assigned = new Set(assignmentsIn(program));
  const scopes = declaringScopes(program, new Set([...loaded.keys(), ...assigned]));
  return { loaded, scopes, assigned, lines };
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

function* namesOf(program: Program, source: string, url: string): Iterable<[string, Declared]> {
  for (const node of program.body) if (node.type === 'ImportDeclaration') yield* importedNames(node);
  const isModule = program.body.some((node) => node.type === 'ImportDeclaration' || node.type.startsWith('Export'));
  const script = { source, url, isForeign: !isModule && isForeign(url) };
  if (script.isForeign) yield* runnerNames(program, url);
  const wholes = new Map<string, RewrittenImport>();
  // Loaders and bundlers may wrap a whole file into a function, so these may stand anywhere.
  for (const node of declarationsIn(program)) yield* requiredNames(node, script, wholes);
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

function* importedNames(node: ImportDeclaration): Iterable<[string, Declared]> {
  const { start } = node;
  const from = { kind: 'import', specifier: String(node.source.value), attributes: attributesOf(node), start } as const;
  for (const item of node.specifiers) {
    const { name: local } = item.local;
    if (item.type === 'ImportDefaultSpecifier') yield [local, { ...from, name: 'default' }];
    else if (item.type === 'ImportNamespaceSpecifier') yield [local, { ...from, name: '*' }];
    else {
      const { imported } = item;
      const name = imported.type === 'Identifier' ? imported.name : String(imported.value);
      yield [local, { ...from, name }];
    }
  }
}

interface Script {
  readonly source: string;
  readonly url: string;
  /** Whether a test runner loaded the script: then `require` is its own. */
  readonly isForeign: boolean;
}

/** @param wholes the names that hold a whole module, as they are met. */
function* requiredNames(
  node: VariableDeclaration,
  place: Script,
  wholes: Map<string, RewrittenImport>,
): Iterable<[string, Declared]> {
  for (const { id, init, start, end } of node.declarations) {
    if (!init) continue;
    const whole = id.type === 'Identifier' ? (rewrittenImport(init) ?? otherName(id.name, init, wholes)) : undefined;
    if (id.type === 'Identifier' && whole !== undefined) {
      wholes.set(id.name, whole);
      yield [id.name, { ...wholeModule(id.name, whole, place), start }];
      continue;
    }
    if (!usesRequire(init)) continue;
    const kinds = [...requiredModules(init)].map((specifier) => originOf(specifier, place.url).kind);
    const isRunner = kinds.includes('runner');
    // What was taken out of a module of the user's own is a variable like any other.
    if (place.isForeign && !isRunner && kinds.includes('own')) continue;
    const declaration = `const ${place.source.slice(start, end)}`;
    for (const name of patternNames(id))
      yield [name, isRunner ? { kind: 'runner', start } : { kind: 'required', declaration, start }];
  }
}

/** Babel has two names for a module that is imported both as a whole and by its members: `var helper = _helper`. */
function otherName(name: string, init: AnyNode, wholes: ReadonlyMap<string, RewrittenImport>) {
  return init.type === 'Identifier' && init.name === `_${name}` ? wholes.get(init.name) : undefined;
}

function wholeModule(name: string, module: RewrittenImport, { url, isForeign }: Script): LoadedName {
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
