/** Which functions this submitter has stored with the broker, so that each goes there once. */

import { bodyOf } from './bodies.js';
import type { Broker } from './broker.js';
import type { Code } from './code.js';
import type { Seal } from './seal.js';

/** A function is stored anew before the broker forgets it. */
const freshMs = 3600_000;

interface Stored {
  readonly at: number;
  /** As long as it is being stored. */
  storing: Promise<unknown> | undefined;
}

export class StoredCode {
  readonly #seal: Seal;
  readonly #known = new Map<string, Stored>();

  constructor(seal: Seal) {
    this.#seal = seal;
  }

  /** Whether it was stored before, and lately. */
  has({ digest }: Code): boolean {
    const known = this.#known.get(digest);
    return known !== undefined && Date.now() - known.at < freshMs;
  }

  /** Stores it where that has not been done lately, or is going on: a promise for as long as it may not be there. */
  store(broker: Broker, code: Code, signal: AbortSignal): Promise<unknown> | undefined {
    if (this.has(code)) return this.#known.get(code.digest)?.storing;
    const { digest, bytes } = code;
    const subject = broker.names.codeOf(digest, this.#seal.signer);
    const store = async (): Promise<unknown> =>
      broker.store(subject, await bodyOf(broker, this.#seal, subject, bytes, signal), { signal });
    const stored: Stored = { at: Date.now(), storing: undefined };
    stored.storing = store().then(
      () => {
        stored.storing = undefined;
      },
      (error) => {
        this.#known.delete(digest);
        throw error;
      },
    );
    this.#known.set(digest, stored);
    return stored.storing;
  }

  /** It is not there any more. */
  forget({ digest }: Code): void {
    this.#known.delete(digest);
  }
}
