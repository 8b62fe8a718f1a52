/** What became of a task. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: unknown };

/** A promise and the way to settle it, in less memory than a closure over `resolve` and `reject` would take. */
export class Deferred {
  readonly promise = new Promise<unknown>(takeResolvers);
  readonly #resolve = lastResolve;
  readonly #reject = lastReject;

  settle(outcome: Outcome<unknown>): void {
    // A task's value is a copy of plain data and never a thenable of ours, so resolving does not chain.
    if (outcome.ok) this.#resolve(outcome.value);
    else this.#reject(outcome.reason);
  }
}

let lastResolve: (value: unknown) => void;
let lastReject: (reason: unknown) => void;

/** One function for all promises; what it is given is taken in the same expression. */
function takeResolvers(resolve: (value: unknown) => void, reject: (reason: unknown) => void): void {
  lastResolve = resolve;
  lastReject = reject;
}
