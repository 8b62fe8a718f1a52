/**
 * Which tasks of this thread wait for which, so that a ring of them, of which none can ever end, is told instead of hung.
 *
 *   a wait closes a ring ──still closed a second later──► warned of
 *                        └──nothing else is left that the event loop could do──► the wait fails with DeadlockError
 *
 * Only tasks that run in this very thread can hold futures of this thread's executors. That a task has asked for an outcome need
 * not mean that it can't go on without (it may race it against a timer), so a ring alone is no proof. An event loop that has run
 * dry is: then whatever waits, waits for ever. For that to come about, pools whose tasks are in a ring do not keep the process alive.
 */

import { DeadlockError } from '../errors.js';
import type { Clock } from './clock.js';
import type { Task } from './task.js';

/** How long a ring lasts before it is told. */
const toldAfterMs = 1000;

interface Waits {
  /** In which attempt of the task; an earlier one waits no more. */
  readonly attempt: number;
  readonly on: Set<Task>;
}

const waits = new WeakMap<Task, Waits>();
/** Rings that were closed and not seen to be open again. */
const rings = new Set<Ring>();
let watchesLoop = false;

/** Tasks each of which waits for the next, and the last for the first. */
class Ring {
  readonly tasks: readonly Task[];
  /** Rejects when it is proven; for whoever closed it. */
  readonly proven: Promise<never>;
  #reject: (error: DeadlockError) => void = () => {};
  #isOver = false;

  constructor(tasks: readonly Task[]) {
    this.tasks = tasks;
    this.proven = new Promise((_, reject) => {
      this.#reject = reject;
    });
    // Whoever waits hears of it; one that only looked may not.
    this.proven.catch(() => {});
    rings.add(this);
    if (watchesLoop) return;
    watchesLoop = true;
    process.on('beforeExit', () => {
      for (const ring of rings) if (ring.isClosed) ring.#break();
    });
  }

  get isClosed(): boolean {
    if (!this.#isOver && this.tasks.every((task, i) => waitsFor(task).includes(this.#after(i)))) return true;
    this.#isOver = true;
    rings.delete(this);
    return false;
  }

  isClosedBy(by: Task, on: Task): boolean {
    return this.tasks[0] === by && this.#after(0) === on;
  }

  toString(): string {
    return inWords(this.tasks);
  }

  /** The first task is the one whose wait closed it. */
  #break(): void {
    waits.get(this.tasks[0] as Task)?.on.delete(this.#after(0));
    this.#reject(deadlock(`${this}, and nothing is left to happen that could end any of them`));
  }

  #after(i: number): Task {
    return this.tasks[(i + 1) % this.tasks.length] as Task;
  }
}

/** A task begins to wait for another. Gives what rejects once it is proven that this can't end, where it closes a ring. */
export function beginWait(by: Task | undefined, on: Task, clock: Clock): Promise<never> | undefined {
  if (by === undefined) return undefined;
  const entry = waitsOf(by);
  if (entry.on.has(on)) return [...rings].find((ring) => ring.isClosedBy(by, on))?.proven;
  entry.on.add(on);
  const tasks = closedBy(by, on);
  if (tasks === undefined) return undefined;
  const ring = new Ring(tasks);
  for (const task of tasks) task.isInRing();
  clock.after(toldAfterMs, () => {
    if (ring.isClosed) report(ring);
  });
  return ring.proven;
}

/**
 * The same for a wait in which this thread stands still, so that a ring is a proof at once. Gives the way to end the wait.
 *
 * @throws {@link DeadlockError} where it closes a ring.
 */
export function noteBlockingWait(by: Task, on: Task): () => void {
  const tasks = closedBy(by, on);
  if (tasks !== undefined) throw deadlock(inWords(tasks));
  const entry = waitsOf(by);
  if (entry.on.has(on)) return () => {};
  entry.on.add(on);
  return () => entry.on.delete(on);
}

/** The closed ring that one of the tasks is in. Forgets those that are open again. */
export function ringOf(...tasks: readonly Task[]): Ring | undefined {
  const closed = [...rings].filter((ring) => ring.isClosed);
  return closed.find((ring) => ring.tasks.some((task) => tasks.includes(task)));
}

function report(ring: Ring): void {
  process.emitWarning(`${ring}: unless something else ends one of them, they wait for ever`, {
    type: 'Deadlock',
    code: 'CF_DEADLOCK',
  });
}

function deadlock(what: string): DeadlockError {
  return new DeadlockError(
    `${what}. Return what the other needs, instead of waiting for it in a task that it waits for.`,
  );
}

function waitsOf(task: Task): Waits {
  const known = waits.get(task);
  if (known?.attempt === task.attempt) return known;
  const entry = { attempt: task.attempt, on: new Set<Task>() };
  waits.set(task, entry);
  return entry;
}

/** The tasks of the ring that the wait closes, the waiting one first. */
function closedBy(by: Task, on: Task): readonly Task[] | undefined {
  const way = wayBetween(on, by);
  return way && [by, ...way.slice(0, -1)];
}

function waitsFor(task: Task): readonly Task[] {
  const entry = waits.get(task);
  if (entry === undefined || entry.attempt !== task.attempt || task.place === 'done') return [];
  return [...entry.on].filter((other) => other.place !== 'done');
}

/** How the first comes to wait for the second: both, and whoever stands between them. */
function wayBetween(from: Task, to: Task, seen: Set<Task> = new Set()): readonly Task[] | undefined {
  if (from === to) return [to];
  seen.add(from);
  for (const next of waitsFor(from)) {
    const way = seen.has(next) ? undefined : wayBetween(next, to, seen);
    if (way !== undefined) return [from, ...way];
  }
  return undefined;
}

/** `task "a" (submitted at …) waits for task "b" (…), which waits for task "a"`. */
function inWords(ring: readonly Task[]): string {
  const [first, ...others] = ring.map((task) => `task "${task.name}"${placeOf(task)}`);
  if (others.length === 0) return `${first} waits for itself`;
  return `${first} waits for ${others.join(', which waits for ')}, which waits for task "${ring[0]?.name}"`;
}

/** Where it was submitted, as far as that is known. */
function placeOf({ submittedAt }: Task): string {
  const frame = submittedAt.stack?.split('\n').find((line) => line.trimStart().startsWith('at '));
  const place = frame && (/\((.+)\)$/.exec(frame)?.[1] ?? frame.trim().slice('at '.length));
  return place ? ` (submitted at ${place})` : '';
}
