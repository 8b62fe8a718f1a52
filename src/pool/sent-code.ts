/** What code and captured data one worker has been sent, so that each goes there once and does not pile up. */

import type { FunctionHandle } from '../functions/handle.js';
import type { Unit } from '../functions/units.js';
import type { CodeDelivery } from '../protocol/messages.js';
import type { PortableFunction, UnitContent } from '../protocol/portable.js';

/** Closures that are made in a loop are each a function of their own. */
const functionsMax = 512;
const bytesMax = 64 * 1024 * 1024;

export class SentCode {
  readonly #functions = new Map<number, FunctionHandle>();
  readonly #units = new Map<number, { readonly bytes: number; users: number }>();
  #bytes = 0;

  /** Notes that the worker is sent what of these functions is new to it, if anything, and that it forgets those that are too many and not in use. */
  deliver(handles: readonly FunctionHandle[], inUse: () => ReadonlySet<number>): CodeDelivery | undefined {
    if (!this.#isTooMuch && handles.every(({ id }) => this.#functions.has(id))) return undefined;
    const functions: [number, PortableFunction][] = [];
    const units: [number, UnitContent][] = [];
    for (const handle of handles) {
      if (this.#functions.has(handle.id)) continue;
      this.#functions.set(handle.id, handle);
      functions.push([handle.id, handle.portable]);
      for (const unit of handle.units) if (this.#hold(unit)) units.push([unit.id, unit.content]);
    }
    const dropped = this.#isTooMuch ? this.#drop(inUse()) : { forget: [], forgetUnits: [] };
    return { functions, units, ...dropped };
  }

  get #isTooMuch(): boolean {
    return this.#functions.size > functionsMax || this.#bytes > bytesMax;
  }

  /** Takes a delivery back that could not be sent. */
  undo({ functions }: CodeDelivery): void {
    for (const [id] of functions) this.#release(id);
  }

  #drop(inUse: ReadonlySet<number>): Pick<CodeDelivery, 'forget' | 'forgetUnits'> {
    const forget: number[] = [];
    const forgetUnits: number[] = [];
    // Oldest first.
    for (const id of this.#functions.keys()) {
      if (!this.#isTooMuch) break;
      if (inUse.has(id)) continue;
      forget.push(id);
      forgetUnits.push(...this.#release(id));
    }
    return { forget, forgetUnits };
  }

  /** Whether the unit is new to the worker. */
  #hold({ id, content }: Unit): boolean {
    const known = this.#units.get(id);
    if (known !== undefined) {
      known.users += 1;
      return false;
    }
    const bytes = content.kind === 'bytes' ? content.bytes.length : 0;
    this.#units.set(id, { bytes, users: 1 });
    this.#bytes += bytes;
    return true;
  }

  /** Forgets a function; gives the units that no other one needs. */
  #release(id: number): number[] {
    const units = this.#functions.get(id)?.units ?? [];
    this.#functions.delete(id);
    return units.flatMap((unit) => {
      const known = this.#units.get(unit.id);
      if (known === undefined) return [];
      known.users -= 1;
      if (known.users > 0) return [];
      this.#units.delete(unit.id);
      this.#bytes -= known.bytes;
      return [unit.id];
    });
  }
}
