/** One thing that the doctor looks at: bounded in time, and whatever it throws is a finding. */

import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../usage-error.js';

/** `note`: not as it could be, but nothing that a pool needs. */
export type Status = 'ok' | 'failed' | 'note';

export interface Finding {
  readonly status: Status;
  /** What was found, in words. */
  readonly message: string;
  /** What to do about it. */
  readonly advice?: string | undefined;
}

export interface Check {
  readonly name: string;
  /** Checks that have to have passed: else it could but fail for the same reason. */
  readonly needs?: readonly string[];
  /** How long it may take, in milliseconds; 10,000 where it does not say. */
  readonly limitMs?: number;
  run(): Finding | Promise<Finding>;
}

export interface Report extends Finding {
  readonly name: string;
  readonly ms: number;
}

/** @param failures the names of the checks that have failed before it. */
export async function runCheck(
  { name, needs = [], limitMs = 10_000, run }: Check,
  failures: readonly string[],
): Promise<Report> {
  const missing = needs.find((need) => failures.includes(need));
  if (missing !== undefined) return { name, ...note(`not tried, since the check of ${missing} failed`), ms: 0 };
  const startedAt = performance.now();
  const timeLimit = new AbortController();
  const late = async (): Promise<Finding> => {
    await delay(limitMs, undefined, { signal: timeLimit.signal });
    return failed(`not done within ${limitMs / 1000} s`, 'See whether the machine is overloaded, or its disk hangs.');
  };
  let finding: Finding;
  try {
    finding = await Promise.race([run(), late()]);
  } catch (error) {
    finding = failed(messageOf(error));
  }
  timeLimit.abort();
  return { name, ...finding, ms: Math.round((performance.now() - startedAt) * 10) / 10 };
}

export function ok(message: string): Finding {
  return { status: 'ok', message };
}

export function note(message: string, advice?: string): Finding {
  return { status: 'note', message, advice };
}

export function failed(message: string, advice?: string): Finding {
  return { status: 'failed', message, advice };
}
