/** Text that others wrote, made fit for a terminal. */

import stringWidth from 'fast-string-width';

/** A terminal acts on these; the last are marks that turn the direction of text around. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unsafe = /[\0-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const colors = /(\x1b\[[\d;:]*m)/;

/** The text with a visible sign for each character that a terminal would act on. */
export function harmless(text: string): string {
  return text.replaceAll(unsafe, (character) => {
    const code = character.charCodeAt(0);
    if (character === '\t') return '  ';
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? '\u2421' : '\ufffd';
  });
}

/** The same for a line that may have colors of its own: they are kept, and end with it. */
export function harmlessLine(line: string): string {
  const parts = line.split(colors);
  if (parts.length === 1) return harmless(line);
  return `${parts.map((part, i) => (i % 2 === 1 ? part : harmless(part))).join('')}\x1b[0m`;
}

/** The text cut to `columns`, with an ellipsis where something is missing. */
export function cutToWidth(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  return columns < 1 ? '' : `${keptSegments(segmentsOf(text), columns - 1).join('')}…`;
}

/** The same, cut at its beginning: the end of a path tells more. */
export function cutStartToWidth(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  const reversed = segmentsOf(text).reverse();
  return columns < 1
    ? ''
    : `…${keptSegments(reversed, columns - 1)
        .reverse()
        .join('')}`;
}

/** What a reader takes for one character may be several: an emoji with its color, a letter with its accent. */
function segmentsOf(text: string): string[] {
  return [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
}

function keptSegments(segments: readonly string[], columns: number): string[] {
  let used = 0;
  const end = segments.findIndex((segment) => {
    used += stringWidth(segment);
    return used > columns;
  });
  return end === -1 ? [...segments] : segments.slice(0, end);
}
