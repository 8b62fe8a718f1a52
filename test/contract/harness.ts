/**
 * `contract(title, options, body)`: one test per executor that the property holds on.
 *
 * Each test gets an executor of a few workers and a stage. Afterwards the executors are shut down, and nothing may be
 * left: no worker, no child process, no handle, no temporary file, no future that is not done, no warning.
 */

import { strict as assert } from 'node:assert';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
// First, so that the library sees the temporary folder.
import './own-tmp.js';
import type { Executor, Future } from 'concurrent-futures';
import { type AnyOptions, all, type Kind, workerPids } from './executors.js';
import { eventually, Stage } from './gates.js';
import { Baseline } from './leaks.js';

export interface Scene {
  readonly kind: Kind;
  /** The executor under test, made with the contract's `options`. */
  readonly executor: Executor;
  readonly stage: Stage;
  /** One more executor of the same kind, cleaned up like the first. */
  create(options?: AnyOptions): Executor;
  /** Waits for `many` process warnings since the test began, and takes them: only those not taken fail the test. */
  takeWarnings(many: number): Promise<Warning[]>;
}

/** As `process.emitWarning` makes them. */
interface Warning extends Error {
  readonly code?: string;
  readonly detail?: string;
}

export interface ContractOptions {
  /** The executors that the property holds on; all by default. */
  readonly on?: readonly Kind[];
  /** The options of the executor; the inline executor has none. */
  readonly options?: AnyOptions;
  /** Milliseconds; generous, since it is only there so that nothing hangs. */
  readonly timeout?: number;
}

const timeoutMs = 30_000;
const shutdownTimeoutMs = 10_000;

// A test that failed may have left something that keeps this process alive: the others' results matter more.
after(() => setTimeout(() => process.exit(1), 5_000).unref());

export function contract(title: string, body: (scene: Scene) => Promise<void>): void;
export function contract(title: string, options: ContractOptions, body: (scene: Scene) => Promise<void>): void;
export function contract(
  title: string,
  optionsOrBody: ContractOptions | ((scene: Scene) => Promise<void>),
  maybeBody?: (scene: Scene) => Promise<void>,
): void {
  const options = typeof optionsOrBody === 'function' ? {} : optionsOrBody;
  const body = typeof optionsOrBody === 'function' ? optionsOrBody : maybeBody;
  if (body === undefined) throw new TypeError('a contract needs a body');
  for (const kind of options.on ?? all) {
    test(`[${kind.name}] ${title}`, { timeout: options.timeout ?? timeoutMs }, () => play(kind, options, body));
  }
}

async function play(kind: Kind, options: ContractOptions, body: (scene: Scene) => Promise<void>): Promise<void> {
  // A worker is announced in the tick after it was made: those of the loader that runs this file come first.
  await new Promise((resolve) => setImmediate(resolve));
  const baseline = new Baseline();
  const warnings: Warning[] = [];
  const onWarning = (warning: Warning): unknown => warnings.push(warning);
  process.on('warning', onWarning);
  const stage = new Stage();
  const executors: Watched[] = [];
  const create = (more?: AnyOptions): Executor => {
    const watched = watch(kind.create(more));
    executors.push(watched);
    return watched.executor;
  };
  const takeWarnings = async (many: number): Promise<Warning[]> => {
    await eventually(() => warnings.length >= many, `${many} process warnings`);
    return warnings.splice(0, many);
  };
  let phase = 'body';
  let hasHung = false;
  // The runner says only that the time is over.
  const hung = setTimeout(
    () => {
      hasHung = true;
      const state = executors.map(({ executor }) => `${executor.explain()}\n${JSON.stringify(executor.stats())}`);
      console.error(`[${kind.name}] hangs in its ${phase}:`, ...state, stage.log(), process.getActiveResourcesInfo());
    },
    (options.timeout ?? timeoutMs) - 1_000,
  );
  hung.unref();
  try {
    await body({ kind, executor: create(options.options), stage, create, takeWarnings });
  } finally {
    phase = 'end';
    stage.openAll();
    const pids = executors.flatMap((watched) => workerPids(kind, watched.executor));
    for (const watched of executors) await strike(watched);
    stage.remove();
    await baseline.assertNothingLeft(pids);
    // Warnings are emitted in a later turn; those of a shutdown after whoever waited for it has gone on.
    await delay(5);
    process.off('warning', onWarning);
    clearTimeout(hung);
    assert.deepEqual(warnings.map(String), [], 'unexpected process warnings');
    assert.ok(!hasHung, 'it stood still for long, and went on');
  }
}

interface Watched {
  readonly executor: Executor;
  readonly futures: Set<Future<unknown>>;
}

/** Notes every future that the executor hands out, also through `with`. */
function watch(executor: Executor): Watched {
  const futures = new Set<Future<unknown>>();
  const noteFuturesOf = (target: Executor): Executor => {
    if (target.submit === noteSubmit) return target;
    return Object.assign(target, { submit: noteSubmit, with: noteWith });
  };
  const { submit, with: view } = executor as Untyped;
  function noteSubmit(this: Executor, ...args: unknown[]): Future<unknown> {
    const future = submit.apply(this, args);
    futures.add(future);
    return future;
  }
  function noteWith(this: Executor, options: object): Executor {
    return noteFuturesOf(view.call(this, options));
  }
  return { executor: noteFuturesOf(executor), futures };
}

/** The two methods that give futures, with their types forgotten. */
interface Untyped {
  submit(...args: unknown[]): Future<unknown>;
  with(options: object): Executor;
}

/** Shuts an executor down, whatever the test did to it, and asserts that it is done with everything. */
async function strike({ executor, futures }: Watched): Promise<void> {
  // A failure that the test did not look at is not what this test is about.
  for (const future of futures) void future.exception().catch(() => {});
  const doneBefore = new Set([...futures].filter((future) => future.done()));
  const { unfinished } = await executor.shutdown({ wait: true, timeout: shutdownTimeoutMs });
  const { queued, running } = executor.stats();
  assert.deepEqual(
    {
      queued,
      running,
      unfinished: unfinished.filter((future) => !doneBefore.has(future)).map(String),
      pending: [...futures].filter((future) => !future.done()).map(String),
    },
    { queued: 0, running: 0, unfinished: [], pending: [] },
    'the executor was not done when it was shut down',
  );
}
