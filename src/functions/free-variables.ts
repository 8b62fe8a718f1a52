/**
 * Which names does a function use that it does not declare?
 *
 * One walk over the syntax tree with a stack of scopes. Declarations are collected before a scope's body is walked, so
 * use before declaration resolves as it does in the language.
 */

import type { AnyNode, Function as FunctionNode, Pattern } from 'acorn';
import { lexicalNames, patternNames, varNames } from './declared-names.js';

export interface FreeVariables {
  /** Free names in the order of their first use. */
  readonly names: readonly string[];
  /** Uses that tie the function to where it stands. */
  readonly usesThis: boolean;
  readonly usesSuper: boolean;
  readonly usesPrivateName: boolean;
  /** The free names that it assigns. */
  readonly assigned: ReadonlySet<string>;
  /** Where each `import.meta` stands. */
  readonly importMetas: readonly { readonly start: number; readonly end: number }[];
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
    assigned: walk.assigned,
    importMetas: walk.importMetas,
    dynamicImports: walk.dynamicImports,
  };
}

class Walk {
  readonly free = new Set<string>();
  usesThis = false;
  usesSuper = false;
  usesPrivateName = false;
  readonly assigned = new Set<string>();
  readonly importMetas: AnyNode[] = [];
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
        if (node.meta.name === 'import') this.importMetas.push(node);
        return;
      case 'AssignmentExpression':
        this.#assign(patternNames(node.left));
        this.#children(node);
        return;
      case 'UpdateExpression':
        this.#assign(patternNames(node.argument as Pattern));
        this.#children(node);
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
      else if (head) {
        if (node.type !== 'ForStatement') this.#assign(patternNames(head as Pattern));
        this.#patternOrExpression(head);
      }
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
    if (!this.#isDeclared(name)) this.free.add(name);
  }

  #assign(names: readonly string[]): void {
    for (const name of names) if (!this.#isDeclared(name)) this.assigned.add(name);
  }

  #isDeclared(name: string): boolean {
    return this.#scopes.some((scope) => scope.names.has(name));
  }

  #inside(kind: Scope['kind']): boolean {
    return this.#scopes.some((scope) => scope.kind === kind);
  }
}
