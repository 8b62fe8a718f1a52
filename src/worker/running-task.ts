import { AsyncResource } from 'node:async_hooks';
import type { Transfer } from '../protocol/messages.js';
import type { CurrentTask, Progress } from './current.js';

/** The number of the newest thing that can call back; Node counts them. */
export function newestResource(): number {
  return new AsyncResource('concurrent-futures.Task').asyncId();
}

/** What `currentTask()` gives; the signal is made for those who ask, since it costs more than a tiny task. */
export class RunningTask implements CurrentTask {
  readonly seq: number;
  readonly name: string;
  readonly attempt: number;
  readonly workerId: number;
  readonly context: Readonly<Record<string, unknown>>;
  /** Whether it has been answered: what it left behind runs outside of it. */
  isOver = false;
  readonly #send: (progress: number | Progress) => void;
  #controller: AbortController | undefined;
  #moved: Transfer[] | undefined;

  constructor(
    of: Pick<RunningTask, 'seq' | 'name' | 'attempt' | 'workerId' | 'context'>,
    send: (progress: number | Progress) => void,
  ) {
    this.seq = of.seq;
    this.name = of.name;
    this.attempt = of.attempt;
    this.workerId = of.workerId;
    this.context = of.context;
    this.#send = send;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }

  /** What is moved with the result. */
  get moved(): readonly Transfer[] | undefined {
    return this.#moved;
  }

  transfer(...items: readonly Transfer[]): void {
    this.#moved = [...(this.#moved ?? []), ...items];
  }

  report(progress: number | Progress): void {
    this.#send(progress);
  }
}
