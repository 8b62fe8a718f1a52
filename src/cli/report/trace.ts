/**
 * A run in the trace event format, for ui.perfetto.dev and chrome://tracing: a thread for each worker, a complete event for each task.
 *
 *   https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 *
 * It is written as records come. A trace whose end is missing is taken by the viewers all the same, so that nothing is lost when the
 * command is killed.
 */

import { closeSync, writeSync } from 'node:fs';
import type { TaskRecord } from '../records.js';
import { taskLabel } from '../task-label.js';
import { layOut, type Span } from './spans.js';
import type { TimeAxis } from './time-axis.js';
import { workerNumber } from './worker-number.js';

const bufferedCharsMax = 1 << 16;
const flushEveryMs = 1000;
const counterEveryMs = 100;
/** More tasks of a worker than this are not held back until it is known where they were. */
const heldMax = 1000;
const inputCharsMax = 1000;
const runPid = 1;
/** What no worker has run; workers come after it. */
const noWorkerTid = 0;

interface HeldTask extends Span {
  readonly name: string;
  readonly failed: boolean;
  readonly args: object;
}

interface Thread {
  readonly tid: number;
  /** Seen together, as far as is known, in the order in which they came. */
  held: HeldTask[];
  /** When the last outcome was seen, and where its task's event ends. */
  seenMs: number;
  endMs: number;
}

export class TraceFile {
  readonly #file: number;
  readonly #axis: TimeAxis;
  readonly #threads = new Map<number, Thread>();
  #text = '[\n';
  #flushedAt = performance.now();
  #counts = { succeeded: 0, failed: 0 };
  #countedMs = Number.NEGATIVE_INFINITY;
  #endMs = 0;
  #hasOthers = false;
  #problem: unknown;

  /** @param file descriptor of an empty file */
  constructor(file: number, axis: TimeAxis, title: string) {
    this.#file = file;
    this.#axis = axis;
    this.#metadata('process_name', noWorkerTid, { name: `futures: ${title}` });
    for (const { atMs, lengthMs } of axis.pauses()) {
      const args = { 'left out (s)': Math.round(lengthMs / 1000) };
      this.#event({
        name: 'resumed',
        cat: 'run',
        ph: 'i',
        s: 'g',
        ts: micros(atMs),
        pid: runPid,
        tid: noWorkerTid,
        args,
      });
    }
  }

  take(record: TaskRecord): void {
    const endMs = this.#axis.at(record.endedAt);
    this.#count(record, endMs);
    const name = taskLabel(record.index, record.input);
    const args = argsOf(record);
    if (record.worker === undefined) {
      this.#instant(name, endMs, args);
      return;
    }
    const task = { startMs: endMs - record.ms, endMs, name, failed: record.status === 'failed', args };
    const thread = this.#thread(workerNumber(record.worker));
    const last = thread.held.at(-1);
    if (last !== undefined && (task.startMs >= last.endMs || thread.held.length === heldMax)) this.#release(thread);
    thread.held.push(task);
  }

  /** Writes what is left; throws what has kept the file from being written. */
  close(): void {
    for (const thread of this.#threads.values()) this.#release(thread);
    this.#counter(this.#endMs);
    this.#flush(`${this.#text.replace(/,\n$/, '\n')}]\n`);
    closeSync(this.#file);
    if (this.#problem !== undefined) throw this.#problem;
  }

  #thread(worker: number): Thread {
    let thread = this.#threads.get(worker);
    if (thread === undefined) {
      thread = { tid: worker + 1, held: [], seenMs: 0, endMs: 0 };
      this.#threads.set(worker, thread);
      this.#metadata('thread_name', thread.tid, { name: `worker ${worker}` });
      this.#metadata('thread_sort_index', thread.tid, { sort_index: thread.tid });
    }
    return thread;
  }

  #release(thread: Thread): void {
    const tasks = thread.held.sort((one, other) => one.endMs - other.endMs);
    thread.held = [];
    const seenMs = tasks.at(-1)?.endMs ?? 0;
    // What a resumed run tells of an earlier one comes in the order of the inputs: it is not behind what came last.
    layOut(tasks, seenMs >= thread.seenMs ? thread.endMs : 0);
    for (const { name, failed, args, ...span } of tasks) {
      const color = failed ? { cname: 'terrible' } : {};
      const times = { ts: micros(span.startMs), dur: micros(span.endMs) - micros(span.startMs) };
      this.#event({
        name,
        cat: failed ? 'task,failed' : 'task',
        ph: 'X',
        ...times,
        pid: runPid,
        tid: thread.tid,
        ...color,
        args,
      });
    }
    thread.seenMs = Math.max(thread.seenMs, seenMs);
    thread.endMs = Math.max(thread.endMs, tasks.at(-1)?.endMs ?? 0);
  }

  #instant(name: string, atMs: number, args: object): void {
    if (!this.#hasOthers) this.#metadata('thread_name', noWorkerTid, { name: 'not started' });
    this.#hasOthers = true;
    this.#event({ name, cat: 'task,failed', ph: 'i', s: 't', ts: micros(atMs), pid: runPid, tid: noWorkerTid, args });
  }

  #count({ status }: TaskRecord, atMs: number): void {
    this.#counts[status === 'ok' ? 'succeeded' : 'failed'] += 1;
    this.#endMs = Math.max(this.#endMs, atMs);
    if (atMs - this.#countedMs >= counterEveryMs) this.#counter(atMs);
  }

  #counter(atMs: number): void {
    this.#countedMs = atMs;
    this.#event({
      name: 'tasks done',
      ph: 'C',
      ts: micros(atMs),
      pid: runPid,
      tid: noWorkerTid,
      args: { ...this.#counts },
    });
  }

  #metadata(name: string, tid: number, args: object): void {
    this.#event({ name, ph: 'M', ts: 0, pid: runPid, tid, args });
  }

  #event(event: object): void {
    this.#text += `${JSON.stringify(event)},\n`;
    if (this.#text.length < bufferedCharsMax && performance.now() - this.#flushedAt < flushEveryMs) return;
    // The last comma stays behind, for the end to take off.
    this.#flush(this.#text.slice(0, -2));
    this.#text = ',\n';
  }

  #flush(text: string): void {
    this.#flushedAt = performance.now();
    if (this.#problem !== undefined) return;
    try {
      const bytes = Buffer.from(text);
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#file, bytes, written);
    } catch (error) {
      // Nothing that the run could mend: it goes on, and says so at the end.
      this.#problem = error;
    }
  }
}

/** Whole ones: an event then ends where the next begins, and not a rounding error later. */
function micros(ms: number): number {
  return Math.round(ms * 1000);
}

function argsOf({ index, input, status, attempts, ...rest }: TaskRecord): object {
  const text = JSON.stringify(input) ?? String(input);
  const shown = text.length <= inputCharsMax ? input : `${text.slice(0, inputCharsMax - 1)}…`;
  const error = 'error' in rest ? { error: `${rest.error.name}: ${rest.error.message}`.slice(0, inputCharsMax) } : {};
  return { index, input: shown, status, attempts, ...error };
}
