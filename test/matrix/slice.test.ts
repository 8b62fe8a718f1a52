/** The tables of the matrix: nothing is left out of the slice, and what is left out of the matrix has a reason. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { cellsOf, faults, kinds, places, shapes, titleOf, whySenseless } from './axes.js';
import { expectedOf } from './expected.js';
import { sensible, shown, slice } from './slice.js';

test('every cell makes sense or has a reason why it does not', () => {
  const cells = kinds.flatMap(cellsOf);
  assert.equal(cells.length, faults.length * places.length * kinds.length * shapes.length);
  assert.equal(new Set(cells.map(titleOf)).size, cells.length);
  for (const cell of cells) assert.ok(whySenseless(cell) !== '' && expectedOf(cell), titleOf(cell));
});

test('the slice has every fault, place, executor and shape', () => {
  const names = new Set([...slice].flatMap(({ fault, place, kind, shape }) => [fault, place, kind, shape.name]));
  for (const name of [...faults, ...places, ...kinds, ...shapes.map((shape) => shape.name)])
    assert.ok(names.has(name), name);
});

test('the slice shows all that the matrix has, from each point of view', () => {
  const inSlice = new Set([...slice].flatMap(shown));
  assert.deepEqual(
    sensible.flatMap(shown).filter((item) => !inSlice.has(item)),
    [],
  );
});
