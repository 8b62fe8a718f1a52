/** Functions as text: every kind that the language has, with every kind of parameters. */

import type { Context } from './context.js';
import type { FunctionNode } from './nodes.js';
import type { CodeKind } from './readings.js';
import { statementsText } from './statements.js';

/** An expression that gives the function, from its parameters and its body. */
type Shape = (parameters: string, body: string, c: Context) => string;
export type FunctionKind = Extract<CodeKind, 'function' | 'async' | 'generator' | 'asyncGenerator'>;

const shapes: { readonly [K in FunctionKind]: readonly Shape[] } = {
  function: [
    (parameters, body) => `(${parameters}) => {${body}}`,
    (parameters, body) => `function (${parameters}) {${body}}`,
    (parameters, body, c) => namedFunction(parameters, body, c.fresh()),
    (parameters, body) => `({ method(${parameters}) {${body}} }).method`,
    (parameters, body, c) =>
      `Object.values({ [\`c\${'}'}\` + typeof ${c.readEagerly()}](${parameters}) {${body}} })[0]`,
    (_parameters, body) => `Object.getOwnPropertyDescriptor({ get g() { let n = 1, p = [2];${body}} }, 'g').get`,
    (_parameters, body) => `Object.getOwnPropertyDescriptor({ set g(n) { let p = [n];${body}} }, 'g').set`,
    (parameters, body) => `(class { static s(${parameters}) {${body}} }).s`,
    (parameters, body) => `new (class { m(${parameters}) {${body}} })().m`,
    (parameters, body) => `(class { static f = (${parameters}) => {${body}} }).f`,
    (parameters, body, c) =>
      `((madeBefore) => (${parameters}) => {${ending(body, 'return [out, madeBefore];')}})(${c.readEagerly()})`,
    (parameters, body) => `[0, 1, 2].map((turn) => (${parameters}) => { const inTurn = turn;${body} })[1]`,
    (parameters, body) => `(class { static 'a name'(${parameters}) {${body}} })['a name']`,
    (parameters, body) => `({ 7(${parameters}) {${body}} })[7]`,
    (parameters, body) => `({ async(${parameters}) {${body}} }).async`,
    (parameters, body) => `({ get(${parameters}) {${body}} }).get`,
    (parameters, body) => `({ static: function (${parameters}) {${body}} }).static`,
    (parameters, body) => `(${parameters})=>/* => { */{${body}}`,
    (parameters, body) => `Object.freeze(function(${parameters}){${body}})`,
    (parameters, body) => `(${parameters}) => ((out) => {${body.replace('const out = [];', '')}})([])`,
  ],
  async: [
    (parameters, body) => `async (${parameters}) => {${body}}`,
    (parameters, body) => `async function (${parameters}) {${body}}`,
    (parameters, body) => `({ async method(${parameters}) {${body}} }).method`,
    (parameters, body) => `(class { static async s(${parameters}) {${body}} }).s`,
    (parameters, body, c) => `async ${namedFunction(parameters, body, c.fresh())}`,
  ],
  generator: [
    (parameters, body) => `function* (${parameters}) {${yielding(body)}}`,
    (parameters, body) => `({ *method(${parameters}) {${yielding(body)}} }).method`,
    (parameters, body) => `(class { static *[Symbol.iterator](${parameters}) {${yielding(body)}} })[Symbol.iterator]`,
  ],
  asyncGenerator: [
    (parameters, body) => `async function* (${parameters}) {${yielding(body)}}`,
    (parameters, body) => `({ async *method(${parameters}) {${yielding(body)}} }).method`,
  ],
};

const end = ' return out; ';
const ending = (body: string, other: string): string => ` ${body.slice(0, -end.length)} ${other} `;
const namedFunction = (parameters: string, body: string, name: string): string =>
  `function ${name}(${parameters}) {${ending(body, `return [out, typeof ${name}];`)}}`;
const yielding = (body: string): string => ending(body, 'yield* out; yield out.length;');

/** Parameters are `n`, a number when one function calls another, and `p`. */
const parameterLists: readonly ((c: Context) => string)[] = [
  () => 'n, p',
  (c) => `n = 1, p = ${c.readNow()}`,
  () => 'n, ...p',
  (c) => `n, { a: p = ${c.readNow()}, ...more } = {}`,
  (c) => `n = ${c.readNow()}, p = [n], q = () => [n, p]`,
  (c) => `n, ...[p, q = ${c.readNow()}, { length: r } = [p]]`,
  (c) => `n, p = (() => { let n = ${c.readNow()}; return n; })(),`,
];

function parts({ dice, body }: FunctionNode, c: Context, isAsync: boolean): { parameters: string; body: string } {
  const own = ['n', 'p', 'q', 'r', 'more', 'out'] as const;
  const at = c.with({ dice, names: own.map((name) => [name, undefined]), isAsync: false });
  const parameters = at.oneOf(parameterLists)(at);
  at.reveal('n', 'any', false);
  at.reveal('p', 'any', false);
  return { parameters, body: ` const out = []; ${statementsText(body, at.with({ isAsync }))}${end}` };
}

const isAsynchronous = (kind: FunctionKind): boolean => kind === 'async' || kind === 'asyncGenerator';

/** An expression that gives a function of that kind. */
export function functionText(node: FunctionNode, c: Context, kind: FunctionKind): string {
  const { parameters, body } = parts(node, c, isAsynchronous(kind));
  const all = shapes[kind];
  return (all[node.form % all.length] as Shape)(parameters, body, c.with({ isAsync: false }));
}

const keywords = {
  function: 'function',
  async: 'async function',
  generator: 'function*',
  asyncGenerator: 'async function*',
};

/** A declaration of a function of that kind. */
export function declaredFunction(name: string, node: FunctionNode, c: Context, kind: FunctionKind): string {
  const { parameters, body } = parts(node, c, isAsynchronous(kind));
  const isYielding = kind === 'generator' || kind === 'asyncGenerator';
  return `${keywords[kind]} ${name}(${parameters}) {${isYielding ? yielding(body) : body}}`;
}
