/**
 * One executor from its making to its end: random submits and interferences, a shutdown of some kind, and then the
 * verdicts: every future is done, as it must be, and nothing has started that must not have.
 */

import { strict as assert } from 'node:assert';
import { setTimeout as delay } from 'node:timers/promises';
import {
  asCompleted,
  BrokenExecutorError,
  type Executor,
  inProcess,
  inThread,
  QueueFullError,
  TimeoutError,
  wait,
} from 'concurrent-futures';
import { type AnyOptions, type Kind, local } from '../contract/executors.js';
import { eventually } from '../contract/gates.js';
import type { KindName } from '../matrix/axes.js';
import { echo, initialize } from './fixtures/tasks.js';
import { SoakMap } from './maps.js';
import type { Random } from './random.js';
import { outOfMemory, type Recipe, recipes } from './recipes.js';
import { type Circumstances, judge, Starts, type Submitted } from './verdicts.js';

/** What is not over by then hangs; generous, for busy machines. */
const hangMs = 60_000;
const smallHeapMb = 48;
/** With a larger one, Node 24 ends the whole program instead of the thread whose memory is used up, as it does without any pool. */
const youngHeapMb = 8;

/** Counts what happened, by its name. */
export type Count = (what: string) => void;

export class Life {
  readonly #kind: Kind;
  readonly #random: Random;
  readonly #count: Count;
  readonly #options: AnyOptions;
  readonly #executor: Executor;
  readonly #recipes: readonly Recipe[];
  readonly #starts = new Starts();
  readonly #tasks: Submitted[] = [];
  readonly #maps: SoakMap[] = [];
  /** Processes that are stopped for a while. */
  readonly #frozen = new Set<Promise<void>>();
  readonly #around: Circumstances;
  #ids = 0;
  #doing = 'start';

