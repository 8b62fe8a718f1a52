/**
 * What tasks print, in the worker: told to the command, or kept in files.
 *
 *   write() ──in no task (a module is loaded, a task has left something behind)──► as ever
 *      └──in a task──► a report to the command, which shows it with the task's name
 *            └──with --logs──► the task's file
 */

import { createRequire } from 'node:module';
import { StringDecoder } from 'node:string_decoder';
import type { CurrentTask } from 'concurrent-futures';
import { LogFiles } from './log-files.js';
import type { LogsFolder } from './logs-folder.js';
import { printKey } from './print-message.js';

type Write = typeof process.stdout.write;
type Keep = (task: CurrentTask, bytes: string | Uint8Array) => void;

export function capturePrints(logs: LogsFolder | undefined): void {
  const keep = logs === undefined ? tell() : new LogFiles(logs).keeper(process.stderr.write.bind(process.stderr));
  for (const stream of [process.stdout, process.stderr]) stream.write = captured(stream.write.bind(stream), keep);
}

function captured(write: Write, keep: Keep): Write {
  return (chunk: string | Uint8Array, ...rest: unknown[]) => {
    const task = isText(chunk) ? runningTask() : undefined;
    if (task === undefined) return (write as (...args: unknown[]) => boolean)(chunk, ...rest);
    keep(task, typeof chunk === 'string' && isOtherEncoding(rest[0]) ? Buffer.from(chunk, rest[0]) : chunk);
    const callback = rest.at(-1);
    if (typeof callback === 'function') process.nextTick(callback);
    return true;
  };
}

function isText(chunk: unknown): chunk is string | Uint8Array {
  return typeof chunk === 'string' || chunk instanceof Uint8Array;
}

function isOtherEncoding(encoding: unknown): encoding is BufferEncoding {
  return typeof encoding === 'string' && encoding !== 'utf8' && encoding !== 'utf-8';
}

function tell(): Keep {
  let decoder = new StringDecoder();
  let last: CurrentTask | undefined;
  return (task, chunk) => {
    // A character may come in pieces, but not from two tasks.
    if (task !== last) decoder = new StringDecoder();
    last = task;
    const text = typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk));
    if (text !== '') (task.report as (told: unknown) => void)({ [printKey]: text, attempt: task.attempt });
  };
}

let library: typeof import('concurrent-futures') | undefined;

/** The task of a user's that this code runs in. */
function runningTask(): CurrentTask | undefined {
  // Loaded by the first that prints: no worker starts later for it.
  library ??= createRequire(import.meta.url)('concurrent-futures') as typeof import('concurrent-futures');
  const task = library.currentTask();
  // The command's own tasks have other names; what a module prints while such a task loads it belongs to none.
  return task !== undefined && /^#\d/.test(task.name) ? task : undefined;
}
