/** Where a task was submitted, joined to the stacks of its errors. */

/** Holds the stack of the call to `submit` or `map`; V8 formats it only when it is read. */
export interface SubmitSite {
  readonly stack?: string;
}

/** The frames of the submitting call, to stand below the remote ones. */
export function submitFrames(site: SubmitSite): string {
  const frames = site.stack?.split('\n').slice(1).join('\n');
  return frames ? `\n    --- submitted to a worker from ---\n${frames}` : '';
}

/** Gives an error that this library makes for a task the stack that helps: of the submitting call, not of our insides. */
export function atSite<E extends Error>(error: E, site: SubmitSite): E {
  const stack = `${error.name}: ${error.message}${submitFrames(site)}`;
  return Object.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true, enumerable: false });
}
