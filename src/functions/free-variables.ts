/**
 * Which names does a function use that it does not declare?
 *
 * One walk over the syntax tree with a stack of scopes. Declarations are collected before a scope's body is walked, so
 * use before declaration resolves as it does in the language.
 */

import type { AnyNode, Function as FunctionNode, Pattern, Program } from 'acorn';

export interface FreeVariables {
  /** Free names in the order of their first use. */
  readonly names: readonly string[];
  /** Uses that tie the function to where it stands. */
  readonly usesThis: boolean;
  readonly usesSuper: boolean;
  readonly usesPrivateName: boolean;
  readonly usesImportMeta: boolean;
  /** Where the word `import` of each dynamic `import()` begins. */
  readonly dynamicImports: readonly number[];
}

interface Scope {
  readonly names: Set<string>;
  /**
   * An ordinary function brings `this` and `arguments`, a member of a class or an object literal (`home`) brings `super`, and
   * a class brings its private names.
   */
  readonly kind: 'block' | 'arrow' | 'function' | 'home' | 'class';
}

/** The free variables of an expression. */
export function freeVariables(root: AnyNode): FreeVariables {
  const walk = new Walk();
  walk.visit(root);
  return {
    names: [...walk.free],
    usesThis: walk.usesThis,
    usesSuper: walk.usesSuper,
    usesPrivateName: walk.usesPrivateName,
    usesImportMeta: walk.usesImportMeta,
    dynamicImports: walk.dynamicImports,
  };
}

class Walk {
  readonly free = new Set<string>();
  usesThis = false;
  usesSuper = false;
  usesPrivateName = false;
  usesImportMeta = false;
  readonly dynamicImports: number[] = [];
  readonly #scopes: Scope[] = [];

