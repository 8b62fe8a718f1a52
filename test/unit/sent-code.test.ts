/** Each worker is sent each function and each unit of captured data once, and forgets what is too much. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { FunctionHandle, functionHandle } from '../../src/functions/handle.js';
import { SentCode } from '../../src/pool/sent-code.js';

const nothingInUse = (): Set<number> => new Set();
const ids = (all: readonly (readonly [number, unknown])[]): number[] => all.map(([id]) => id);

/** A handle like that of a closure over data of that size. */
function handle(unitId: number, bytes = 8): FunctionHandle {
  const portable = { kind: 'value', parts: [], objects: [], symbols: [], units: [unitId] } as const;
  return new FunctionHandle(() => {}, portable, [
    { id: unitId, content: { kind: 'bytes', bytes: new Uint8Array(bytes) } },
  ]);
}

test('closures of a loop over one large object refer to one unit, which is sent once', () => {
  const table = Array.from({ length: 10_000 }, (_, i) => ({ i }));
  const handles = [1, 2, 3].map((i) => functionHandle(() => table[i]));
  assert.deepEqual(new Set(handles.map(({ id }) => id)).size, 3);
  const [first] = handles.map(({ units }) => units[0]?.id);
  assert.ok(handles.every(({ units }) => units.length === 1 && units[0]?.id === first));
  const sent = new SentCode();
  const delivery = sent.deliver(handles, nothingInUse);
  assert.equal(delivery?.functions.length, 3);
  assert.deepEqual(ids(delivery.units), [first]);
  table.push({ i: -1 });
  const changed = functionHandle(() => table.length);
  assert.notEqual(changed.units[0]?.id, first, 'it is another one once the object has changed');
});

test('a function and a unit that were sent are not sent again, unless their delivery failed', () => {
  const sent = new SentCode();
  const one = handle(1);
  const failed = sent.deliver([one, one], nothingInUse);
  assert.ok(failed !== undefined);
  assert.deepEqual([failed.functions.length, failed.units.length], [1, 1]);
  sent.undo(failed);
  const delivery = sent.deliver([one, handle(1)], nothingInUse);
  assert.deepEqual([delivery?.functions.length, delivery?.units.length], [2, 1]);
  assert.equal(sent.deliver([one], nothingInUse), undefined);
});

test('what is too much is forgotten, oldest first, units with the last function that needs them', () => {
  const sent = new SentCode();
  const large = [1, 2, 3].map((id) => handle(id, 30 * 1024 * 1024));
  const user = handle(1);
  assert.deepEqual(sent.deliver([...large.slice(0, 2), user], nothingInUse)?.forget, []);
  const inUse = new Set([user.id]);
  const delivery = sent.deliver(large.slice(2), () => inUse);
  assert.deepEqual(delivery?.forget, [large[0]?.id, large[1]?.id]);
  assert.deepEqual(delivery.forgetUnits, [2], 'the first unit still has a user');
});
