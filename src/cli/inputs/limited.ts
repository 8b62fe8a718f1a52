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
    values: firstOf(inputs, limit ?? Number.POSITIVE_INFINITY, strict),
    total: total === undefined ? undefined : Math.min(total, limit ?? total),
    close: () => inputs.close(),
  };
}

async function* firstOf(inputs: OpenInputs, limit: number, strict: boolean): AsyncGenerator<unknown, void> {
  for (let taken = 0; taken < limit; taken += 1) {
    const next = await inputs.values.next();
    if (next.done === true) return;
    if (strict && next.value instanceof InputError) throw next.value;
    // With the last one, not when somebody asks for more: whoever writes into our pipe need not wait for that.
    if (taken + 1 === limit) inputs.close();
    yield next.value;
  }
  inputs.close();
}
