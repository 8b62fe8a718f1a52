/** Functions named by the module that exports them, for bundlers that follow `new URL(…, import.meta.url)`. */

import type { PortableFunction } from '../protocol/portable.js';
import type { AnyFunction } from './inspect.js';

/** A mark on the function itself, which every copy of this module reads: what looks for it is loaded apart (scripts/build.mjs). */
const referenceKey = Symbol.for('concurrent-futures.reference');

/**
 * The functions of a module that only workers load.
 *
 * `tasksFrom<typeof import('./resize.js')>(new URL('./resize.js', import.meta.url)).resize` goes to `submit` and
 * `map` like any function; this thread never imports the module. A module or an export that does not exist fails
 * the task that names it.
 *
 * @param url a `file:` or `data:` URL, as an object or as text.
 */
export function tasksFrom<M extends object>(url: URL | string): M {
  const { href } = new URL(url);
  const made = new Map<string, AnyFunction>();
  return new Proxy(Object.create(null) as M, {
    get(_target, name) {
      // A promise that resolves to this object asks for `then`; a module's task can't be called that.
      if (typeof name === 'symbol' || name === 'then') return undefined;
      let fn = made.get(name);
      if (fn === undefined) {
        fn = placeholder(name, { kind: 'reference', url: href, name });
        made.set(name, fn);
      }
      return fn;
    },
  });
}

/** The reference behind a function that `tasksFrom` made. */
export function explicitReference(fn: AnyFunction): PortableFunction | undefined {
  return (fn as { [referenceKey]?: PortableFunction })[referenceKey];
}

function placeholder(name: string, reference: PortableFunction & { kind: 'reference' }): AnyFunction {
  const fn = (): never => {
    throw new TypeError(
      `"${name}" of ${reference.url} runs in workers only: pass it to submit() or map() instead of calling it`,
    );
  };
  return Object.defineProperties(fn, { name: { value: name }, [referenceKey]: { value: reference } });
}
