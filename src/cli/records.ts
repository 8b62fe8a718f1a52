/** What became of one input, and the line of JSON that says so. */

import { inspect } from 'node:util';
import { messageOf } from './usage-error.js';

export interface FailureDescription {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  /** The error's `code`, other own properties, `cause` and `errors`, where it has them. */
  readonly [property: string]: unknown;
}

interface RecordHead {
  /** The input's place among the inputs, from 0. */
  readonly index: number;
  readonly input: unknown;
  /** How long it ran in its worker, at its last attempt; 0 when it never started. */
  readonly ms: number;
  /** How often it was started. */
  readonly attempts: number;
  /** The worker that it ran in last; `undefined` when it never started. */
  readonly worker: string | undefined;
  /** When its outcome was known, in milliseconds since the epoch. */
  readonly endedAt: number;
  /** It was stopped with the run, and would be run again by a resumed one. */
  readonly isStopped?: boolean;
}

export type TaskOutcome =
  | { readonly status: 'ok'; readonly value: unknown }
  | { readonly status: 'failed'; readonly error: FailureDescription };

export type TaskRecord = RecordHead & TaskOutcome;

/** What follows in a stack is where this command submitted the task: the same for all, and nothing of the user's. */
const submissionMark = '\n    --- submitted to a worker from ---';

/** Causes of causes beyond this are left out; a cycle of them would have no end. */
const causeDepthMax = 8;

/** A record and its line of JSON. A value that JSON can't hold makes the record a failed one that says so. */
export function writtenRecord(record: TaskRecord): { readonly record: TaskRecord; readonly line: string } {
  try {
    return { record, line: toJson(record) };
  } catch (error) {
    const failed = unwritable(record, error);
    return { record: failed, line: toJson(failed) };
  }
}

/** `index`, `input`, `status`, the outcome, then the numbers: the order in which people read a line. */
function toJson(record: TaskRecord): string {
  // Put together by hand: a copy of the record, made for JSON to write, takes longer than a tiny task.
  const outcome = record.status === 'ok' ? `"value":${jsonOf(record.value)}` : `"error":${jsonOf(record.error)}`;
  const ms = Math.round(record.ms * 1000) / 1000;
  const head = `{"index":${record.index},"input":${jsonOf(record.input)},"status":"${record.status}"`;
  return `${head},${outcome},"ms":${ms},"attempts":${record.attempts}}`;
}

/** JSON has nothing for an undefined value: without its key, a reader could not tell it from a missing one. */
function jsonOf(value: unknown): string {
  if (value === undefined) return 'null';
  return typeof value === 'string' ? JSON.stringify(value) : JSON.stringify(value, plainValue);
}

/** What structured clone can carry and JSON can't: a bigint as its digits, a map, set or typed array as an array. */
function plainValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map || value instanceof Set) return [...value];
  if (value instanceof Error) return describeFailure(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Uint8Array);
  return value;
}

function unwritable(record: TaskRecord, cause: unknown): TaskRecord {
  const { index, input, ms, attempts, worker, endedAt } = record;
  const head = { index, input, ms, attempts, worker, endedAt, status: 'failed' } as const;
  if (record.status === 'ok') {
    const message = `the task's result can't be written as JSON: ${messageOf(cause).split('\n')[0]}`;
    return { ...head, error: { name: 'TypeError', message } };
  }
  const { name, message, stack } = record.error;
  return { ...head, error: { name, message, stack } };
}

/** An error as plain data, its own properties included. */
export function describeFailure(thrown: unknown, depth = 0): FailureDescription {
  if (!(thrown instanceof Error)) {
    const message = typeof thrown === 'string' ? thrown : inspect(thrown, { depth: 2, breakLength: 100 });
    return { name: 'NonError', message, thrown };
  }
  const { name, message, cause } = thrown;
  const stack = thrown.stack?.split(submissionMark)[0];
  const { code, errors, ...own } = thrown as Error & { code?: unknown; errors?: unknown };
  const nested = (inner: unknown): FailureDescription => describeFailure(inner, depth + 1);
  return {
    // Read by name, since these are not enumerable on most errors.
    ...{ name, message, stack },
    ...(code === undefined ? {} : { code }),
    ...own,
    ...(cause === undefined || depth === causeDepthMax ? {} : { cause: nested(cause) }),
    ...(Array.isArray(errors) && depth < causeDepthMax ? { errors: errors.map(nested) } : {}),
  };
}
