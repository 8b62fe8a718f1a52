/**
 * The slice of the matrix that every run of the tests plays: always the same cells. Every fault meets every executor at
 * `run`, every fault meets every place, every place meets every executor, and every executor has every shape.
 */

import { type Cell, cellsOf, kinds, whySenseless } from './axes.js';

/** What a cell shows, from a point of view. */
type View = (cell: Cell) => string | undefined;

const views: readonly View[] = [
  ({ fault, kind, place }) => (place === 'run' ? `${fault} / ${kind}` : undefined),
  ({ fault, place }) => `${fault} / ${place}`,
  ({ place, kind }) => `${place} / ${kind}`,
  ({ kind, shape }) => `${kind} / ${shape.name}`,
  ({ place, shape }) => `${place} / ${shape.name}`,
];

/** The cells that make sense, of all executors. */
export const sensible: readonly Cell[] = kinds.flatMap(cellsOf).filter((cell) => whySenseless(cell) === undefined);

/** What a cell takes, roughly: where it makes no difference, the cheap ones are taken. */
const cost = { inline: 1, thread: 2, process: 6 } as const;

export const slice: ReadonlySet<Cell> = cover();

/** Greedy: for each thing that is still to be shown, the cell that shows most of what is still to be shown. */
function cover(): Set<Cell> {
  const missing = new Set(sensible.flatMap(shown));
  const chosen = new Set<Cell>();
  const used = new Map<string, number>();
  const usesOf = ({ kind, shape }: Cell): number => (used.get(kind) ?? 0) * cost[kind] + (used.get(shape.name) ?? 0);
  for (const [index, view] of views.entries()) {
    for (const wanted of new Set(sensible.map((cell) => viewed(view, index, cell)))) {
      if (wanted === undefined || !missing.has(wanted)) continue;
      const best = sensible
        .filter((cell) => viewed(view, index, cell) === wanted)
        .map((cell) => ({ cell, gain: shown(cell).filter((item) => missing.has(item)).length }))
        .reduce((a, b) => (b.gain > a.gain || (b.gain === a.gain && usesOf(b.cell) < usesOf(a.cell)) ? b : a)).cell;
      chosen.add(best);
      for (const item of shown(best)) missing.delete(item);
      for (const name of [best.kind, best.shape.name]) used.set(name, (used.get(name) ?? 0) + 1);
    }
  }
  return chosen;
}

export function shown(cell: Cell): string[] {
  return views.flatMap((view, index) => viewed(view, index, cell) ?? []);
}

function viewed(view: View, index: number, cell: Cell): string | undefined {
  const what = view(cell);
  return what && `${index}: ${what}`;
}
