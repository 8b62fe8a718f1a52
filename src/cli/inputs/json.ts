/** JSON: a file that is one array, and JSON Lines. */

import { messageOf } from '../usage-error.js';
import { InputError } from './input-error.js';
import { readLines } from './lines.js';

/** The items of a file that is one array; read whole, since half an array is not JSON. */
export async function readJsonArray(chunks: AsyncIterable<Uint8Array>, source: string): Promise<readonly unknown[]> {
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  for await (const chunk of chunks) pieces.push(decoder.decode(chunk, { stream: true }));
  const text = pieces.join('') + decoder.decode();
  // As with every other format, an empty file holds no inputs.
  if (text.trim() === '') return [];
  const value = parsedWhole(text, source);
  if (Array.isArray(value)) return value;
  const found = value === null ? 'null' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
  throw new InputError(source, undefined, `a JSON array of inputs is needed, and this is ${found}`);
}

/** One value per line, with an {@link InputError} in the place of one that does not parse; blank lines are skipped. */
export async function* readJsonLines(
  chunks: AsyncIterable<Uint8Array>,
  source: string,
): AsyncGenerator<readonly unknown[], void> {
  let line = 0;
  for await (const texts of readLines(chunks, source)) {
    const values: unknown[] = [];
    for (const text of texts) {
      line += 1;
      if (text.trim() !== '') values.push(parsedLine(text, source, line));
    }
    yield values;
  }
}

function parsedLine(text: string, source: string, line: number): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    return new InputError(source, line, notJson(messageOf(error)), text);
  }
}

function parsedWhole(text: string, source: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const problem = messageOf(error);
    throw new InputError(source, lineOfProblem(text, problem), notJson(problem));
  }
}

function notJson(problem: string): string {
  return `not valid JSON: ${problem}`;
}

/** V8 names the character in most of its messages; in the others, the line stays unknown. */
function lineOfProblem(text: string, problem: string): number | undefined {
  const position = /at position (\d+)/.exec(problem)?.[1];
  if (position !== undefined) return text.slice(0, Number(position)).split('\n').length;
  return problem.includes('end of JSON input') ? text.trimEnd().split('\n').length : undefined;
}
