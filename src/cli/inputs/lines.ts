/** Text → lines. `node:readline` reads on while nobody takes, and loses the stream's errors; an endless pipe needs neither. */

import { InputError, recordCharsMax } from './input-error.js';

/**
 * The lines without their ends (`\n` or `\r\n`), those of a chunk together; an empty line counts, what follows the last line's end does
 * not.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  source: string,
): AsyncGenerator<readonly string[], void> {
  const decoder = new TextDecoder();
  // Pieces of a line that spans chunks: joined once, since joining at each chunk would cost the line's length each time.
  let pieces: string[] = [];
  let pieceChars = 0;
  let linesBefore = 0;
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    const lines: string[] = [];
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      pieces.push(text.slice(start, end));
      lines.push(joinLine(pieces));
      pieces = [];
      pieceChars = 0;
      start = end + 1;
    }
    linesBefore += lines.length;
    if (lines.length > 0) yield lines;
    if (start === text.length) continue;
    pieces.push(text.slice(start));
    pieceChars += text.length - start;
    if (pieceChars > recordCharsMax)
      throw new InputError(source, linesBefore + 1, `longer than ${recordCharsMax} characters`);
  }
  pieces.push(decoder.decode());
  const last = joinLine(pieces);
  if (last !== '') yield [last];
}

function joinLine(pieces: readonly string[]): string {
  const line = pieces.length === 1 ? (pieces[0] as string) : pieces.join('');
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
