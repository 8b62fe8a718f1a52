/** What standard error can show. */

import stringWidth from 'fast-string-width';
import pc from 'picocolors';

type Colors = ReturnType<typeof pc.createColors>;

export interface Terminal {
  /** Whether a line can be written over: a terminal that moves its cursor. */
  readonly live: boolean;
  readonly colors: Colors;
  /** Columns; infinite where nothing wraps. */
  width(): number;
  write(text: string): void;
  /** Calls back before anything but {@link write} writes there: what tasks print, say. */
  beforeOthersWrite(callback: (text: string) => void): void;
}

/** Standard error as a terminal, or as the plain file or pipe that it is. */
export function standardError(env: NodeJS.ProcessEnv = process.env): Terminal {
  const stream = process.stderr;
  const write = stream.write.bind(stream);
  const isTerminal = stream.isTTY === true;
  // Whoever read our messages has gone; the work goes on without them.
  stream.on('error', () => {});
  return {
    live: isTerminal && env['TERM'] !== 'dumb',
    colors: pc.createColors(wantsColors(isTerminal, env)),
    width: () => (isTerminal ? (stream.columns ?? 80) : Number.POSITIVE_INFINITY),
    write: (text) => void write(text),
    beforeOthersWrite: (callback) => {
      stream.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
        callback(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
        return (write as (...args: unknown[]) => boolean)(chunk, ...rest);
      };
    },
  };
}

/** https://no-color.org: any value but an empty one means no. */
export function wantsColors(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  if ((env['FORCE_COLOR'] ?? '') !== '') return env['FORCE_COLOR'] !== '0';
  return isTerminal && env['TERM'] !== 'dumb';
}

/** The text cut to `columns`, with an ellipsis where something is missing. */
export function cutToWidth(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let kept = '';
  let used = 1;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += stringWidth(segment);
    if (used > columns) break;
    kept += segment;
  }
  return `${kept}…`;
}
