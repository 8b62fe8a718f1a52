/** Whether a future is settled as it must be. */

import { strict as assert } from 'node:assert';
import { ExecutorError, type Future } from 'concurrent-futures';
import type { Facts, Outcome } from './expected.js';

export async function checkOutcome(future: Future<unknown>, outcome: Outcome, which: string): Promise<void> {
  assert.deepEqual([future.state, future.done(), future.cancelled()], ['finished', true, false], which);
  const error = await future.exception({ timeout: 0 });
  if (outcome.kind === 'error') {
    checkError(error, outcome.facts, which);
    return;
  }
  assert.equal(error, undefined, `${which} failed`);
  const value = await future;
  if (outcome.kind === 'value') {
    assert.deepEqual(value, outcome.value, which);
    return;
  }
  const bytes = outcome.at.reduce((whole, key) => (whole as Record<string, unknown>)[key], value);
  assert.ok(bytes instanceof Uint8Array, which);
  assert.equal(bytes.byteLength, outcome.size, which);
}

function checkError(error: unknown, facts: Facts, which: string): void {
  assert.ok(error instanceof Error, `${which} failed with ${describe(error)}, which is no error`);
  assert.equal(Object.getPrototypeOf(error), facts.is.prototype, `${which} failed with ${describe(error)}`);
  // Our own errors name the task, save those about a value or about all tasks.
  const { message, cause } = error;
  if (/WORKER_LOST|TIMEOUT/.test(codeOf(error)) && !which.includes('cause')) assert.match(message, /culprit/);
  if (facts.says !== undefined)
    assert.ok(
      saidBy(error).some((text) => facts.says?.test(text)),
      describe(error),
    );
  for (const [name, wanted] of Object.entries(facts.fields ?? {})) {
    const field: unknown = (error as unknown as Record<string, unknown>)[name];
    const what: string = `${which}: ${name} of ${describe(error)}`;
    if (wanted instanceof RegExp) assert.match(String(field), wanted, what);
    else assert.deepEqual(field, wanted, what);
  }
  if (facts.cause !== undefined) checkError(cause, facts.cause, `the cause of ${which}`);
}

function saidBy(error: Error): string[] {
  const { message, cause } = error;
  const { stderr } = error as { stderr?: unknown };
  return [message, cause instanceof Error ? cause.message : '', typeof stderr === 'string' ? stderr : ''];
}

function codeOf(error: Error): string {
  return error instanceof ExecutorError ? error.code : '';
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.constructor.name}: ${error.message.slice(0, 500)}` : String(error);
}
