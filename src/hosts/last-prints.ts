/**
 * What workers print goes through event loops, and waits there when it is much: that of a thread reaches the streams of this thread by its loop,
 * and a child holds what its pipe does not take. A program that comes to its end has no turns left, and its last task's outcome may have been
 * quicker. So each worker that has run anything is asked, as the program ends, for what it still has.
 *
 *   the loop is empty ──beforeExit──► asked ──flushing──► waits, as long as whoever reads the output takes ──flushed──► the loop is empty
 *                                     │   ▲                     │                                                           ▲
 *                                     │   └─────again───────────┘                                                           │
 *                                     └──no answer: something that was left behind blocks the worker────────────────────────┘
 */

/** How long a worker may take to answer at all. */
const limitMs = 1000;
/** When one that waits is asked again: it may be blocked by now. */
const againMs = 100;

/** One worker's side. */
export interface PrinterOf {
  ask(): void;
  /** Whether the worker's answers keep the program alive. */
  hold(isHeld: boolean): void;
}

const printers = new Set<Printer>();

export class Printer {
  readonly #of: PrinterOf;
  #mayHavePrinted = false;
  #limit: NodeJS.Timeout | undefined;

  constructor(of: PrinterOf) {
    this.#of = of;
    if (printers.size === 0) process.on('beforeExit', flushAll);
    printers.add(this);
  }

  /** The worker was sent a task. */
  mayPrint(): void {
    this.#mayHavePrinted = true;
  }

  flush(): void {
    if (!this.#mayHavePrinted) return;
    this.#mayHavePrinted = false;
    this.#of.hold(true);
    this.#ask();
  }

  /** The worker said that. */
  heard(kind: 'flushing' | 'flushed'): void {
    clearTimeout(this.#limit);
    if (kind === 'flushed') this.#of.hold(false);
    else this.#limit = setTimeout(() => this.#ask(), againMs);
  }

  #ask(): void {
    this.#of.ask();
    this.#limit = setTimeout(() => this.#of.hold(false), limitMs);
  }

  /** The worker is gone. */
  end(): void {
    clearTimeout(this.#limit);
    printers.delete(this);
    if (printers.size === 0) process.off('beforeExit', flushAll);
  }
}

function flushAll(): void {
  for (const printer of printers) printer.flush();
}
