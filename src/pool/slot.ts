/**
 * The place of one worker in a pool.
 *
 *   starting ──ready──► ready ──retire──► retiring ──┐
 *      │                  │                  │       ├──► gone
 *      └──────────────────┴──condemn─────────┴───────┘
 *
 * Idle and busy are not states of their own: a ready slot is busy while it holds unanswered tasks. Answers come in the
 * order in which tasks were handed over, so the unanswered tasks are one list whose first is the one that runs, or is next.
 */

import type { RunningSince } from '../protocol/claims.js';
import type { EncodedError } from '../protocol/errors.js';
import type { BatchGroup, FromWorker } from '../protocol/messages.js';
import type { Transfer, WorkerHost, WorkerLink } from './host.js';
import { Ring } from './ring.js';
import { SentCode } from './sent-code.js';
import type { Task, TaskHolder } from './task.js';

/** How long a worker may take to receive a message, by how long it took to send: both copy it, and there it comes on top of other work. */
const receivingFactor = 10;
/**
 * A worker that starts nothing for so long is stuck: about what it takes to start another one. Where more wants to run than there are cores,
 * one may have to wait for its core for some tens of milliseconds, and yet another worker would make that worse.
 */
const stuckAfterMs = 100;

export type SlotState = 'starting' | 'ready' | 'retiring' | 'condemned' | 'gone';

/** For tasks that run in this very thread: whose worker that is. */
const byLink = new WeakMap<WorkerLink, WorkerSlot>();

export function noteLink(link: WorkerLink, slot: WorkerSlot): void {
  byLink.set(link, slot);
}

/** The task in which this very code runs, where that is one of this thread. */
export function taskInside(host: WorkerHost): Task | undefined {
  const place = host.inside?.();
  return place && byLink.get(place.link)?.unansweredTask(place.seq);
}

export class WorkerSlot implements TaskHolder {
  readonly id: number;
  readonly name: string;
  state: SlotState = 'starting';
  /** Set by the pool right after the host started the worker. */
  link: WorkerLink | undefined;
  /** When it was started, in milliseconds since the epoch. */
  readonly bornAt: number;
  /** When it last became idle, in milliseconds since the epoch. */
  idleSince = 0;
  /** The turn of the task that it was handed last. */
  lastTurn = 0;
  /** How many tasks it has answered. */
  completed = 0;
  /** Seen to start nothing of what it holds: something that was left behind blocks it, or somebody has stopped it. */
  isStuck = false;
  /** What it said that it dies of. */
  dyingOf: EncodedError | undefined;
  /** What it was to start next at the last looks at whether it is stuck, and when it was seen first. */
  #seen = { seq: -1, atMs: 0 };
  /** Cancels what is to happen when the worker is not ready, or its task not stopped, in time. */
  cancelTimer: () => void = () => {};
  /** Unanswered tasks in order; a place is `undefined` once its task was taken back. */
  #handed = new Ring<Task | undefined>();
  #firstSeq = 0;
  #taken = 0;
  /** Until then the worker may still be busy with what it was sent. */
  #receivesUntil = 0;
  readonly #code = new SentCode();

  constructor(id: number, name: string, bornAt: number) {
    this.id = id;
    this.name = name;
    this.bornAt = bornAt;
  }

  /** How many tasks the worker was ever handed and not relieved of. */
  get taken(): number {
    return this.#taken;
  }

  /** How many unanswered places the worker has, taken-back ones included: they still need their answer. */
  get unanswered(): number {
    return this.#handed.length;
  }

  /** The number of the task that it answers next. */
  get nextSeq(): number {
    return this.#firstSeq;
  }

  get isIdle(): boolean {
    return this.state === 'ready' && this.#handed.length === 0;
  }

  /** The task that the worker is running, if it has started any. */
  get running(): Task | undefined {
    const { first } = this.#handed;
    return first !== undefined && this.hasStarted(first) ? first : undefined;
  }

  /** Whether it holds tasks and has started none. */
  get isWaiting(): boolean {
    return this.#handed.length > 0 && this.running === undefined;
  }

  /** Whether what it was sent is so much that it may not have read it yet. */
  get isReceiving(): boolean {
    return this.#receivesUntil > 0 && performance.now() < this.#receivesUntil;
  }

  get unsentBytes(): number {
    return this.link?.unsentBytes ?? 0;
  }

