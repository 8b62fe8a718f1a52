/**
 * One fault on one system, in a process of its own: `node cell.mjs SYSTEM FAULT LOG`.
 *
 *   a few tasks ──► 100 tasks, the 51st of them the fault ──► four more ──► close ──► the process should end by itself
 *
 * What is seen is appended to LOG at once, line by line, so that it is there even when this process crashes. Nothing is caught here that
 * a careful user would not catch.
 */

import { appendFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { faults } from './faults.mjs';
import { systems } from './systems.mjs';

const [systemId, faultId, logPath] = process.argv.slice(2);
const system = systems.find(({ id }) => id === systemId);
const fault = faults.find(({ id }) => id === faultId);
const faultyIndex = 50;
const limitsMs = { warmUp: 8000, stall: 5000, after: 4000, close: 4000, stray: 300 };

const log = (kind, facts) => appendFileSync(logPath, `${JSON.stringify({ kind, ...facts })}\n`);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a reader of the error finds: its name, message and fields, also of its cause; not the stack. */
function describe(error) {
  if (!(error instanceof Error)) return `not an error: ${inspect(error, { depth: 1 })}`.slice(0, 500);
  const fields = inspect({ ...error }, { depth: 0, breakLength: Number.POSITIVE_INFINITY });
  const cause = error.cause instanceof Error ? ` (cause: ${error.cause.message})` : '';
  return `${error.name}: ${error.message} ${fields}${cause}`.slice(0, 500);
}

/** Settles with what becomes of the task, and never rejects; a throw of the call itself counts as a rejection. */
async function outcomeOf(input, timeLimitMs) {
  try {
    return { value: await pool.run(input, timeLimitMs) };
  } catch (error) {
    return { error: describe(error) };
  }
}

/** Whether the promise settles in time. The timer is not left behind: it would keep the process alive. */
function inTime(promise, ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms, false);
    const settled = (is) => {
      clearTimeout(timer);
      resolve(is);
    };
    Promise.resolve(promise).then(
      () => settled(true),
      (error) => {
        log('note', { text: describe(error) });
        settled(false);
      },
    );
  });
}

async function runAll(count, ms) {
  const outcomes = [];
  const all = Array.from({ length: count }, async (_, n) => outcomes.push((await outcomeOf({ n })).value === n * 2));
  return (await inTime(Promise.all(all), ms)) && outcomes.every(Boolean);
}

const pool = await system.open({ heapMb: fault.heapMb, heard: (error) => log('heard', { text: describe(error) }) });
log('warm-up', { isFine: await runAll(4, limitsMs.warmUp) });

const counts = { right: 0, failed: 0, pending: 99 };
const reasons = new Set();
let settledAt = performance.now();
const others = [];
for (let n = 0; n < 100; n++) {
  if (n === faultyIndex) others.push(runFaulty());
  else others.push(runOther(n));
}

async function runFaulty() {
  const { value, error } = await outcomeOf({ n: faultyIndex, fault: fault.id }, fault.timeLimitMs);
  settledAt = performance.now();
  if (error !== undefined)
    log('faulty', { state: 'rejected', text: error, isRight: fault.error?.test(error) ?? false });
  else log('faulty', { state: 'resolved', text: inspect(value).slice(0, 80), isRight: fault.value?.(value) ?? false });
}

async function runOther(n) {
  const { value, error } = await outcomeOf({ n });
  settledAt = performance.now();
  counts.pending -= 1;
  counts[value === n * 2 ? 'right' : 'failed'] += 1;
  if (error !== undefined) reasons.add(error);
}

const batch = Promise.all(others);
while (!(await inTime(batch, 500)) && performance.now() - settledAt < (fault.stallMs ?? limitsMs.stall));
log('others', { ...counts, reasons: [...reasons].slice(0, 3) });

if (fault.isStray) await sleep(limitsMs.stray);
log('after', { isFine: await runAll(4, limitsMs.after) });
log('closed', { isFine: await inTime(pool.close(), limitsMs.close) });
