/**
 * Every error class of the library.
 *
 * All extend {@link ExecutorError} and carry a stable `code`. A registered-symbol brand makes `instanceof` hold for
 * errors made by another copy of the library (the one inside a worker, or a second installed version).
 */

const brand = Symbol.for('concurrent-futures.error');

/** The stable `code` of each error class. */
export type ErrorCode =
  | 'EXECUTOR'
  | 'CANCELLED'
  | 'TIMEOUT'
  | 'INVALID_STATE'
  | 'SHUTDOWN'
  | 'QUEUE_FULL'
  | 'WORKER_LOST'
  | 'BROKEN_EXECUTOR'
  | 'BOOTSTRAP'
  | 'TASK_REFUSED'
  | 'TASK_LOST'
  | 'FUNCTION_NOT_PORTABLE'
  | 'NOT_SERIALIZABLE'
  | 'DEADLOCK'
  | 'REMOTE'
  | 'INTERNAL';

/** The base of every error that this library makes. */
export class ExecutorError extends Error {
  /** Stable, for programs; the message is for people and may change. */
  declare readonly code: string;

  constructor(message?: string, options?: ErrorOptions) {
    super(message, options);
    setHidden(this, 'name', new.target.name);
    setHidden(this, 'code', (new.target as typeof ExecutorError).code);
  }

  /** @internal */
  static readonly code: ErrorCode = 'EXECUTOR';

  static {
    setHidden(ExecutorError.prototype, brand, 'EXECUTOR');
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false;
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    // Another copy's error is ours when it has the brand and this very class's code (any code, for the base).
    if (!(brand in value) || !Object.hasOwn(this, 'code')) return false;
    return this.code === 'EXECUTOR' || (value as { code?: unknown }).code === this.code;
  }
}

/** The future was cancelled or killed, or its signal aborted; `cause` is the reason, where one was given. */
export class CancelledError extends ExecutorError {
  /** @internal */
  static override readonly code = 'CANCELLED';
}

/** Waiting, or a task's own `timeout`, ran out. Waiting that runs out does not stop the task. */
export class TimeoutError extends ExecutorError {
  /** @internal */
  static override readonly code = 'TIMEOUT';
}

/** A future's state was set twice. */
export class InvalidStateError extends ExecutorError {
  /** @internal */
  static override readonly code = 'INVALID_STATE';
}

/** A task was submitted after `shutdown()`. */
export class ShutdownError extends ExecutorError {
  /** @internal */
  static override readonly code = 'SHUTDOWN';
}

/** The executor's queue already holds `maxQueue` tasks, or its tasks `maxQueueBytes` of arguments. */
export class QueueFullError extends ExecutorError {
  /** @internal */
  static override readonly code = 'QUEUE_FULL';
}

/** What is known of a worker's end. */
export interface WorkerLoss {
  /** The exit code, or `null` when a signal ended the worker or none is known. */
  readonly exitCode: number | null;
  /** The signal that ended the worker (processes only), or `null`. */
  readonly signal: NodeJS.Signals | null;
  /** Whether the worker ran out of memory, as far as can be told. */
  readonly outOfMemory: boolean;
  /** The last lines that the worker wrote to its standard error. */
  readonly stderr: string;
  /** The worker's name, `<namePrefix>_<index>`. */
  readonly workerName: string;
  /** Which attempt at the task this was, from 1. */
  readonly attempt: number;
}

/**
 * The worker that ran this task died by itself. Tasks that it had not started run elsewhere. `cause` is the uncaught error that it
 * died of, where that is how it ended.
 */
export class WorkerLostError extends ExecutorError implements WorkerLoss {
  /** @internal */
  static override readonly code = 'WORKER_LOST';
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly outOfMemory: boolean;
  readonly stderr: string;
  readonly workerName: string;
  readonly attempt: number;

  constructor(message: string, loss: WorkerLoss, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = loss.exitCode;
    this.signal = loss.signal;
    this.outOfMemory = loss.outOfMemory;
    this.stderr = loss.stderr;
    this.workerName = loss.workerName;
    this.attempt = loss.attempt;
  }
}

/** The executor's workers can't start, or more have died than `maxRestarts` allows; `cause` says why. Pending tasks fail with it and later submits throw it. */
export class BrokenExecutorError extends ExecutorError {
  /** @internal */
  static override readonly code = 'BROKEN_EXECUTOR';
}

/**
 * No worker of the cluster may, or can, run the task as it was sent. `reason` says why: it is not signed or not with a key that is known there,
 * was sent before, is too large, or the worker has no such module, or another version of it.
 */
export class TaskRefusedError extends ExecutorError {
  /** @internal */
  static override readonly code = 'TASK_REFUSED';
  readonly reason: string;

  constructor(message: string, reason: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/**
 * The broker of the cluster has neither the task nor an outcome of it any more, so that nobody will ever tell of it: it has expired, or the broker's
 * storage was deleted or lost. It may have run.
 */
export class TaskLostError extends ExecutorError {
  /** @internal */
  static override readonly code = 'TASK_LOST';
}

/** No pool can be started here: the program was itself started in a worker's place, or may not or can't start workers. */
export class BootstrapError extends ExecutorError {
  /** @internal */
  static override readonly code = 'BOOTSTRAP';
}

/** A function, or something that it captures, can't be run in a worker. */
export class FunctionNotPortableError extends ExecutorError {
  /** @internal */
  static override readonly code = 'FUNCTION_NOT_PORTABLE';
  /** The captured variable that stands in the way, or `undefined` when it is the function itself. */
  readonly variable: string | undefined;

  constructor(message: string, options?: ErrorOptions & { variable?: string }) {
    super(message, options);
    this.variable = options?.variable;
  }
}

/** An argument, a result or an error can't be copied; `path` says which part of it. */
export class NotSerializableError extends ExecutorError {
  /** @internal */
  static override readonly code = 'NOT_SERIALIZABLE';
  /** Where in the value, for example `args[0].onDone` or `result.rows[3]`. */
  readonly path: string;

  constructor(message: string, options: ErrorOptions & { path: string }) {
    super(message, options);
    this.path = options.path;
  }
}

/** Waiting here would never end: what is waited for needs the thread that waits. */
export class DeadlockError extends ExecutorError {
  /** @internal */
  static override readonly code = 'DEADLOCK';
}

/**
 * A task's error whose class is not known here. It keeps the original `name`, `message`, `stack`, own properties,
 * `cause` and `errors`.
 */
export class RemoteError extends ExecutorError {
  /** @internal */
  static override readonly code = 'REMOTE';
}

/** A bug in this library; please report it. */
export class InternalError extends ExecutorError {
  /** @internal */
  static override readonly code = 'INTERNAL';
}

function setHidden(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: false });
}

// Said once more as texts, since minifiers shorten the names of classes, and programs and people go by them.
const classes = {
  ExecutorError,
  CancelledError,
  TimeoutError,
  InvalidStateError,
  ShutdownError,
  QueueFullError,
  WorkerLostError,
  BrokenExecutorError,
  TaskRefusedError,
  TaskLostError,
  BootstrapError,
  FunctionNotPortableError,
  NotSerializableError,
  DeadlockError,
  RemoteError,
  InternalError,
};
for (const [name, errorClass] of Object.entries(classes)) setHidden(errorClass, 'name', name);
