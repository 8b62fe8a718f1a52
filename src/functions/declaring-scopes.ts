/** Which parts of a script mean what by a name: the places of the scopes that declare it. */

import type { AnyNode, Program } from 'acorn';
import { lexicalNames, patternNames, varNames } from './declared-names.js';

/** From `start` up to and without `end`, as offsets in the script. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** For each of the wanted names, the scopes that declare it. */
export function declaringScopes(program: Program, wanted: ReadonlySet<string>): ReadonlyMap<string, readonly Range[]> {
  const found = new Map<string, Range[]>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const item of node) visit(item);
      return;
    }
    if (typeof node !== 'object' || node === null || !('type' in node)) return;
    const { start, end } = node as AnyNode;
    for (const name of new Set(namesOf(node as AnyNode))) {
      if (!wanted.has(name)) continue;
      const ranges = found.get(name) ?? [];
      found.set(name, ranges);
      ranges.push({ start, end });
    }
    for (const value of Object.values(node)) visit(value);
  };
  visit(program);
  return found;
}

/** The innermost of the ranges around a place. */
export function innermost<R extends Range>(ranges: readonly R[], offset: number): R | undefined {
  const around = ranges.filter(({ start, end }) => start <= offset && offset < end);
  return around.reduce<R | undefined>((best, range) => (best && best.start > range.start ? best : range), undefined);
}

/** What a node's own scope declares. */
function namesOf(node: AnyNode): string[] {
  switch (node.type) {
    case 'Program':
      return [...node.body.flatMap(importedNames), ...lexicalNames(node.body), ...varNames(node.body)];
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression': {
      const body = node.body.type === 'BlockStatement' ? node.body.body : [];
      const own = node.type === 'FunctionExpression' && node.id ? [node.id.name] : [];
      return [...own, ...node.params.flatMap(patternNames), ...varNames(body), ...lexicalNames(body)];
    }
    case 'BlockStatement':
    case 'StaticBlock':
      return lexicalNames(node.body);
    case 'SwitchStatement':
      return node.cases.flatMap((branch) => lexicalNames(branch.consequent));
    case 'ForStatement':
      return node.init ? lexicalNames([node.init]) : [];
    case 'ForInStatement':
    case 'ForOfStatement':
      return lexicalNames([node.left]);
    case 'CatchClause':
      return node.param ? patternNames(node.param) : [];
    case 'ClassExpression':
      return node.id ? [node.id.name] : [];
    default:
      return [];
  }
}

function importedNames(node: AnyNode): string[] {
  return node.type === 'ImportDeclaration' ? node.specifiers.map(({ local }) => local.name) : [];
}
