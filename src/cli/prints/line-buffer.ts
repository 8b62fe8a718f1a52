/** Text that comes in pieces, as whole lines. */

/** A longer line is cut, so that one without an end takes no more memory. */
const charactersMax = 64 * 1024;

export class LineBuffer {
  #rest = '';

  /** The lines that are whole with this piece. */
  take(piece: string): string[] {
    if (!piece.includes('\n') && this.#rest.length + piece.length <= charactersMax) {
      this.#rest += piece;
      return [];
    }
    const lines = (this.#rest + piece).split('\n');
    this.#rest = lines.pop() as string;
    if (this.#rest.length > charactersMax) lines.push(...this.end());
    return lines.map(asShown);
  }

  /** What is there of a line that will not be whole any more. */
  end(): string[] {
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? [] : [asShown(rest)];
  }
}

/** What a terminal would show of a line that goes back to its beginning, as progress bars do. */
function asShown(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  return text.slice(text.lastIndexOf('\r') + 1);
}
