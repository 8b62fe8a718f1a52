/** Parts whose text nobody wrote. */

import type { Capture, Part } from '../protocol/portable.js';
import type { BoundFunction } from './inspect.js';

/** A part that evaluates an expression over these names, which it needs at once. */
export function madePart(source: string, captures: readonly (readonly [name: string, Capture])[]): Part {
  return {
    source,
    url: undefined,
    line: 0,
    column: 0,
    isMapped: false,
    strict: true,
    eager: captures.map(([name]) => name),
    assigns: false,
    captures,
    name: undefined,
    properties: [],
    prototypeProperties: [],
  };
}

/** A bound function is bound again in the worker. */
export function boundPart(
  { target, self, args }: BoundFunction,
  need: (value: unknown, path: string) => Capture,
): Part {
  const names = args.map((_, i) => `a${i}`);
  return madePart(`target.bind(${['self', ...names].join(', ')})`, [
    ['target', need(target, '')],
    ['self', need(self, '.this')],
    ...args.map((arg, i) => [`a${i}`, need(arg, `.arguments[${i}]`)] as const),
  ]);
}
