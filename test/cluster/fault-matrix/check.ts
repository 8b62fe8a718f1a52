/** What holds after every run, whatever fault it had. */

import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { largeBytes } from '../fixtures/matrix-tasks.mjs';
import type { Cell } from './cells.js';

interface Files {
  /** A line for each start. */
  readonly starts: string;
  /** A line for each outcome: task, run, value. */
  readonly outcomes: string;
}

const turns = [0, 1, 2, 3, 4, 5, 9];
const expected = new Map<string, string>([
  ['lone', '42'],
  ...turns.map((n) => [`turn-${n}`, String(n * n)] as const),
  [
    'wide',
    createHash('sha256')
      .update(largeBytes(7).map((byte: number) => byte + 1))
      .digest('hex'),
  ],
]);
export function check({ starts, outcomes }: Files, cell: Cell | undefined): void {
  const known = new Map<string, string>();
  for (const line of linesOf(outcomes)) {
    const [task = ''] = line.split(' ');
    assert.equal(known.get(task) ?? line, line, `task ${task} has two outcomes`);
    known.set(task, line);
  }
  const values = new Map([...known].map(([task, line]) => [task, line.split(' ').slice(2).join(' ')]));
  assert.deepEqual(Object.fromEntries(values), Object.fromEntries(expected), 'each task has its value');
  const counts = new Map<string, number>();
  for (const task of linesOf(starts)) counts.set(task, (counts.get(task) ?? 0) + 1);
  for (const task of expected.keys()) {
    const count = counts.get(task) ?? 0;
    assert.ok(count >= 1 && count <= startsMax(cell), `task ${task} was started ${count} times`);
  }
}

/** Only where a worker, or what the broker knows of it, is lost is there a reason to start a task again. */
function startsMax(cell: Cell | undefined): number {
  if (cell === undefined) return 1;
  const isWorkers = cell.fault === 'kill-worker' || (cell.side === 'worker' && cell.fault === 'silence');
  return isWorkers || cell.fault === 'kill-broker' ? 2 : 1;
}

/** Whoever comes after a killed submitter knows all that the broker had confirmed and that was not written down. */
export function checkTakenOver({ outcomes }: Files, confirmed: readonly Buffer[], names: readonly string[]): void {
  const written = new Set(linesOf(outcomes).map((line) => line.split(' ')[0]));
  const lost = confirmed.flatMap(tasksIn).filter((task) => !written.has(task) && !names.includes(task));
  assert.deepEqual(lost, [], 'what the broker had confirmed is not known to the next submitter');
}

/** The names of the tasks stand in a batch as they are, unless it is an object's name only. */
function tasksIn(batch: Buffer): string[] {
  const text = batch.toString('latin1');
  const tasks = [...expected.keys()].filter((task) => text.includes(`"${task}"`));
  return tasks.length === 0 ? ['wide'] : tasks;
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').filter(Boolean) : [];
}
