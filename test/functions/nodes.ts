/**
 * What is drawn at random: trees of nodes. A node names its form, and its dice decide what the form leaves open: which visible
 * name it reads, which variant it takes. So every tree is a program that makes sense, and a tree shrinks to a smaller one.
 *
 *   Unit (one function to be run) ──► levels, outermost first: where it stands, and what is declared there
 *                                └──► the function: its kind, parameters, statements, and its arguments
 */

import fc from 'fast-check';
import { type DeclarationForm, declarationForms } from './declarations.js';
import { type LevelForm, levelForms } from './levels.js';
import { type StatementForm, statementForms } from './statements.js';
import { type Value, values } from './values.js';

type Dice = readonly number[];

export interface Statement {
  readonly form: StatementForm;
  readonly dice: Dice;
  readonly inner: readonly Statement[];
}

export interface FunctionNode {
  /** Which kind of function: arrow, method, asynchronous, and so on. */
  readonly form: number;
  readonly dice: Dice;
  readonly body: readonly Statement[];
}

export interface Declaration {
  readonly form: DeclarationForm;
  readonly dice: Dice;
  readonly value: Value;
  readonly fn: FunctionNode;
  /** Whether it stands after the place where the function is made. */
  readonly isLate: boolean;
}

export interface Level {
  readonly form: LevelForm;
  readonly dice: Dice;
  readonly value: Value;
  readonly declarations: readonly Declaration[];
}

export interface Unit {
  /** The first is the module itself. */
  readonly levels: readonly Level[];
  readonly root: FunctionNode;
  readonly args: readonly Value[];
}

const dice = fc.array(fc.nat(60), { minLength: 6, maxLength: 6 });

const { statement } = fc.letrec<{ statement: Statement }>((tie) => ({
  statement: fc.record({
    form: fc.constantFrom(...statementForms),
    dice,
    inner: fc.oneof(
      { depthSize: 'small', depthIdentifier: 'statement' },
      fc.constant([]),
      fc.array(tie('statement'), { maxLength: 2 }),
    ),
  }),
}));

const fn = (statementsMax: number): fc.Arbitrary<FunctionNode> =>
  fc.record({ form: fc.nat(30), dice, body: fc.array(statement, { maxLength: statementsMax, size: 'max' }) });

const declaration: fc.Arbitrary<Declaration> = fc.record({
  form: fc.constantFrom(...declarationForms),
  dice,
  value: values,
  fn: fn(2),
  isLate: fc.boolean(),
});

const level = (form: fc.Arbitrary<LevelForm>): fc.Arbitrary<Level> =>
  fc.record({ form, dice, value: values, declarations: fc.array(declaration, { maxLength: 4, size: 'max' }) });

export const levels: fc.Arbitrary<readonly Level[]> = fc
  .tuple(level(fc.constant('module')), fc.array(level(fc.constantFrom(...levelForms)), { maxLength: 3, size: 'max' }))
  .map(([outermost, nested]) => [outermost, ...nested]);

export const units: fc.Arbitrary<Unit> = fc.record({
  levels,
  root: fn(5),
  args: fc.array(values, { maxLength: 3 }),
});
