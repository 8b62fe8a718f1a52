/**
 * `upgrade.ts` as a careful user would write it: it checks what it is given, says how far it is, and stops by itself when
 * its time is over, so that its worker need not be ended and replaced.
 *
 *   npx futures map examples/upgrade-careful.ts#runner --spread --input examples/upgrade.jsonl \
 *     --max-workers 3 --timeout 3m --output upgrade-results.jsonl
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { currentTask } from 'concurrent-futures';

const steps = 10;

export async function runner(index: number, name: string): Promise<string> {
  checkInput(index, name);
  // Undefined when nobody but a test calls this function: then there is no limit, and nobody to report to.
  const task = currentTask();
  const stepMs = Number(process.env['SLEEP_MS'] ?? 3000) / steps;
  for (let step = 1; step <= steps; step++) {
    // Throws as soon as the task's time is over or the command is told to end.
    await sleep(stepMs, undefined, { signal: task?.signal });
    task?.report({ done: step, total: steps, message: name });
  }
  return name;
}

/** Inputs come from a file, so their types are a claim. */
function checkInput(index: unknown, name: unknown): void {
  if (!Number.isInteger(index)) throw wrong('index', 'a whole number', index);
  if (typeof name !== 'string' || name === '') throw wrong('name', 'some text', name);
}

function wrong(parameter: string, allowed: string, value: unknown): TypeError {
  return new TypeError(`${parameter} must be ${allowed}; got ${JSON.stringify(value)}`);
}
