/**
 * A few lines at the bottom of a terminal that are written over and over.
 *
 * Between two drawings the cursor stands on a blank line above them:
 *
 *   …what was printed
 *   ▮                       ← the cursor, out of sight
 *   ████░░░░ 3/8 · …        ← the region
 *   1  2.1 s  #3 photo.jpg
 *
 * So nobody has to know how many rows the lines take: terminals break lines anew when they get narrower, and only the terminal
 * knows how; its cursor stays with the text, and everything below it is ours. (log-update stands below its lines and goes up by
 * their number, which leaves garbage behind.) What a child process or a key writes past us lands on the blank line.
 */

/** While it has not heard yet that the window is narrower, a line that is too long must be cut, and not take two rows. */
const [wrapOff, wrapOn] = ['\x1b[?7l', '\x1b[?7h'];
const eraseToLineEnd = '\x1b[K';
const eraseBelow = '\x1b[J';

export class LiveRegion {
  readonly #write: (text: string) => void;
  #shownRows = 0;
  #columns = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Prints `above`, which is nothing or whole lines, and the region below it. */
  draw(above: string, lines: readonly string[], columns: number): void {
    // Line by line over the old ones, so that nothing flickers; not where the terminal may have broken these anew.
    const erased = above !== '' || columns !== this.#columns ? this.#erased() : '\r';
    this.#columns = columns;
    this.#shownRows = lines.length;
    const body = lines.map((line) => `\n${line}${eraseToLineEnd}`).join('');
    const up = `\x1b[${lines.length}A\r`;
    this.#write(erased + above + wrapOff + body + eraseBelow + wrapOn + up);
  }

  /** Takes the region off; the cursor is where it was before it was drawn first. */
  erase(): void {
    this.#write(this.#erased());
    this.#shownRows = 0;
  }

  /** The blank line goes in any case: keys that were pressed may stand there. */
  #erased(): string {
    const erased = `\r${eraseToLineEnd}`;
    // From the line below: some terminals keep a copy of what is erased from the first cell of the screen on.
    return this.#shownRows === 0 ? erased : `${erased}\n${eraseBelow}\x1b[A`;
  }
}
