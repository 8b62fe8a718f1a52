/** Functions named by the module that exports them, for bundlers that follow `new URL(…, import.meta.url)`. */

import type { PortableFunction } from '../protocol/portable.js';
import type { AnyFunction } from './inspect.js';

const references = new WeakMap<AnyFunction, PortableFunction>();

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
        fn = placeholder(name, href);
        references.set(fn, { kind: 'reference', url: href, name });
        made.set(name, fn);
      }
      return fn;
    },
  });
}

/** The reference behind a function that `tasksFrom` made. */
export function explicitReference(fn: AnyFunction): PortableFunction | undefined {
  return references.get(fn);
}

function placeholder(name: string, url: string): AnyFunction {
  const fn = (): never => {
    throw new TypeError(`"${name}" of ${url} runs in workers only: pass it to submit() or map() instead of calling it`);
  };
  return Object.defineProperty(fn, 'name', { value: name });
}
