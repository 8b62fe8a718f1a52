/** The scopes that a function may stand in, one inside the other. */

import type { Context } from './context.js';
import { type DeclarationForm, declarationText } from './declarations.js';
import type { Level } from './nodes.js';
import { isData, type Kind } from './readings.js';

interface Opened {
  readonly before: string;
  readonly after: string;
  /** What the scope itself declares. */
  readonly names: readonly (readonly [string, Kind])[];
}

/** `x` is a name for what the scope declares by itself. */
type Form = (x: string, level: Level, c: Context) => Opened;

const bare = (before: string, after: string): Opened => ({ before, after, names: [] });

const forms = {
  module: () => bare('', ''),
  block: () => bare('{', '}'),
  function: (x, { value }) => ({ before: `(function (${x}) {`, after: `})(${value.text});`, names: [[x, value.kind]] }),
  arrow: (x, { value }) => ({
    before: `((${x}, q = () => ${x}) => {`,
    after: `})(${value.text});`,
    names: [[x, value.kind]],
  }),
  default: (x, { value }) => ({ before: `((${x} = ${value.text}) => {`, after: '})();', names: [[x, 'varying']] }),
  destructured: (x, { value }) => ({
    before: `(({ [\`\${'k'}\`]: ${x}, ...rest }) => {`,
    after: `})({ k: ${value.text}, l: 2 });`,
    names: [[x, value.kind]],
  }),
  async: (x, { value }) => ({
    before: `pending.push((async (${x}) => { await null;`,
    after: `})(${value.text}));`,
    names: [[x, value.kind]],
  }),
  generator: () => bare('[...(function* () { yield 1;', '})()];'),
  loop: (x, _level, c) => ({
    before: `for (let ${x} = 0; ${x} < 3; ${x}++) {${c.oneOf(['', ` if (${x} === 2) continue;`, ` if (${x} > 0) break;`])}`,
    after: '}',
    names: [[x, 'varying']],
  }),
  loopOf: (x, { value }, c) => ({
    before: `for (${c.oneOf(['const', 'let'])} ${c.oneOf([x, `[${x}]`])} of [[1], [${value.text}]]) {`,
    after: '}',
    names: [[x, 'varying']],
  }),
  varLoop: (x, { value }) => ({
    before: `for (var [${x}] of [[1], [${value.text}]]) {`,
    after: '}',
    names: [[x, 'varying']],
  }),
  loopIn: (x) => ({ before: `for (const ${x} in { one: 1, two: 2 }) {`, after: '}', names: [[x, 'string']] }),
  varWhile: (x) => ({ before: `var ${x} = 0; while (${x}++ < 2) {`, after: '}', names: [[x, 'varying']] }),
  catch: (x, { value }) => ({
    before: `try { throw ${value.text}; } catch (${x}) {`,
    after: '}',
    names: [[x, value.kind]],
  }),
  catchPattern: (x, { value }) => ({
    before: `try { throw { a: ${value.text} }; } catch ({ a: ${x}, ...rest }) {`,
    after: '} finally { }',
    names: [[x, 'varying']],
  }),
  switch: () => bare('switch (1) { case 1:', '}'),
  label: (_x, _level, c) => {
    const label = c.fresh();
    return bare(`${label}: {`, `break ${label}; }`);
  },
  staticBlock: () => bare('(class { static { const Here = this;', '} });'),
  method: (x, { value }) => ({
    before: `new (class { #secret = 1; run(${x}) {`,
    after: `} })().run(${value.text});`,
    names: [[x, value.kind]],
  }),
  getter: () => bare('({ get g() {', '} }).g;'),
  callback: (x, { value }) => ({
    before: `[${value.text}].forEach((${x}) => {`,
    after: '});',
    names: [[x, value.kind]],
  }),
  nested: (x, { value }, c) => {
    const outer = c.fresh();
    return {
      before: `function ${outer}(${x}) { inner(); function inner() {`,
      after: `} } ${outer}(${value.text});`,
      names: [[x, value.kind]],
    };
  },
} satisfies Record<string, Form>;

export type LevelForm = keyof typeof forms;
export const levelForms = Object.keys(forms).filter((form) => form !== 'module') as LevelForm[];

/** Some are words of the language elsewhere, some are used by the code that puts a function together again. */
const names = [
  'a',
  'k',
  'o',
  'v',
  'made',
  'values',
  'target',
  'self',
  '$',
  'ünï',
  'of',
  'name',
  'process',
  'exports',
  'toString',
  'x\\u0079z',
  'b',
  '_',
  'get',
];

/** Few, so that levels shadow each other's names. */
const namesInUse = 14;

/** A variable of `var` may not meet one of `let` with its name on its way out to the function. */
const needsOwnName = (form: DeclarationForm | LevelForm): boolean => form.startsWith('var');

/** The text of a level, with what stands inside it. At the module's own level, names end in the unit's number. */
export function levelText(level: Level, index: number, c: Context, inner: (c: Context) => string): string {
  const at = c.with({ dice: level.dice });
  const isModule = level.form === 'module';
  const taken = new Set<string>();
  const nameFor = (die: number): string => {
    for (let i = die; ; i++) {
      const word = (names[i % names.length] as string) + (i < names.length ? '' : i);
      const name = isModule ? `${word}_${index}` : word;
      if (!taken.has(name)) {
        taken.add(name);
        return name;
      }
    }
  };
  const own = needsOwnName(level.form) ? at.fresh() : nameFor(at.die(namesInUse));
  const { before, after, names: ownNames } = forms[level.form](own, level, at);
  const declared = level.declarations.map((declaration) => ({
    declaration,
    name: needsOwnName(declaration.form) ? at.fresh() : nameFor((declaration.dice[0] as number) % namesInUse),
  }));
  // All of them are declared in the whole scope; each may be used once it stands there.
  const scope = at.with({ names: [...ownNames, ...declared.map(({ name }) => [name, undefined] as const)] });
  const texts = { before: '', late: '', afterwards: '' };
  for (const { declaration, name } of declared) {
    const { kind, text, afterwards = '' } = declarationText(name, declaration, scope);
    texts[declaration.isLate ? 'late' : 'before'] += `${text}\n`;
    texts.afterwards += afterwards;
    const isSteady = !declaration.isLate && kind !== 'varying' && (isData(kind) || !scope.hasUnsteady);
    scope.reveal(name, kind, isSteady);
  }
  return `${before}\n${texts.before}${inner(scope)}\n${texts.late}${texts.afterwards}${after}\n`;
}
