/** Constants as source text, with the kind that says how they can be read. */

import fc from 'fast-check';
import type { Kind } from './readings.js';

export interface Value {
  readonly kind: Kind;
  readonly text: string;
}

const oddNumbers = ['0', '-0', 'NaN', 'Infinity', '1e21', '0.1 + 0.2', '0xff', '1_000', 'Number.MAX_SAFE_INTEGER'];
const number = fc.oneof(fc.integer({ min: -9, max: 99 }).map(String), fc.constantFrom(...oddNumbers));
const oddTexts = [
  "import('x')",
  'import.meta',
  '`$'.concat('{x}`'),
  '*/ // "',
  '</script>',
  '\u2028',
  '\ud800',
  'this',
  "'use strict'",
];
/** `JSON.stringify` leaves U+2028 as it is, which ends a line for V8. */
const string = fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom(...oddTexts)).map((text) => JSON.stringify(text));
const plain = fc.oneof(number, string, fc.constantFrom('undefined', 'null', 'true', '7n', '[]', '{}', '[, 1]'));

const array = fc.array(number, { maxLength: 3 }).map((items) => `[${items.join(', ')}]`);
const object = fc
  .tuple(number, string, plain)
  .map(([a, c, odd]) => `{ a: ${a}, b: { c: [${a}, ${c}] }, 'odd key': ${odd} }`);
const map = fc.tuple(number, plain).map(([key, value]) => `new Map([['k', ${key}], [${value}, { deep: ${value} }]])`);
const set = fc.tuple(number, string).map((items) => `new Set([${items.join(', ')}])`);
const date = fc.integer({ min: 0, max: 2e12 }).map((ms) => `new Date(${ms})`);
const typed = fc
  .tuple(fc.constantFrom('Uint8Array', 'Float64Array', 'Int16Array', 'BigInt64Array'), fc.nat(3))
  .map(([type, length]) => (type === 'BigInt64Array' ? `new ${type}([1n, 2n])` : `new ${type}([1, ${length}])`));

const of = (kind: Kind, texts: fc.Arbitrary<string>): fc.Arbitrary<Value> => texts.map((text) => ({ kind, text }));

/** Simplest first: that is what a failing program shrinks to. */
export const values: fc.Arbitrary<Value> = fc.oneof(
  of('number', number),
  of('string', string),
  of('nothing', fc.constantFrom('undefined', 'null', 'false', 'void 0')),
  of('bigint', fc.constantFrom('7n', '-1n', '2n ** 70n')),
  of('array', array),
  of('object', object),
  of('map', map),
  of('set', set),
  of('date', date),
  of('regexp', fc.constantFrom('/a+/', '/[/\\]`]/iu', '/(?<x>b)|$/s', "new RegExp('^' + 1)")),
  of('typed', typed),
  of(
    'cyclic',
    fc.constantFrom('((c) => (c.self = c))({ id: 1 })', '((c) => { c.self = [c]; return c.self[0]; })({ id: 2 })'),
  ),
  of('error', fc.constantFrom("new TypeError('t')", "new Error('e')", "new RangeError('')")),
);
