/** Frames of functions that travelled by their text, told in the lines of the file that a person wrote. */

import { findSourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Stands before the name of a file in the frames of a function whose script is not what the file says: only the side
 * that loaded the file has its source map.
 */
export const mappedPrefix = 'concurrent-futures:function:';

const frame = new RegExp(`${mappedPrefix}(file:[^\\s()]+?):(\\d+):(\\d+)`, 'g');

/** A stack with the places in such frames put where its source maps say. */
export function mapFrames(stack: string): string {
  return stack.replace(frame, (_frame, url: string, line: string, column: string) => {
    const found = findSourceMap(url)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (found === undefined || !('originalSource' in found)) return `${fileURLToPath(url)}:${line}:${column}`;
    const { originalSource, originalLine, originalColumn } = found;
    const source = originalSource.startsWith('file:') ? fileURLToPath(originalSource) : originalSource;
    return `${source}:${originalLine + 1}:${originalColumn + 1}`;
  });
}
