/**
 * Tasks that travel in one message, as the submitter sees them.
 *
 *   publishing ──stored──► stored ──news of each task──► done
 *        ├──news of each task, which are quicker──► done
 *        ├──too large together, some not wanted any more──► (its tasks go in others)
 *        └──refused, can't be stored, lost by the broker──► (its tasks fail)
 *
 * Whether a task has started is what has been heard of it. So a task that is cancelled here may have started there a moment ago: then its
 * future is cancelled all the same, and the worker is told to stop it.
 */

import type { Task, TaskHolder } from '../pool/task.js';
import type { StoredNews } from './news-feed.js';

export interface BatchEvents {
  /** The task is not wanted any more. */
  onRevoked(batch: Batch, index: number): void;
}

export class Batch implements TaskHolder {
  readonly id: string;
  readonly tasks: readonly Task[];
  readonly #events: BatchEvents;
  /** Where it is stored; `undefined` until that is known, 0 where it is there no more. */
  streamSeq: number | undefined;
  /** Which stream that is, as far as is known. */
  stream: string | undefined;
  /** When that became known, by `performance.now()`. */
  storedAtMs = Number.POSITIVE_INFINITY;
  /** Whether a function of it was stored by an earlier one. */
  reliesOnStoredCode = false;
  /** Whether all outcomes are expected in a moment. */
  readonly isBrief: boolean;
  /** Who has told of it last. */
  worker = '';
  readonly #startedAt = new Map<number, number>();
  readonly #settled: Uint8Array;
  #left: number;
  #onDone: (() => void) | undefined;
  /** The news of it that are stored, to be deleted once nobody needs them. */
  readonly #newsSeqs = new Set<number>();
  readonly #objects: string[] = [];

  constructor(id: string, tasks: readonly Task[], isBrief: boolean, events: BatchEvents) {
    this.id = id;
    this.isBrief = isBrief;
    this.tasks = tasks;
    this.#events = events;
    this.#settled = new Uint8Array(tasks.length);
    this.#left = tasks.length;
    for (const [i, task] of tasks.entries()) {
      task.place = 'handed';
      task.holder = this;
      task.seq = i;
    }
  }

  get name(): string {
    return this.worker;
  }

  /** How many pieces of news of it have been heard. */
  get newsCount(): number {
    return this.#newsSeqs.size;
  }

  isStoredAt(streamSeq: number, stream: string | undefined): void {
    this.streamSeq = streamSeq;
    this.stream = stream;
    this.storedAtMs = performance.now();
  }

  /** News of it are stored there, which were told by the worker of that name; by none that is known where it is empty. */
  hasNewsAt({ seq, object }: StoredNews, worker: string): void {
    if (worker !== '') this.worker = worker;
    this.#newsSeqs.add(seq);
    this.isIn(object);
  }

  /** It, or news of it, is in that object, which is to be deleted, too. */
  isIn(object: string | undefined): void {
    if (object !== undefined) this.#objects.push(object);
  }

  /** What the broker has of it, to be deleted; told once. */
  takeStored(): { readonly newsSeqs: readonly number[]; readonly objects: readonly string[] } {
    const newsSeqs = [...this.#newsSeqs];
    this.#newsSeqs.clear();
    return { newsSeqs, objects: this.#objects.splice(0) };
  }

  get isDone(): boolean {
    return this.#left === 0;
  }

  /** Resolves once each of its tasks has an outcome, or after that time. */
  async doneWithin(ms: number): Promise<void> {
    // What was just sent goes out first.
    await undefined;
    if (this.isDone) return;
    await new Promise<void>((resolve) => {
      // What has come while this program was busy is heard first.
      const timer = setTimeout(() => setImmediate(resolve), ms);
      // Whoever awaits the outcome goes first.
      this.#onDone = () =>
        setImmediate(() => {
          clearTimeout(timer);
          resolve();
        });
    });
  }

  /** Whether none of its tasks has an outcome. */
  get isWhole(): boolean {
    return this.#left === this.tasks.length;
  }

  /** How many of its tasks are known to have started and not to have ended. */
  get runningCount(): number {
    return this.#startedAt.size;
  }

  /** The task of that place, if it has had no outcome yet; from now on it has. */
  settle(index: number): Task | undefined {
    if (this.#settled[index] !== 0) return undefined;
    this.#settled[index] = 1;
    this.#left -= 1;
    if (this.#left === 0) this.#onDone?.();
    this.#startedAt.delete(index);
    return this.tasks[index];
  }

  isSettled(index: number): boolean {
    return this.#settled[index] !== 0;
  }

  /** The tasks that have no outcome, in about so many parts. */
  inParts(count: number): Task[][] {
    const left = this.tasks.filter((_, i) => !this.isSettled(i));
    const size = Math.ceil(left.length / count);
    return Array.from({ length: count }, (_, i) => left.slice(i * size, (i + 1) * size)).filter(
      (part) => part.length > 0,
    );
  }

  noteStart(index: number, atMs: number): void {
    if (!this.isSettled(index)) this.#startedAt.set(index, atMs);
  }

  hasStarted({ seq }: Task): boolean {
    return this.#startedAt.has(seq) || this.isSettled(seq);
  }

  revoke(task: Task): boolean {
    if (this.hasStarted(task)) return false;
    this.settle(task.seq);
    this.#events.onRevoked(this, task.seq);
    return true;
  }

  ranMs({ seq }: Task): number {
    const since = this.#startedAt.get(seq);
    return since === undefined ? 0 : Math.max(0, Date.now() - since);
  }
}
