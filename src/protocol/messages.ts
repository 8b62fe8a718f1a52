/**
 * What an executor and a worker say to each other.
 *
 * The executor sends `init` once, before anything else; the worker answers `ready`, or `broken` when its initializer
 * threw. Then the executor hands over `run` batches, each task under a sequence number that grows by one per worker.
 * The worker takes the tasks in that order, claims each (see claims.ts), runs it to its end and answers one `done`,
 * `failed` or `revoked` under the same number before it claims the next, so that its death costs no finished task.
 * `report` may come while a task runs. `flush` asks for all that was printed: `flushing` says that the worker lives, `flushed` that it was taken. `abort` asks the task with that number to stop by itself. `retire` ends the
 * worker once it has run all it was handed.
 */

import type { EncodedError } from './errors.js';
import type { PortableFunction, UnitContent } from './portable.js';

/** What can be moved instead of copied. */
export type Transfer = ArrayBuffer | import('node:worker_threads').MessagePort;

/** Both sides are built together; a worker with another version is somebody else's program. */
export const protocolVersion = 1;

/**
 * Handed-over tasks that follow each other and differ in their arguments and names only, so that what they share is sent once. A
 * list, since the names of fields would cost as much on the wire as all the rest.
 */
export type BatchGroup = readonly [
  functionId: number,
  /** Of all of them, or of each. */
  names: string | readonly string[],
  attempt: number,
  isChunk: boolean,
  /** How many tasks there are. */
  count: number,
  /** How many values each has: its arguments, or one list of arguments per row of a chunk. */
  size: number,
  /** The values of all of them, one task after the other. */
  values: readonly unknown[],
  /** See `CurrentTask.context`. */
  context?: Readonly<Record<string, unknown>>,
];

export interface InitMessage {
  readonly kind: 'init';
  readonly version: number;
  readonly workerId: number;
  readonly workerName: string;
  readonly initializer:
    | {
        readonly function: PortableFunction;
        readonly units: readonly (readonly [id: number, UnitContent])[];
        readonly args: readonly unknown[];
      }
    | undefined;
  /** What nested executors go by: see `WorkerScope`. */
  readonly depth: number;
  readonly processors: number;
  /** Bytes of resident memory above which the worker says `heavy`; 0 for no limit. */
  readonly maxMemory: number;
}

export interface CodeDelivery {
  /** The functions that this worker has not been sent before, by id. */
  readonly functions: readonly (readonly [id: number, PortableFunction])[];
  /** The units of captured data that these refer to and this worker has not been sent before, by id. */
  readonly units: readonly (readonly [id: number, UnitContent])[];
  /** Functions and units that it will not be asked for again without being sent them. */
  readonly forget: readonly number[];
  readonly forgetUnits: readonly number[];
}

export type ToWorker =
  | InitMessage
  | {
      readonly kind: 'run';
      /** Left out where there is nothing new, as nearly always: to copy empty lists takes as long as to copy a task. */
      readonly code?: CodeDelivery;
      /** The number of the first task; the others follow. */
      readonly firstSeq: number;
      readonly groups: readonly BatchGroup[];
      /** The answer is waited for awake, and the next task may follow it at once; there is a core to look out for it on. */
      readonly isLone?: boolean;
    }
  | { readonly kind: 'abort'; readonly seq: number; readonly reason: EncodedError }
  | { readonly kind: 'retire' }
  | { readonly kind: 'flush' };

/** Heard by the worker's host alone: see last-prints.ts. */
export type PrintsMessage = { readonly kind: 'flushing' } | { readonly kind: 'flushed' };

export type FromWorker =
  | { readonly kind: 'ready'; readonly version: number }
  | { readonly kind: 'broken'; readonly error: EncodedError }
  | { readonly kind: 'done'; readonly seq: number; readonly value: unknown; readonly ms: number }
  | { readonly kind: 'failed'; readonly seq: number; readonly error: EncodedError; readonly ms: number }
  | { readonly kind: 'revoked'; readonly seq: number }
  | { readonly kind: 'report'; readonly seq: number; readonly progress: unknown }
  /** What a finished task left behind failed while another one runs; the worker is to be replaced. */
  | { readonly kind: 'leftOver'; readonly error: EncodedError }
  /** The worker dies of that error; the last thing that it says. */
  | { readonly kind: 'dying'; readonly error: EncodedError }
  | PrintsMessage
  /** Resident memory is over `maxMemory`; said after an outcome, never while a task runs. */
  | { readonly kind: 'heavy'; readonly residentBytes: number };

/** What became of one row of a chunk. */
export type RowOutcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: EncodedError };
