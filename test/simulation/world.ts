/**
 * A world of its own time and its own order, both given by a seed: time moves only when nothing else can happen, or by a little
 * (messages that are on their way for long), and of all that can happen the seed chooses what does.
 */

import type { Clock } from '../../src/pool/clock.js';

/** Numbers from 0 up to 1, always the same for a seed (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** True that often. */
  happens(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

interface Timer {
  readonly dueAt: number;
  readonly run: () => void;
}

/** Gives what can happen now; whatever the world chooses is called. */
export type Source = () => Iterable<() => void>;

/** More steps than any run takes: something goes round in circles. */
const stepsMax = 100_000;
/** How far time may move while messages are on their way, in milliseconds. */
const latencyMax = 50;

export class World {
  readonly chance: Chance;
  readonly #latency: number;
  readonly #sources: Source[] = [];
  readonly #timers = new Set<Timer>();
  #now = 1_000_000;

  /** @param latency how often time moves although messages are on their way. */
  constructor(seed: number, latency: number) {
    this.chance = new Chance(seed);
    this.#latency = latency;
  }

  /** Milliseconds. */
  get now(): number {
    return this.#now;
  }

  addSource(source: Source): void {
    this.#sources.push(source);
  }

  /** Calls back after `ms`; gives the way to cancel it. */
  after(ms: number, run: () => void): () => void {
    const timer = { dueAt: this.#now + Math.max(0, ms), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Lets things happen until `story` is over; throws when nothing can happen any more before that. */
  async live(story: Promise<unknown>): Promise<void> {
    let isOver = false;
    const end = (): void => {
      isOver = true;
    };
    story.then(end, end);
    const restore = this.#stopRealTime();
    try {
      for (let step = 0; ; step++) {
        await turn();
        if (isOver) break;
        if (step > stepsMax) throw new Error(`it goes on and on: ${stepsMax} steps`);
        if (!this.#step()) throw new Error('it hangs: nothing can happen any more');
      }
    } finally {
      restore();
    }
    await story;
  }

  #step(): boolean {
    const possible = this.#sources.flatMap((source) => [...source()]);
    const timer = this.#nextTimer();
    const mayBeLate =
      timer !== undefined && timer.dueAt - this.#now <= latencyMax && this.chance.happens(this.#latency);
    if (possible.length > 0 && !mayBeLate) this.chance.pick(possible)();
    else if (timer === undefined) return false;
    else {
      this.#now = Math.max(this.#now, timer.dueAt);
      this.#timers.delete(timer);
      timer.run();
    }
    return true;
  }

  #nextTimer(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.dueAt < next.dueAt) next = timer;
    return next;
  }

  /** What reads the time by itself (claims, run times) reads this world's. */
  #stopRealTime(): () => void {
    const { now } = Date;
    Date.now = () => this.#now;
    performance.now = () => this.#now;
    return () => {
      Date.now = now;
      Reflect.deleteProperty(performance, 'now');
    };
  }
}

/** A pool's clock in such a world; it knows what the pool has left on it. */
export class VirtualClock implements Clock {
  readonly #world: World;
  readonly #cancels = new Set<() => void>();
  readonly #turns: (() => void)[] = [];
  isKeptAlive = false;

  constructor(world: World) {
    this.#world = world;
    world.addSource(() => (this.#turns.length > 0 ? [() => this.#turns.shift()?.()] : []));
  }

  get timersLeft(): number {
    return this.#cancels.size;
  }

  now(): number {
    return this.#world.now;
  }

  after(ms: number, callback: () => void): () => void {
    const cancel = (): void => {
      cancelTimer();
      this.#cancels.delete(cancel);
    };
    const cancelTimer = this.#world.after(ms, () => {
      this.#cancels.delete(cancel);
      callback();
    });
    this.#cancels.add(cancel);
    return cancel;
  }

  runDue(): void {}

  cancelAll(): void {
    for (const cancel of [...this.#cancels]) cancel();
  }

  soon(callback: () => void): void {
    queueMicrotask(callback);
  }

  nextTurn(callback: () => void): void {
    this.#turns.push(callback);
  }

  keepAlive(wanted: boolean): void {
    this.isKeptAlive = wanted;
  }
}

/** All microtasks and immediates that are due have run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
