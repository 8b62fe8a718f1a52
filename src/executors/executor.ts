/** The one interface: `submit`, `map` and `shutdown`, whatever runs the tasks. */

import { BootstrapError } from '../errors.js';
import { functionHandle } from '../functions/handle.js';
import type { Future } from '../future/future.js';
import { siteOf } from '../pool/site.js';
import type { ExecutorStats } from '../pool/stats.js';
import { decodeTaskError } from '../pool/task-errors.js';
import type { TaskPool } from '../pool/task-pool.js';
import type { TaskSettings } from '../pool/task-settings.js';
import { workerMark } from '../protocol/process-data.js';
import { workerScope } from '../worker/current.js';
import { defaultBufferSize, type InputsOf, MapResults, type MapSource } from './map.js';
import { checkNames, defaultTaskSettings, duration, type TaskOptions, taskSettings } from './options.js';

export interface ShutdownOptions {
  /** Whether to wait until every task is done and every worker gone; `true` by default. */
  readonly wait?: boolean;
  /** Whether to cancel every task that has not started; `false` by default. */
  readonly cancelFutures?: boolean;
  /** Milliseconds after which what still runs is stopped; no limit by default. */
  readonly timeout?: number;
}

export interface ShutdownResult {
  /** With `timeout`: what it stopped. Without `wait`: what is not done yet. */
  readonly unfinished: readonly Future<unknown>[];
}

/** Runs functions elsewhere and gives futures of their results. */
export abstract class Executor implements AsyncDisposable {
  /** @internal */
  protected readonly pool: TaskPool;
  /** @internal */
  protected readonly shutdownTimeoutMs: number;
  /** @internal Maps that start at the end of this turn, or when the executor shuts down before that. */
  protected readonly unstartedMaps = new Set<MapResults<unknown>>();
  /** @internal */
  protected settings: TaskSettings = defaultTaskSettings();
  /** @internal The executor that views with options are made of: a view of a view would make each look-up longer. */
  protected readonly root = this;

  /** @internal */
  constructor(pool: TaskPool, shutdownTimeoutMs: number) {
    this.pool = pool;
    this.shutdownTimeoutMs = shutdownTimeoutMs;
    dropped.register(this, pool, this);
  }

  /**
   * Runs `fn(...args)` in a worker.
   *
   * Arguments are copied (structured clone) in this call, so changing them afterwards changes nothing for the task.
   *
   * @throws {@link FunctionNotPortableError} when `fn` can't run elsewhere, {@link ShutdownError},
   * {@link BrokenExecutorError}, {@link QueueFullError}. Everything else fails the future.
   */
  submit<A extends unknown[], R>(fn: (this: void, ...args: A) => R, ...args: A): Future<Awaited<R>> {
    if (typeof fn !== 'function')
      throw new TypeError(`submit needs a function; got ${fn === null ? 'null' : typeof fn}`);
    refuseWhileImporting();
    this.pool.expectWork();
    const handle = functionHandle(fn);
    const site = siteOf(handle, this.submit);
    const task = this.pool.submit(handle, { isChunk: false, values: args }, this.settings, site);
    return task.future as Future<Awaited<R>>;
  }

  /**
   * Runs `fn` once per item of the inputs, one input per parameter, up to the end of the shortest.
   *
   * Inputs are iterables or async iterables and are read a bounded number ahead of the reader, so they may be endless.
   * The work starts at the end of this turn of the event loop; options are chained to the call:
   * `executor.map(fn, items).unordered().timeout(5000)`.
   */
  map<A extends unknown[], R>(fn: (this: void, ...args: A) => R, ...inputs: InputsOf<A>): MapResults<Awaited<R>> {
    if (typeof fn !== 'function') throw new TypeError(`map needs a function; got ${fn === null ? 'null' : typeof fn}`);
    refuseWhileImporting();
    this.pool.checkOpen();
    this.pool.expectWork();
    const handle = functionHandle(fn);
    const site = siteOf(handle, this.map);
    const source: MapSource = {
      // Keeps this executor from being collected while its map is read.
      submit: (body, sink) => this.pool.submit(handle, body, this.settings, site, sink),
      decode: (error) => decodeTaskError(error, handle, site),
      maxWorkers: this.pool.maxWorkers,
      bufferSize: this.pool.mapBufferSize ?? defaultBufferSize,
      started: (results) => this.unstartedMaps.delete(results),
    };
    const results = new MapResults<Awaited<R>>(source, inputs as Iterable<unknown>[]);
    this.unstartedMaps.add(results as MapResults<unknown>);
    return results;
  }

  /** The same executor, its `submit` and `map` carrying these options; they add to those that it carries already. */
  with(options: TaskOptions): this {
    const view = Object.create(this.root) as this;
    view.settings = taskSettings(options, this.settings);
    return view;
  }

  /**
   * Takes no more tasks and lets the workers go once those that were submitted are done. Safe to call again.
   *
   * With a `timeout`, what still runs when it is over is stopped and listed as `unfinished`.
   */
  async shutdown(options?: ShutdownOptions): Promise<ShutdownResult> {
    const given = checkNames('shutdown option', options, ['wait', 'cancelFutures', 'timeout']);
    const timeoutMs = duration('timeout', given.timeout) ?? Number.POSITIVE_INFINITY;
    // The pool is kept no longer: what it still knows of a task may know the object that submitted that, and so this executor.
    dropped.unregister(this.root);
    for (const map of [...this.unstartedMaps]) map.startNow();
    const unfinished = await this.pool.shutdown({
      wait: given.wait ?? true,
      cancelFutures: given.cancelFutures ?? false,
      timeoutMs,
    });
    return { unfinished };
  }

  /** What the executor is doing at this moment, as plain data. */
  stats(): ExecutorStats {
    return this.pool.stats();
  }

  /** What every worker is doing and since when, what is queued, and why it does not move: for people, in lines of text. */
  explain(): string {
    return this.pool.explain();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown({ wait: true, timeout: this.shutdownTimeoutMs });
  }
}

/** @internal What runs an executor's tasks. */
export function poolOf(executor: Executor): TaskPool {
  return (executor as unknown as { readonly pool: TaskPool }).pool;
}

/** An executor that nobody holds any more finishes what it was given, and lets its workers go. */
const dropped = new FinalizationRegistry<TaskPool>((pool) => {
  void pool.shutdown({ wait: false, cancelFutures: false, timeoutMs: Number.POSITIVE_INFINITY });
});

/** A pool needs workers that run this library's runtime, not the program over again. */
export function checkBootstrap(className: string): void {
  const mark = process.env[workerMark];
  if (mark === undefined || workerScope() !== undefined) return;
  throw new BootstrapError(
    `${className} can't be made here: this process was started as worker ${mark}, but runs the program itself. ` +
      'Its executable does not take code to run, as a packaged program does not: set the option execPath to a Node executable, or use threads.',
  );
}

function refuseWhileImporting(): void {
  const importing = workerScope()?.importing;
  if (importing === undefined) return;
  throw new BootstrapError(
    `the module ${importing} submits tasks while a worker imports it, so each worker would start the same work again. ` +
      'Move what the module does at its top level into a function, or the task into a module of its own.',
  );
}
