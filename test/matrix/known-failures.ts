/** Cells that the library does not have right yet, each with what is wrong. */

import type { Cell } from './axes.js';

export function knownFailure(_cell: Cell): string | undefined {
  return undefined;
}
