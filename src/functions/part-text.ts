/** The text of a part as a worker compiles it: where it begins, in which mode it runs, and how it reaches its module. */

import type { AnyNode } from 'acorn';
import { importName, metaName } from '../protocol/portable.js';
import type { FreeVariables } from './free-variables.js';
import { type AnyFunction, type FunctionLocation, type InspectedFunction, scriptSource } from './inspect.js';
import type { Place } from './module-names.js';
import { beginsStrict, type FunctionText, lineStarts } from './parse.js';

/** The text with `import()` and `import.meta` renamed, at the same columns. */
export function withoutModule({ source, offset }: FunctionText, free: FreeVariables): string {
  const places = [
    ...free.dynamicImports.map((start) => ({ start, end: start + 'import'.length, name: importName })),
    ...free.importMetas.map(({ start, end }) => ({ start, end, name: metaName })),
  ];
  return places.reduce((text, { start, end, name }) => {
    const padded = name.padEnd(end - start);
    return text.slice(0, start + offset) + padded + text.slice(start + offset + padded.length);
  }, source);
}

/** Where the text of a function begins in its script. */
export function textStart({ source, node, offset }: FunctionText, { line, column }: FunctionLocation): Place {
  const before = source.slice(offset, offset + locationIn(node, source, offset));
  const breaks = lineStarts(before).length - 1;
  return { line: line - breaks, column: breaks === 0 ? column - before.length : 0 };
}

/** What V8 takes to be a function's place: its parameters, or those of its class's constructor. */
function locationIn(node: AnyNode, source: string, offset: number): number {
  if (node.type === 'ClassExpression') {
    const made = node.body.body.find((member) => member.type === 'MethodDefinition' && member.kind === 'constructor');
    return made?.type === 'MethodDefinition' ? made.value.start : node.start;
  }
  if (node.type !== 'FunctionExpression') return node.start;
  return source.indexOf('(', (node.id?.end ?? node.start) + offset) - offset;
}

/** To ask for a script's source walks all scripts: tens of milliseconds in a large program. */
const strictScripts = new Map<string, boolean>();

/** Whether the function runs in strict mode where it stands, for a reason that its own text does not show. */
export function isStrict(fn: AnyFunction, inspected: InspectedFunction | undefined): boolean {
  if (inspected === undefined) return true;
  if (inspected.scopes.some((scope) => scope.kind === 'module')) return true;
  // Outside strict mode, and only there, V8 gives an ordinary function this property.
  if (Object.hasOwn(fn, 'caller')) return false;
  const { scriptId } = inspected.location;
  let isStrictScript = strictScripts.get(scriptId);
  if (isStrictScript === undefined) {
    isStrictScript = beginsStrict(scriptSource(scriptId));
    strictScripts.set(scriptId, isStrictScript);
  }
  return isStrictScript;
}