  visit(node: AnyNode | null | undefined): void {
    if (node === null || node === undefined) return;
    switch (node.type) {
      case 'Identifier':
        this.#use(node.name);
        return;
      case 'ThisExpression':
        if (!this.#inside('function')) this.usesThis = true;
        return;
      case 'Super':
        if (!this.#inside('home')) this.usesSuper = true;
        return;
      case 'MetaProperty':
        if (node.meta.name === 'import') this.usesImportMeta = true;
        return;
      case 'ImportExpression':
        this.dynamicImports.push(node.start);
        this.#children(node);
        return;
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.#function(node);
        return;
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#within('block', node.id ? [node.id.name] : [], () => {
          this.visit(node.superClass);
          this.#within('class', [], () => {
            for (const member of node.body.body) this.#member(member);
          });
        });
        return;
      case 'PrivateIdentifier':
        if (!this.#inside('class')) this.usesPrivateName = true;
        return;
      case 'BlockStatement':
        this.#within('block', lexicalNames(node.body), () => this.#all(node.body));
        return;
      case 'StaticBlock':
        this.#within('function', [...varNames(node.body), ...lexicalNames(node.body)], () => this.#all(node.body));
        return;
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        this.#loop(node);
        return;
      case 'SwitchStatement':
        this.visit(node.discriminant);
        this.#within(
          'block',
          node.cases.flatMap((branch) => lexicalNames(branch.consequent)),
          () => this.#all(node.cases),
        );
        return;
      case 'CatchClause':
        this.#within('block', node.param ? patternNames(node.param) : [], () => {
          this.#pattern(node.param);
          this.visit(node.body);
        });
        return;
      case 'VariableDeclarator':
        this.#pattern(node.id);
        this.visit(node.init);
        return;
      case 'MemberExpression':
        this.visit(node.object);
        if (node.computed || node.property.type === 'PrivateIdentifier') this.visit(node.property);
        return;
      case 'Property':
        if (node.computed) this.visit(node.key);
        if (node.method || node.kind !== 'init') this.#within('home', [], () => this.visit(node.value));
        else this.visit(node.value);
        return;
      case 'LabeledStatement':
        this.visit(node.body);
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
        return;
      default:
        this.#children(node);
    }
  }

  #member(member: AnyNode): void {
    if (member.type === 'StaticBlock') return this.#within('home', [], () => this.visit(member));
    if (member.type !== 'MethodDefinition' && member.type !== 'PropertyDefinition') return;
    if (member.computed) this.visit(member.key);
    this.#within('home', [], () => {
      // A field's initializer runs as a method would: with its object as `this`.
      if (member.type === 'PropertyDefinition') this.#within('function', [], () => this.visit(member.value));
      else this.visit(member.value);
    });
  }

  #function(node: FunctionNode): void {
    const isArrow = node.type === 'ArrowFunctionExpression';
    const own = node.type === 'FunctionExpression' && node.id ? [node.id.name] : [];
    this.#within('block', own, () => {
      const parameters = node.params.flatMap(patternNames);
      this.#within(isArrow ? 'arrow' : 'function', isArrow ? parameters : [...parameters, 'arguments'], () => {
        for (const parameter of node.params) this.#pattern(parameter);
        if (node.body.type !== 'BlockStatement') return this.visit(node.body);
        const body = node.body.body;
        this.#within('block', [...varNames(body), ...lexicalNames(body)], () => this.#all(body));
      });
    });
  }

  #loop(node: Extract<AnyNode, { type: 'ForStatement' | 'ForInStatement' | 'ForOfStatement' }>): void {
    const head = node.type === 'ForStatement' ? node.init : node.left;
    const names = head?.type === 'VariableDeclaration' ? head.declarations.flatMap((d) => patternNames(d.id)) : [];
    this.#within('block', names, () => {
      if (head?.type === 'VariableDeclaration') this.visit(head);
      else if (head) this.#patternOrExpression(head);
      if (node.type === 'ForStatement') this.#all([node.test, node.update]);
      else this.visit(node.right);
      this.visit(node.body);
    });
  }

  /** A pattern declares nothing here (that was done on entering the scope); its defaults and keys are expressions. */
  #pattern(pattern: Pattern | null | undefined): void {
    if (pattern === null || pattern === undefined) return;
    switch (pattern.type) {
      case 'Identifier':
        this.#use(pattern.name);
        return;
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type === 'RestElement') this.#pattern(property.argument);
          else {
            if (property.computed) this.visit(property.key);
            this.#pattern(property.value);
          }
        }
        return;
      case 'ArrayPattern':
        for (const element of pattern.elements) this.#pattern(element);
        return;
      case 'AssignmentPattern':
        this.#pattern(pattern.left);
        this.visit(pattern.right);
        return;
      case 'RestElement':
        this.#pattern(pattern.argument);
        return;
      default:
        this.visit(pattern);
    }
  }

  #patternOrExpression(node: AnyNode): void {
    this.#pattern(node as Pattern);
  }

  #children(node: AnyNode): void {
    for (const value of Object.values(node) as unknown[]) {
      if (Array.isArray(value)) for (const item of value) this.#child(item);
      else this.#child(value);
    }
  }

  #child(value: unknown): void {
    if (typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string') {
      this.visit(value as AnyNode);
    }
  }

  #all(nodes: readonly (AnyNode | null | undefined)[]): void {
    for (const node of nodes) this.visit(node);
  }

  #within(kind: Scope['kind'], names: readonly string[], walk: () => void): void {
    this.#scopes.push({ kind, names: new Set(names) });
    walk();
    this.#scopes.pop();
  }

  #use(name: string): void {
    if (!this.#scopes.some((scope) => scope.names.has(name))) this.free.add(name);
  }

  #inside(kind: Scope['kind']): boolean {
    return this.#scopes.some((scope) => scope.kind === kind);
  }
}

/** What `let`, `const`, `class` and function declarations of this statement list declare. */
function lexicalNames(body: readonly AnyNode[]): string[] {
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
function varNames(nodes: readonly (AnyNode | null | undefined)[]): string[] {
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

function patternNames(pattern: Pattern | null): string[] {
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
    case 'MemberExpression':
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
