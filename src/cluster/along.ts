/**
 * What can wait for a moment goes along with what can't: each write takes either side of a connection some 50 µs, which is a tenth of a lone call.
 *
 *   add ──► due ──something else is sent; the moment is over; the connection is about to be closed──► sent
 */

const momentMs = 3;

export class Along {
  #due: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param send says it to the broker, in no time */
  add(send: () => void): void {
    this.#due.push(send);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.send();
    }, momentMs);
  }

  /** Right before something else is sent, in the same turn of microtasks. */
  send(): void {
    if (this.#due.length === 0) return;
    for (const send of this.#due.splice(0)) send();
  }
}
