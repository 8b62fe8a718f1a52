/**
 * `matrix(kind)`: one test per cell of one executor. The slice by default; `MATRIX=all` for the whole matrix, and
 * `MATRIX=<text>` for the cells whose titles contain the text.
 */

import { after, test } from 'node:test';
import { type Cell, type KindName, titleOf } from './axes.js';
import { play } from './play.js';
import { sensible, slice } from './slice.js';

/** Above all that a cell allows, so that what hangs is told by the cell itself. */
const cellMs = 90_000;

// A test that failed may have left something that keeps this process alive: the others' results matter more.
after(() => setTimeout(() => process.exit(1), 5_000).unref());

export function matrix(kind: KindName): void {
  const wanted = process.env['MATRIX'] ?? '';
  const isWanted = (cell: Cell): boolean => {
    if (wanted === 'all') return true;
    return wanted === '' ? slice.has(cell) : titleOf(cell).includes(wanted);
  };
  for (const cell of sensible) {
    if (cell.kind !== kind || !isWanted(cell)) continue;
    test(titleOf(cell), { timeout: cellMs }, () => play(cell));
  }
}
