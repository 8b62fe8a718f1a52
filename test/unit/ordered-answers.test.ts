/** Answers from two ways in one order; and nothing is delivered where a watch begins. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { OrderedAnswers } from '../../src/hosts/ordered-answers.js';
import type { FromWorker } from '../../src/protocol/messages.js';
import { bellMessage, OutcomeRing } from '../../src/protocol/outcomes.js';

function scene(): { ring: OutcomeRing; answers: OrderedAnswers; heard: string[] } {
  const ring = new OutcomeRing(new SharedArrayBuffer(OutcomeRing.byteLength));
  const heard: string[] = [];
  const answers = new OrderedAnswers(ring, (message: FromWorker) => {
    heard.push('seq' in message ? `${message.kind} ${message.seq}` : message.kind);
  });
  return { ring, answers, heard };
}

test('outcomes in shared words and messages come in the order of their tasks', () => {
  const { ring, answers, heard } = scene();
  ring.write(0, 1, 0);
  ring.write(2, 3, 0);
  answers.receive({ kind: 'revoked', seq: 1 });
  assert.deepEqual(heard, ['done 0', 'revoked 1', 'done 2']);
});

test('the beginning of a watch delivers nothing, its end and each look do', () => {
  const { ring, answers, heard } = scene();
  ring.write(0, 1, 0);
  answers.watch(true);
  assert.deepEqual(heard, [], 'a delivery could end the watch before all workers were told of its beginning');
  answers.look();
  assert.deepEqual(heard, ['done 0']);
  ring.write(1, 1, 0);
  assert.equal(ring.ring(), false);
  answers.watch(false);
  assert.deepEqual(heard, ['done 0', 'done 1']);
  ring.write(2, 1, 0);
  assert.equal(ring.ring(), true);
  answers.receive(bellMessage);
  assert.deepEqual(heard, ['done 0', 'done 1', 'done 2']);
});

test('a message that can not be read fails the task that is next, and what comes for it later is not heard', () => {
  const { answers, heard } = scene();
  answers.unreadable(new Error('broken'));
  answers.receive({ kind: 'done', seq: 0, value: 'late', ms: 0 });
  answers.receive({ kind: 'done', seq: 1, value: 'next', ms: 0 });
  assert.deepEqual(heard, ['failed 0', 'done 1']);
});