  /** Looks whether it is stuck: at each look for a while it waited to start the same task. */
  look(nowMs: number): void {
    if (!this.isWaiting || this.isReceiving || this.unsentBytes > 0) this.#seen.seq = -1;
    else if (this.#seen.seq !== this.#firstSeq) this.#seen = { seq: this.#firstSeq, atMs: nowMs };
    else if (nowMs - this.#seen.atMs >= stuckAfterMs) this.isStuck = true;
  }

  /** Since when the worker runs its task. */
  get runningSince(): RunningSince | undefined {
    return this.link?.claims.runningSince(this.#firstSeq);
  }

  /** The unanswered task under that number. */
  taskOf(seq: number): Task | undefined {
    return this.#handed.at(seq - this.#firstSeq);
  }

  /** The same; a number that was answered has none. */
  unansweredTask(seq: number): Task | undefined {
    return seq < this.#firstSeq ? undefined : this.taskOf(seq);
  }

  /** The tasks that the worker holds, in order. */
  get tasks(): Task[] {
    return [...this.#handed].filter((task) => task !== undefined);
  }

  /**
   * Hands tasks over in one message; throws what the wire throws, and then nothing was handed over.
   *
   * @param isLone whether its answer is waited for awake, and nothing else is owed.
   * @returns whether the worker has modules to load for them.
   */
  hand(tasks: readonly Task[], isLone: boolean | undefined = false): boolean {
    const link = this.link as WorkerLink;
    const firstSeq = this.#firstSeq + this.#handed.length;
    const handles = tasks.map(({ handle }) => handle);
    const code = this.#code.deliver(handles, () => new Set([...this.tasks, ...tasks].map(({ handle }) => handle.id)));
    const transfer: Transfer[] = [];
    for (const [i, task] of tasks.entries()) {
      // What is moved can't be taken back and run elsewhere. So only what is started right away is, and what can't be copied.
      const startsNow = i === 0 && this.#handed.length === 0;
      if (task.transfer.length > 0 && (startsNow || !task.canBeCopied)) transfer.push(...task.transfer);
      link.claims.offer(firstSeq + i);
    }
    const sentAt = performance.now();
    try {
      const message = { kind: 'run', firstSeq, groups: inGroups(tasks) } as const;
      const isAll = code === undefined && !isLone;
      link.send(isAll ? message : { ...message, ...(code && { code }), ...(isLone && { isLone }) }, transfer);
    } catch (error) {
      if (code !== undefined) this.#code.undo(code);
      throw error;
    }
    const now = performance.now();
    const sendMs = now - sentAt;
    if (sendMs > 1) this.#receivesUntil = Math.max(this.#receivesUntil, now) + sendMs * receivingFactor;
    for (const [i, task] of tasks.entries()) {
      task.place = 'handed';
      task.holder = this;
      task.seq = firstSeq + i;
      this.#handed.push(task);
      this.lastTurn = task.turn;
    }
    this.#taken += tasks.length;
    return code?.functions.some(([, { kind }]) => kind === 'reference') ?? false;
  }

  /** Lets the worker take no more tasks: it counts as having taken all that one may. */
  exhaust(): void {
    this.#taken = Number.POSITIVE_INFINITY;
  }

  /** Strikes off the next unanswered place; gives its task, unless that was taken back. */
  answered(message: Extract<FromWorker, { seq: number }>): Task | undefined {
    if (message.seq !== this.#firstSeq) return undefined;
    this.#firstSeq += 1;
    this.isStuck = false;
    return this.#handed.shift();
  }

  hasStarted(task: Task): boolean {
    return this.link?.claims.hasStarted(task.seq) ?? false;
  }

  /** Whether it has started a task that comes after this one. */
  isPast(task: Task): boolean {
    return this.tasks.some((other) => other.seq > task.seq && this.hasStarted(other));
  }

  ranMs(task: Task): number {
    const since = this.link?.claims.runningSince(task.seq);
    return since === undefined ? 0 : Math.max(0, Date.now() - since.atMs);
  }

  revoke(task: Task): boolean {
    if (!this.link?.claims.revoke(task.seq)) return false;
    this.#handed.put(task.seq - this.#firstSeq, undefined);
    this.#taken -= 1;
    return true;
  }

  /** Takes unstarted tasks back, the last `count` of them; gives them in their order. */
  takeBackUnstarted(count = Number.POSITIVE_INFINITY): Task[] {
    // Last first: the worker takes tasks from the front, so this way it can lose us at most one race.
    return this.tasks
      .reverse()
      .slice(0, count)
      .filter((task) => !task.isMoved && this.revoke(task))
      .reverse();
  }

  /** Empties a dead worker's hands: the task that it was running, and those it never started. */
  release(): { lost: Task | undefined; unstarted: Task[] } {
    const lost = this.running;
    const unstarted = this.tasks.filter((task) => task !== lost);
    this.#handed = new Ring();
    return { lost, unstarted };
  }

  /** Hands a task's abort on to the worker that runs it. */
  abort(task: Task, reason: Error): void {
    const { name, message, stack } = reason;
    const error = { kind: 'error', classes: [reason.constructor.name, 'Error'], name, message, stack } as const;
    const fields = { code: (reason as { code?: unknown }).code };
    this.link?.send(
      { kind: 'abort', seq: task.seq, reason: { ...error, fields, cause: undefined, errors: undefined } },
      [],
    );
  }
}

/** Tasks that follow each other and differ in their values and names only, together. */
function inGroups(tasks: readonly Task[]): BatchGroup[] {
  const groups: BatchGroup[] = [];
  for (let i = 0; i < tasks.length; ) {
    const from = i;
    const { handle, name, attempt, isChunk, context, values: first } = tasks[i] as Task;
    const values: unknown[] = [];
    let isNameShared = true;
    for (; i < tasks.length; i++) {
      const task = tasks[i] as Task;
      const isAlike =
        task.handle === handle &&
        task.values.length === first.length &&
        task.attempt === attempt &&
        task.context === context &&
        task.isChunk === isChunk;
      if (!isAlike) break;
      if (task.name !== name) isNameShared = false;
      for (const value of task.values) values.push(value);
    }
    const names = isNameShared ? name : tasks.slice(from, i).map((task) => task.name);
    const group = [handle.id, names, attempt, isChunk, i - from, first.length, values] as const;
    groups.push(context === undefined ? group : [...group, context]);
  }
  return groups;
}
