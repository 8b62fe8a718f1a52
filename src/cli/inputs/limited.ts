/** Only the first inputs, and whether a malformed one ends the reading. */

import { InputError } from './input-error.js';
import type { OpenInputs } from './open-inputs.js';

export interface InputLimits {
  /** `undefined` for all. */
  readonly limit: number | undefined;
  /** Whether a malformed input is thrown instead of given. */
  readonly strict: boolean;
}

export function limited(inputs: OpenInputs, { limit, strict }: InputLimits): OpenInputs {
  if (limit === undefined && !strict) return inputs;
  const { total } = inputs;
  return {
    batches: firstOf(inputs, limit ?? Number.POSITIVE_INFINITY, strict),
    total: total === undefined ? undefined : Math.min(total, limit ?? total),
    close: () => inputs.close(),
  };
}

async function* firstOf(inputs: OpenInputs, limit: number, strict: boolean): AsyncGenerator<readonly unknown[], void> {
  for (let left = limit; left > 0; ) {
    const next = await inputs.batches.next();
    if (next.done === true) return;
    const batch = next.value.slice(0, left);
    left -= batch.length;
    const malformed = strict ? batch.findIndex((input) => input instanceof InputError) : -1;
    // With the last one, not when somebody asks for more: whoever writes into our pipe need not wait for that.
    if (left === 0) inputs.close();
    yield malformed === -1 ? batch : batch.slice(0, malformed);
    if (malformed !== -1) throw batch[malformed];
  }
  inputs.close();
}
