/**
 * What can wait for a moment goes along with what can't: each write takes either side of a connection some 50 µs, which is a tenth of a lone call.
 *
 *   add ──► due ──the moment is over; something is awaited, and something else is sent; the connection is about to be closed──► sent
 *
 * Nobody waits for most of it: that goes by the handful, since each word costs the broker a moment in which it does nothing else.
 */

const momentMs = 3;

export class Along {
  #due: (() => void)[] = [];
  #isAwaited = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param send says it to the broker, in no time
   * @param isAwaited whether it is to go with what is sent next
   */
  add(send: () => void, isAwaited = false): void {
    this.#due.push(send);
    this.#isAwaited ||= isAwaited;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.send();
    }, momentMs);
  }

  /** Right before something else is sent, in the same turn of microtasks. */
  sendAwaited(): void {
    if (this.#isAwaited) this.send();
  }

  /** All that is due. */
  send(): void {
    this.#isAwaited = false;
    if (this.#due.length === 0) return;
    for (const send of this.#due.splice(0)) send();
  }
}
