/** Which chances to look out for a task are taken: after a look in vain some are passed over, twice as many each time. */

const passedOverMax = 256;

export class Chances {
  #passesOver = 0;
  #passed = 0;

  /** Whether this one is taken. */
  take(): boolean {
    if (this.#passed < this.#passesOver) {
      this.#passed += 1;
      return false;
    }
    this.#passed = 0;
    return true;
  }

  /** The one that was taken paid off, or did not. */
  learn(paidOff: boolean): void {
    this.#passesOver = paidOff ? 0 : Math.min(passedOverMax, Math.max(1, this.#passesOver * 2));
  }
}
