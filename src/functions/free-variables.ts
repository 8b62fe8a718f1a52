/**
 * Which names does a function use that it does not declare?
 *
 * One walk over the syntax tree with a stack of scopes. Declarations are collected before a scope's body is walked, so
 * use before declaration resolves as it does in the language.
 */

import type { AnyNode, Function as FunctionNode, MemberExpression, Pattern } from 'acorn';
import { lexicalNames, patternNames, varNames } from './declared-names.js';
import { type MemberUse, memberName, type NameUse, NameUses } from './name-uses.js';
import { ScopeStack } from './scope-stack.js';

export interface FreeVariables {
  /** Free names in the order of their first use. */
  readonly names: readonly string[];
  readonly uses: ReadonlyMap<string, NameUse>;
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

/** The free variables of an expression. */
export function freeVariables(root: AnyNode): FreeVariables {
  let found = known.get(root);
  if (found === undefined) {
    found = walked(root);
    known.set(root, found);
  }
  return found;
}

const known = new WeakMap<AnyNode, FreeVariables>();

function walked(root: AnyNode): FreeVariables {
  const walk = new Walk();
  walk.visit(root);
  return {
    names: [...walk.uses.byName.keys()],
    uses: walk.uses.byName,
    usesThis: walk.usesThis,
    usesSuper: walk.usesSuper,
    usesPrivateName: walk.usesPrivateName,
    assigned: walk.assigned,
    importMetas: walk.importMetas,
    dynamicImports: walk.dynamicImports,
  };
}

class Walk {
  readonly uses = new NameUses();
  usesThis = false;
  usesSuper = false;
  usesPrivateName = false;
  readonly assigned = new Set<string>();
  readonly importMetas: AnyNode[] = [];
  readonly dynamicImports: number[] = [];
  readonly #scopes = new ScopeStack();
  /** How many members of classes that run later, if ever, enclose the place. */
  #later = 0;

