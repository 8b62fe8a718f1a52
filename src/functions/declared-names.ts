/** The names that statements and patterns declare, and those that a module exports. */

import type { AnyNode, Pattern, Program } from 'acorn';

/** What `let`, `const`, `class` and function declarations of this statement list declare. */
export function lexicalNames(body: readonly AnyNode[]): string[] {
  return body.flatMap((node) => {
    if (node.type === 'VariableDeclaration') {
      return node.kind === 'var' ? [] : node.declarations.flatMap((declarator) => patternNames(declarator.id));
    }
    if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') return node.id ? [node.id.name] : [];
    if (node.type === 'LabeledStatement') return lexicalNames([node.body]);
    return [];
  });
}

/**
 * What `var` declares anywhere in a function's body, nested functions left out. A function that is declared in a block is
 * taken to be visible there only, as it is in strict code.
 */
export function varNames(nodes: readonly (AnyNode | null | undefined)[]): string[] {
  return nodes.flatMap((node): string[] => {
    if (node === null || node === undefined) return [];
    switch (node.type) {
      case 'VariableDeclaration':
        return node.kind === 'var' ? node.declarations.flatMap((declarator) => patternNames(declarator.id)) : [];
      case 'BlockStatement':
        return varNames(node.body);
      case 'IfStatement':
        return varNames([node.consequent, node.alternate]);
      case 'ForStatement':
        return varNames([node.init, node.body]);
      case 'ForInStatement':
      case 'ForOfStatement':
        return varNames([node.left, node.body]);
      case 'WhileStatement':
      case 'DoWhileStatement':
      case 'LabeledStatement':
      case 'WithStatement':
        return varNames([node.body]);
      case 'TryStatement':
        return varNames([node.block, node.handler?.body, node.finalizer]);
      case 'SwitchStatement':
        return node.cases.flatMap((branch) => varNames(branch.consequent));
      default:
        return [];
    }
  });
}

/** What a pattern binds. */
export function patternNames(pattern: Pattern | null): string[] {
  if (pattern === null) return [];
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        patternNames(property.type === 'RestElement' ? property.argument : property.value),
      );
    case 'ArrayPattern':
      return pattern.elements.flatMap(patternNames);
    case 'AssignmentPattern':
      return patternNames(pattern.left);
    case 'RestElement':
      return patternNames(pattern.argument);
    default:
      return [];
  }
}

/** The names that a module exports, each with the local name behind it, where there is one. */
export function exportedNames(program: Program): { readonly local: string; readonly exported: string }[] {
  return program.body.flatMap((node) => {
    if (node.type === 'ExportDefaultDeclaration') {
      const { declaration } = node;
      if (declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration') {
        return [{ local: declaration.id?.name ?? '*default*', exported: 'default' }];
      }
      // The value at that time is exported, not the variable: it counts only where the two can't differ.
      const isFixed = declaration.type === 'Identifier' && !assignableNames(program).has(declaration.name);
      return [{ local: isFixed ? declaration.name : '*default*', exported: 'default' }];
    }
    if (node.type !== 'ExportNamedDeclaration') return [];
    if (node.declaration) {
      const names = [...lexicalNames([node.declaration]), ...varNames([node.declaration])];
      return names.map((name) => ({ local: name, exported: name }));
    }
    if (node.source) return [];
    return node.specifiers.map(({ local, exported }) => ({ local: moduleName(local), exported: moduleName(exported) }));
  });
}

function assignableNames(program: Program): Set<string> {
  const declarations = program.body.filter((node) => node.type === 'VariableDeclaration' && node.kind !== 'const');
  return new Set([...lexicalNames(declarations), ...varNames(declarations)]);
}

function moduleName(node: { type: 'Identifier'; name: string } | { type: 'Literal'; value?: unknown }): string {
  return node.type === 'Identifier' ? node.name : String(node.value);
}
