/** What standard error, or standard output, can show. */

import pc from 'picocolors';

type Colors = ReturnType<typeof pc.createColors>;

export interface Terminal {
  readonly isTerminal: boolean;
  /** Whether lines can be written over: a terminal that moves its cursor. */
  readonly live: boolean;
  readonly colors: Colors;
  /** Columns; infinite where nothing wraps. */
  width(): number;
  /** Columns and rows as they are now; those of a classic terminal where it is none. */
  size(): { readonly columns: number; readonly rows: number };
  write(text: string): void;
  /** From now on hands over what others than {@link write} write there, instead of writing it. */
  takeOver(take: (text: string) => void): void;
  endTakeOver(): void;
}

/** Standard error as a terminal, or as the plain file or pipe that it is. */
export function standardError(): Terminal {
  return terminalOn(process.stderr);
}

export function terminalOn(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): Terminal {
  const before = stream.write;
  const write = before.bind(stream);
  const isTerminal = stream.isTTY === true;
  // Whoever read our messages has gone; the work goes on without them.
  stream.on('error', () => {});
  return {
    isTerminal,
    live: isTerminal && env['TERM'] !== 'dumb',
    colors: pc.createColors(wantsColors(isTerminal, env)),
    width: () => (isTerminal ? stream.columns || 80 : Number.POSITIVE_INFINITY),
    // A terminal that does not know its size says 0.
    size: () => ({ columns: stream.columns || 80, rows: stream.rows || 24 }),
    write: (text) => void write(text),
    takeOver: (take) => {
      stream.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
        take(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
        const callback = rest.at(-1);
        if (typeof callback === 'function') process.nextTick(callback);
        return true;
      };
    },
    endTakeOver: () => {
      stream.write = before;
    },
  };
}

/** https://no-color.org: any value but an empty one means no. */
export function wantsColors(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  if ((env['FORCE_COLOR'] ?? '') !== '') return env['FORCE_COLOR'] !== '0';
  return isTerminal && env['TERM'] !== 'dumb';
}
