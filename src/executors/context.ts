/** The option `context`: what `AsyncLocalStorage`s hold at the submit, to be read in the task. */

import type { AsyncLocalStorage } from 'node:async_hooks';
import type { ContextReader } from '../pool/task-settings.js';
import { notSerializable } from '../protocol/values.js';

export type ContextOption = Readonly<Record<string, AsyncLocalStorage<unknown>>>;

/** Checks the option; what they hold is copied at each submit, once for as long as it stays the same. */
export function contextReader(option: unknown): ContextReader | undefined {
  if (option === undefined) return undefined;
  const isRecord = typeof option === 'object' && option !== null;
  const storages = isRecord ? Object.entries(option as ContextOption) : [];
  if (!isRecord || !storages.every(([, storage]) => typeof storage?.getStore === 'function')) {
    throw new TypeError(
      'context must be an object of AsyncLocalStorages, by the names under which the task reads them',
    );
  }
  return new Reader(storages);
}

type Named = readonly (readonly [name: string, AsyncLocalStorage<unknown>])[];

class Reader implements ContextReader {
  readonly #storages: Named;
  #latest: { readonly stores: readonly unknown[]; readonly copy: Readonly<Record<string, unknown>> } | undefined;

  constructor(storages: Named) {
    this.#storages = storages;
  }

  read(): Readonly<Record<string, unknown>> {
    const stores = this.#storages.map(([, storage]) => storage.getStore());
    // A store that is an object may have changed inside.
    if (this.#latest?.stores.every((store, i) => store === stores[i] && !isObject(store))) return this.#latest.copy;
    const context = Object.fromEntries(this.#storages.map(([name], i) => [name, stores[i]]));
    this.#latest = { stores, copy: copyOf(context) };
    return this.#latest.copy;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function copyOf(context: Record<string, unknown>): Readonly<Record<string, unknown>> {
  try {
    return structuredClone(context);
  } catch (cause) {
    throw notSerializable(context, 'context', cause, structuredClone);
  }
}