  constructor(kindName: KindName, random: Random, count: Count) {
    this.#kind = local.find(({ name }) => name === kindName) as Kind;
    this.#random = random;
    this.#count = count;
    const hasSmallHeap = this.#kind.pooled && random.chance(0.15);
    this.#options = this.#drawOptions(hasSmallHeap);
    this.#executor = this.#kind.create(this.#options);
    this.#around = {
      kills: 0,
      hadKills: false,
      hasQueueLimit: this.#options.maxQueue !== undefined,
      wasCancelling: false,
      unfinished: new Set(),
      shutdownBegan: false,
      hadLeftOvers: false,
    };
    const usual = recipes.filter(({ on, isLarge }) => on.includes(kindName) && !(hasSmallHeap && isLarge));
    this.#recipes = hasSmallHeap ? [...usual, outOfMemory] : usual;
  }

  async live(): Promise<void> {
    const actions = this.#actions();
    for (let left = this.#random.int(5, 40); left > 0; left--) {
      const action = this.#random.weighted(actions);
      this.#doing = action.name;
      await inTime(action.run(), action.name);
    }
    await this.#end();
    await this.#judgeAll();
  }

  /** For whoever looks into a failure. */
  describe(): string {
    const pending = this.#tasks.filter(({ future }) => !future.done());
    const lines = pending.slice(0, 20).map(({ id, recipe, future }) => `  pending: ${id} ${recipe} ${future}`);
    const options = JSON.stringify(this.#options);
    return [`while: ${this.#doing}; options ${options}`, this.#executor.explain(), ...lines].join('\n');
  }

  #drawOptions(hasSmallHeap: boolean): AnyOptions {
    const random = this.#random;
    if (!this.#kind.pooled) return {};
    const limits = { resourceLimits: { maxOldGenerationSizeMb: smallHeapMb, maxYoungGenerationSizeMb: youngHeapMb } };
    const flags = { execArgv: [`--max-old-space-size=${smallHeapMb}`] };
    return {
      maxWorkers: random.int(1, 3),
      ...(random.chance(0.2) && { minWorkers: 1 }),
      ...(random.chance(0.2) && { maxTasksPerWorker: random.int(5, 30) }),
      ...(random.chance(0.2) && { prefetch: random.int(0, 3) }),
      ...(random.chance(0.2) && { maxQueue: random.int(1, 50) }),
      ...(random.chance(0.2) && { idleTimeout: random.int(0, 50) }),
      ...(random.chance(0.2) && { initializer: initialize, initargs: ['fine'] }),
      ...(hasSmallHeap && (this.#kind.name === 'thread' ? limits : flags)),
    };
  }

  // ── What is done ──

  #actions(): { name: string; weight: number; run: () => unknown }[] {
    const isProcess = this.#kind.name === 'process';
    const { sharesMemory, pooled } = this.#kind;
    return [
      { name: 'submit', weight: 14, run: () => this.#submit(this.#random.weighted(this.#recipes)) },
      { name: 'submit many', weight: 1.5, run: () => this.#submitMany() },
      { name: 'map', weight: 1, run: () => this.#map() },
      { name: 'cancel', weight: 2, run: () => this.#cancelSome() },
      { name: 'kill', weight: 2, run: () => this.#stopOne('kill') },
      { name: 'abort', weight: 1.5, run: () => this.#stopOne('abort') },
      { name: 'kill a worker', weight: isProcess ? 1.5 : 0, run: () => this.#killWorker() },
      { name: 'stop a worker for a while', weight: isProcess ? 0.7 : 0, run: () => this.#freezeWorker() },
      { name: 'explain', weight: 1, run: () => this.#explain() },
      { name: 'wait', weight: 3, run: () => this.#waitForSome() },
      { name: 'as completed', weight: 1, run: () => this.#readSomeAsCompleted() },
      { name: 'sleep', weight: 4, run: () => delay(this.#random.int(0, 60)) },
      { name: 'catch up', weight: 2, run: () => this.#catchUp() },
      { name: 'turn', weight: 2, run: () => new Promise(setImmediate) },
      { name: 'block', weight: sharesMemory && pooled ? 0.5 : 0, run: () => this.#block() },
      { name: 'one task alone', weight: pooled ? 0.3 : 0, run: () => this.#alone() },
    ];
  }

  #submit(recipe: Recipe): void {
    const random = this.#random;
    const id = this.#nextId();
    const order = recipe.make(this.#starts.mark(id), random);
    const controller = random.chance(0.2) ? new AbortController() : undefined;
    const options = {
      ...order.options,
      ...(random.chance(0.1) && { priority: random.int(-2, 2) }),
      ...(controller && { signal: controller.signal }),
      name: `${recipe.name} ${id}`,
    };
    try {
      const future = this.#executor.with(options).submit(order.fn as () => unknown, ...(order.args as []));
      // Whether anybody looks at a failure is not what this is about.
      future.exception().catch(() => {});
      const rest = { controller, wasCancelled: false, stoppedFor: undefined };
      this.#tasks.push({ id, recipe: recipe.name, order, future, ...rest });
      if (recipe.name === 'late throw') this.#around.hadLeftOvers = true;
    } catch (error) {
      if (!(error instanceof QueueFullError) || this.#options.maxQueue === undefined) throw error;
      this.#count('refused: the queue was full');
    }
  }

  #submitMany(): void {
    const tiny = this.#recipes.filter(({ isTiny }) => isTiny);
    const one = this.#random.pick(tiny);
    const isMixed = this.#random.chance(0.5);
    for (let left = this.#random.int(10, 200); left > 0; left--) this.#submit(isMixed ? this.#random.pick(tiny) : one);
  }

  #map(): void {
    const next = (): { id: number; mark: string } => {
      const id = this.#nextId();
      return { id, mark: this.#starts.mark(id) };
    };
    const canExit = this.#kind.pooled;
    try {
      const map = new SoakMap(this.#executor, this.#random, { next, around: this.#around, canExit });
      // Looked at in the end.
      map.reading.catch(() => {});
      this.#maps.push(map);
    } catch (error) {
      if (!(error instanceof QueueFullError)) throw error;
      this.#count('refused: the queue was full');
    }
  }

  #pending(): Submitted[] {
    return this.#tasks.filter(({ future }) => !future.done());
  }

  #cancelSome(): void {
    const pending = this.#pending();
    for (let left = Math.min(this.#random.int(1, 5), pending.length); left > 0; left--) {
      const task = this.#random.pick(pending);
      if (task.future.done()) continue;
      const isCancelled = task.future.cancel();
      assert.equal(task.future.cancelled(), isCancelled);
      task.wasCancelled = isCancelled;
      this.#count(isCancelled ? 'cancel: true' : 'cancel: false');
    }
  }

  #stopOne(how: 'kill' | 'abort'): void {
    const pending = this.#pending().filter(({ controller }) => how === 'kill' || controller !== undefined);
    if (pending.length > 0) this.#stop(this.#random.pick(pending), how);
  }

  #stop(task: Submitted, how: 'kill' | 'abort'): void {
    const reason = new Error(`the soak's own reason (${how})`);
    task.stoppedFor = reason;
    if (how === 'kill') assert.equal(task.future.kill(reason), true, 'kill() of a task that was not done');
    else task.controller?.abort(reason);
    assert.equal(task.future.cancelled(), true, `${how}: cancelled at once`);
  }

  /** A worker that has proved that workers start: three in a row that had not would rightly break the executor. */
  #liveWorker(): number | undefined {
    const workers = this.#executor.stats().workers.filter(({ completed, state }) => {
      return completed > 0 && (state === 'idle' || state === 'busy');
    });
    return workers.length === 0 ? undefined : this.#random.pick(workers).systemId;
  }

  #killWorker(): void {
    const pid = this.#liveWorker();
    if (pid === undefined) return;
    this.#kill(pid);
  }

  #freezeWorker(): void {
    const pid = this.#liveWorker();
    if (pid === undefined) return;
    this.#count('worker stopped from outside');
    signalProcess(pid, 'SIGSTOP');
    const [ms, isKilled] = [this.#random.int(0, 600), this.#random.chance(0.3)];
    const thawed = delay(ms).then(() => {
      this.#frozen.delete(thawed);
      // Only while it is one of ours: its number may be somebody else's by now.
      if (!this.#executor.stats().workers.some(({ systemId }) => systemId === pid)) return;
      if (isKilled) this.#kill(pid);
      else signalProcess(pid, 'SIGCONT');
    });
    this.#frozen.add(thawed);
  }

  #kill(pid: number): void {
    this.#around.kills += 1;
    this.#around.hadKills = true;
    this.#count('worker killed from outside');
    signalProcess(pid, 'SIGKILL');
  }

  #explain(): void {
    assert.match(this.#executor.explain(), /: running[\s\S]*\n {2}queue: /);
    const { workers, running } = this.#executor.stats();
    assert.ok(running <= workers.length);
  }

  async #waitForSome(): Promise<void> {
    const some = this.#some();
    const returnWhen = this.#random.pick(['FIRST_COMPLETED', 'FIRST_EXCEPTION', 'ALL_COMPLETED'] as const);
    const { done, notDone } = await wait(some, { timeout: this.#random.int(0, 100), returnWhen });
    assert.equal(done.size + notDone.size, new Set(some).size);
  }

  async #readSomeAsCompleted(): Promise<void> {
    const left = new Set(this.#some());
    try {
      const completed = asCompleted([...left], { timeout: this.#random.int(0, 100) });
      for (let step = await completed.next(); !step.done; step = await completed.next())
        assert.ok(step.value.done() && left.delete(step.value), 'each once');
      assert.equal(left.size, 0);
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
  }

  /** Until all is done that ends by itself, so that not all of it meets the shutdown. */
  async #catchUp(): Promise<void> {
    this.#stopEndless();
    await wait(
      this.#tasks.map(({ future }) => future),
      { timeout: this.#random.int(0, 3_000) },
    );
  }

  #some(): Submitted['future'][] {
    const futures = this.#tasks.map(({ future }) => future);
    const from = this.#random.int(0, futures.length);
    return futures.slice(from, from + this.#random.int(0, 50));
  }

  #block(): void {
    const task = this.#pending()[0];
    try {
      task?.future.resultSync({ timeout: this.#random.int(0, 30) });
    } catch {
      // Its own error or that it took longer: its verdict comes in the end.
    }
  }

  async #alone(): Promise<void> {
    const alone = this.#kind.name === 'thread' ? inThread : inProcess;
    const id = this.#nextId();
    assert.equal(await alone(echo, this.#starts.mark(id), id), id);
    this.#count('one task alone');
  }

  #nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  // ── How it ends ──

  async #end(): Promise<void> {
    const random = this.#random;
    const how = random.pick([
      'wait',
      'cancel',
      'limit',
      'cancel within a limit',
      'no wait',
      'no wait, cancel',
    ] as const);
    this.#doing = `shutdown: ${how}`;
    this.#count(this.#doing);
    const hasLimit = how.includes('limit');
    const stopsFirst = random.chance(0.5);
    if (!hasLimit && stopsFirst) this.#stopEndless();
    this.#around.shutdownBegan = true;
    this.#around.wasCancelling = how.includes('cancel');
    const first = this.#executor.shutdown({
      wait: !how.startsWith('no wait'),
      cancelFutures: how.includes('cancel'),
      ...(hasLimit && { timeout: random.int(0, 400) }),
    });
    if (!hasLimit && !stopsFirst) {
      if (random.chance(0.5)) await delay(random.int(0, 50));
      this.#stopEndless();
    }
    const { unfinished } = await inTime(first, this.#doing);
    if (hasLimit) for (const future of unfinished) this.#around.unfinished.add(future);
    // The second call of a shutdown that did not wait is what waits.
    if (how.startsWith('no wait') || random.chance(0.3)) await inTime(this.#executor.shutdown(), 'second shutdown');
    const pending = this.#pending().map(({ future, recipe }) => `${recipe}: ${future}`);
    assert.deepEqual(pending, [], 'shutdown is over, and these are pending');
    this.#doing = 'reading of maps';
    for (const { reading } of this.#maps) await inTime(reading, this.#doing);
    await Promise.all(this.#frozen);
    const { state, queued, running, workers } = this.#executor.stats();
    assert.deepEqual({ state, queued, running, workers }, { state: 'stopped', queued: 0, running: 0, workers: [] });
  }

  /** What never ends by itself would hold a shutdown without a limit up for ever. */
  #stopEndless(): void {
    for (const task of this.#pending()) {
      if (task.order.expected.kind !== 'never') continue;
      this.#stop(task, task.controller !== undefined && this.#random.chance(0.5) ? 'abort' : 'kill');
    }
  }

  async #judgeAll(): Promise<void> {
    this.#doing = 'verdicts';
    const starts = this.#starts.take();
    const retried = new Set<number>();
    for (const task of this.#tasks) {
      retried.add(task.id);
      const outcome = await judge(task, starts.get(task.id) ?? 0, this.#around).catch((cause: unknown) => {
        throw new Error(`task ${task.id} (${task.recipe}) on ${this.#kind.name}, ${task.future}`, { cause });
      });
      this.#count(outcome);
    }
    for (const map of this.#maps) {
      if (map.ending !== 'abandoned half read' && map.hasBegun)
        await eventually(() => map.isInputClosed, 'the inputs of a map to be closed');
      for (const id of map.fulfilled) assert.equal(starts.get(id), 1, `item of a map, task ${id}`);
      this.#count(`map ${map.ending}`);
      for (let item = 0; item < map.itemsRead; item++) this.#count('item of a map read');
    }
    for (const [id, times] of starts) if (!retried.has(id)) assert.equal(times, 1, `task ${id} started ${times} times`);
    const { completed, failed, cancelled } = this.#executor.stats();
    const counted = completed + failed + cancelled;
    if (this.#maps.length === 0) assert.equal(counted, this.#tasks.length, 'stats() counts each task once');
  }
}

/** An executor whose workers can't start: every future fails with the cause, and every later submit throws it. */
export async function liveBroken(kindName: KindName, random: Random, count: Count): Promise<void> {
  const kind = local.find(({ name }) => name === kindName) as Kind;
  const how = random.pick(['throw', 'exit', 'hang']);
  const options = { initializer: initialize, initargs: [how], startupTimeout: how === 'hang' ? 200 : 30_000 };
  const executor = kind.create({ maxWorkers: random.int(1, 3), ...options });
  const starts = new Starts();
  const futures = Array.from({ length: random.int(1, 30) }, (_, id) => executor.submit(echo, starts.mark(id), id));
  for (const future of futures) {
    const error = await inTime(future.exception(), `an initializer that does "${how}"`);
    assert.ok(error instanceof BrokenExecutorError, String(error));
    count('BROKEN_EXECUTOR');
  }
  assert.throws(() => executor.submit(echo, starts.mark(0), 0), BrokenExecutorError);
  await inTime(executor.shutdown(), 'shutdown of a broken executor');
  assert.equal(starts.take().size, 0);
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself a moment before.
  }
}

async function inTime<T>(what: T | Promise<T>, name: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} hangs: not over within ${hangMs} ms`)), hangMs);
  });
  try {
    return await Promise.race([what, hangs]);
  } finally {
    clearTimeout(timer);
  }
}
