/** Where a task was submitted, joined to the stacks of its errors. */

/** Holds the stack of the call to `submit` or `map`; V8 formats it only when it is read. */
export interface SubmitSite {
  readonly stack?: string;
  /** Whether it is this very call's, or that of another recent submit of the same function. */
  readonly isExact?: boolean;
}

/** So many submits of a function remember where exactly they came from; then only one in so many does. */
const exactSites = 64;
const framesMax = 6;

/**
 * The latest exact one is kept for as long as tasks share it, and not by the function: a stack that nobody has read keeps what
 * `this` was in each of its frames, and with it often the executor itself.
 */
const sites = new WeakMap<object, { count: number; last: WeakRef<SubmitSite> | undefined }>();

/**
 * Where a function is submitted from.
 *
 * A stack costs 5 to 15 µs, as much as a tiny task, so a function that is submitted by the thousand shares those of its
 * latest exact one, and its errors say "probably".
 *
 * @param of the function's handle.
 * @param below the function whose callers are meant.
 */
// biome-ignore lint/complexity/noBannedTypes: whatever function is to be left out of the stack
export function siteOf(of: object, below: Function): SubmitSite {
  let seen = sites.get(of);
  if (seen === undefined) {
    seen = { count: 0, last: undefined };
    sites.set(of, seen);
  }
  seen.count += 1;
  if (seen.count <= exactSites) return captured(below, true);
  const last = seen.count % exactSites === 1 ? undefined : seen.last?.deref();
  if (last !== undefined) return last;
  const site = captured(below, false);
  seen.last = new WeakRef(site);
  return site;
}

// biome-ignore lint/complexity/noBannedTypes: as above
function captured(below: Function, isExact: boolean): SubmitSite {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = framesMax;
  const site: { stack?: string; isExact: boolean } = { isExact };
  Error.captureStackTrace(site, below);
  Error.stackTraceLimit = limit;
  return site;
}

/** The frames of the submitting call, to stand below the remote ones. */
export function submitFrames(site: SubmitSite): string {
  const frames = site.stack?.split('\n').slice(1).join('\n');
  if (!frames) return '';
  return `\n    --- submitted to a worker ${site.isExact === false ? 'probably ' : ''}from ---\n${frames}`;
}

/** Gives an error that this library makes for a task the stack that helps: of the submitting call, not of our insides. */
export function atSite<E extends Error>(error: E, site: SubmitSite): E {
  const stack = `${error.name}: ${error.message}${submitFrames(site)}`;
  return Object.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true, enumerable: false });
}
