import { UsageError } from '../usage-error.js';

/** An input that can't be read: where, and what is wrong with it. */
export class InputError extends UsageError {
  override readonly name = 'InputError';
  /** The inputs' name for people: a path as the user wrote it, or `standard input`. */
  readonly source: string;
  /** Counted from 1; `undefined` where the trouble is with the whole. */
  readonly line: number | undefined;
  /** The malformed text, where it is one line. */
  readonly text: string | undefined;

  constructor(source: string, line: number | undefined, problem: string, text?: string) {
    const where = line === undefined ? source : `${source}, line ${line}`;
    super(`${where}: ${problem.replaceAll(/\s+/g, ' ')}`);
    this.source = source;
    this.line = line;
    this.text = text;
  }
}

/** A line or record longer than this is taken for a mistake (a quote left open, a file of another kind). */
export const recordCharsMax = 64 * 1024 * 1024;
