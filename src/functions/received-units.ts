/** The worker's side of captured data: read from its bytes when a function first needs it, and kept. */

import { Deserializer } from 'node:v8';
import type { UnitContent } from '../protocol/portable.js';

export class ReceivedUnits {
  readonly #contents = new Map<number, UnitContent>();

  add(id: number, content: UnitContent): void {
    this.#contents.set(id, content);
  }

  delete(id: number): void {
    this.#contents.delete(id);
  }

  get(id: number): readonly unknown[] {
    const content = this.#contents.get(id) as UnitContent;
    if (content.kind === 'values') return content.values;
    const deserializer = new Deserializer(content.bytes);
    deserializer.readHeader();
    const values = deserializer.readValue() as unknown[];
    this.#contents.set(id, { kind: 'values', values });
    return values;
  }
}