  visit(node: AnyNode | null | undefined): void {
    if (node === null || node === undefined) return;
    switch (node.type) {
      case 'Identifier':
        this.#use(node.name);
        return;
      case 'ThisExpression':
        if (!this.#scopes.isInside('function')) this.usesThis = true;
        return;
      case 'Super':
        if (!this.#scopes.isInside('home')) this.usesSuper = true;
        return;
      case 'MetaProperty':
        if (node.meta.name === 'import') this.importMetas.push(node);
        return;
      case 'AssignmentExpression':
        this.#assign(patternNames(node.left));
        this.#pattern(node.left);
        this.visit(node.right);
        return;
      case 'UpdateExpression':
        this.#assign(patternNames(node.argument as Pattern));
        this.#written(node.argument);
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
        this.#scopes.within('block', node.id ? [node.id.name] : [], () => {
          this.visit(node.superClass);
          this.#scopes.within('class', [], () => {
            for (const member of node.body.body) this.#member(member);
          });
        });
        return;
      case 'PrivateIdentifier':
        if (!this.#scopes.isInside('class')) this.usesPrivateName = true;
        return;
      case 'BlockStatement':
        this.#scopes.within('block', lexicalNames(node.body), () => this.#all(node.body));
        return;
      case 'StaticBlock':
        this.#scopes.within('function', [...varNames(node.body), ...lexicalNames(node.body)], () =>
          this.#all(node.body),
        );
        return;
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        this.#loop(node);
        return;
      case 'SwitchStatement':
        this.visit(node.discriminant);
        this.#scopes.within(
          'block',
          node.cases.flatMap((branch) => lexicalNames(branch.consequent)),
          () => this.#all(node.cases),
        );
        return;
      case 'CatchClause':
        this.#scopes.within('block', node.param ? patternNames(node.param) : [], () => {
          this.#pattern(node.param);
          this.visit(node.body);
        });
        return;
      case 'VariableDeclarator':
        this.#pattern(node.id);
        if (!this.#takesApart(node.id, node.init)) this.visit(node.init);
        return;
      case 'MemberExpression':
        this.#memberOf(node, false);
        return;
      case 'CallExpression':
        if (node.callee.type === 'MemberExpression') this.#memberOf(node.callee, true);
        else this.visit(node.callee);
        this.#all(node.arguments);
        return;
      case 'TaggedTemplateExpression':
        if (node.tag.type === 'MemberExpression') this.#memberOf(node.tag, true);
        else this.visit(node.tag);
        this.visit(node.quasi);
        return;
      case 'UnaryExpression':
        if (node.operator === 'delete') this.#written(node.argument);
        this.visit(node.argument);
        return;
      case 'Property':
        if (node.computed) this.visit(node.key);
        if (node.method || node.kind !== 'init') this.#scopes.within('home', [], () => this.visit(node.value));
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
    if (member.type === 'StaticBlock') return this.#scopes.within('home', [], () => this.visit(member));
    if (member.type !== 'MethodDefinition' && member.type !== 'PropertyDefinition') return;
    if (member.computed) this.visit(member.key);
    const runsAtOnce = member.type === 'PropertyDefinition' && member.static;
    this.#later += runsAtOnce ? 0 : 1;
    this.#scopes.within('home', [], () => {
      // A field's initializer runs as a method would: with its object as `this`.
      if (member.type === 'PropertyDefinition') this.#scopes.within('function', [], () => this.visit(member.value));
      else this.visit(member.value);
    });
    this.#later -= runsAtOnce ? 0 : 1;
  }

  #memberOf(node: MemberExpression, isCalled: boolean): void {
    const name = memberName(node);
    if (node.object.type === 'Identifier' && name !== undefined) this.#use(node.object.name, { name, isCalled });
    else this.visit(node.object);
    if (node.computed || node.property.type === 'PrivateIdentifier') this.visit(node.property);
  }

  /** `const { a, b } = name` reads members, like `name.a`. */
  #takesApart(pattern: Pattern, init: AnyNode | null | undefined): boolean {
    if (pattern.type !== 'ObjectPattern' || init?.type !== 'Identifier') return false;
    const keys = pattern.properties.map((property) =>
      property.type === 'Property' && !property.computed && property.key.type === 'Identifier'
        ? property.key.name
        : undefined,
    );
    if (keys.length === 0 || keys.includes(undefined)) return false;
    for (const name of keys) this.#use(init.name, { name: name as string, isCalled: false });
    return true;
  }

  /** Whoever writes to a member, or deletes it, needs the object. */
  #written(target: AnyNode): void {
    if (target.type === 'MemberExpression' && target.object.type === 'Identifier') this.#use(target.object.name);
  }

  #function(node: FunctionNode): void {
    const isArrow = node.type === 'ArrowFunctionExpression';
    const own = node.type === 'FunctionExpression' && node.id ? [node.id.name] : [];
    this.#scopes.within('block', own, () => {
      const parameters = node.params.flatMap(patternNames);
      this.#scopes.within(isArrow ? 'arrow' : 'function', isArrow ? parameters : [...parameters, 'arguments'], () => {
        for (const parameter of node.params) this.#pattern(parameter);
        if (node.body.type !== 'BlockStatement') return this.visit(node.body);
        const body = node.body.body;
        this.#scopes.within('block', [...varNames(body), ...lexicalNames(body)], () => this.#all(body));
      });
    });
  }

  #loop(node: Extract<AnyNode, { type: 'ForStatement' | 'ForInStatement' | 'ForOfStatement' }>): void {
    const head = node.type === 'ForStatement' ? node.init : node.left;
    const names = head?.type === 'VariableDeclaration' ? head.declarations.flatMap((d) => patternNames(d.id)) : [];
    this.#scopes.within('block', names, () => {
      if (head?.type === 'VariableDeclaration') this.visit(head);
      else if (head) {
        if (node.type !== 'ForStatement') this.#assign(patternNames(head as Pattern));
        this.#pattern(head as Pattern);
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
        this.#written(pattern);
        this.visit(pattern);
    }
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

  #use(name: string, member?: MemberUse): void {
    if (!this.#scopes.declares(name)) this.uses.add(name, this.#later === 0, member);
  }

  #assign(names: readonly string[]): void {
    for (const name of names) if (!this.#scopes.declares(name)) this.assigned.add(name);
  }
}
