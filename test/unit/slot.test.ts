/** When a worker that starts nothing counts as stuck. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { WorkerLink } from '../../src/pool/host.js';
import { WorkerSlot } from '../../src/pool/slot.js';
import type { Task } from '../../src/pool/task.js';
import { SharedClaims } from '../../src/protocol/claims.js';

const task = {
  handle: { id: 1, portable: { kind: 'builtin', path: 'String' }, units: [] },
  name: 'task',
  attempt: 1,
  isChunk: false,
  context: undefined,
  values: [],
  transfer: [],
} as unknown as Task;

/** A worker to which nothing but a message was sent. */
function slotThat(send: () => void, unsentBytes?: { readonly left: number }): WorkerSlot {
  const slot = new WorkerSlot(0, 'worker', 0);
  slot.state = 'ready';
  slot.link = {
    claims: new SharedClaims(new SharedArrayBuffer(SharedClaims.byteLength)),
    systemId: undefined,
    get unsentBytes() {
      return unsentBytes?.left ?? 0;
    },
    send,
    poll() {},
    terminate() {},
  } satisfies WorkerLink;
  slot.hand([{ ...task } as Task]);
  return slot;
}

/** What looks that are so far apart tell. */
function looks(slot: WorkerSlot, apartMs = 100): boolean {
  slot.look(0);
  slot.look(apartMs);
  return slot.isStuck;
}

/** On a loaded machine the sending itself may take long, and gives the worker as much longer to read. */
function untilStuck(slot: WorkerSlot): void {
  const until = performance.now() + 30_000;
  while (!looks(slot)) assert.ok(performance.now() < until, 'it never counts as stuck');
}

test('a worker that starts nothing of what it has received is stuck', () => {
  untilStuck(slotThat(() => {}));
});

test('a worker that has had its message for a moment only may be waiting for its core', () => {
  assert.equal(
    looks(
      slotThat(() => {}),
      99,
    ),
    false,
  );
});

test('a worker whose message is still on its way is not stuck, and may be once it is there', () => {
  const unsent = { left: 1 };
  const slot = slotThat(() => {}, unsent);
  assert.equal(looks(slot), false);
  unsent.left = 0;
  untilStuck(slot);
});

test('a worker has longer to read what took long to send', () => {
  const slot = slotThat(() => {
    // Ten times as long is what it has.
    const until = performance.now() + 200;
    while (performance.now() < until);
  });
  assert.equal(looks(slot), false);
});
