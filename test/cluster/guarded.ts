/** A queue with one worker in this very process, a submitter that it trusts, and a client of the broker that may send anything. */

import { deepEqual, equal, ok } from 'node:assert/strict';
import { jetstream } from '@nats-io/jetstream';
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { TaskRefusedError, ThreadPoolExecutor } from 'concurrent-futures';
import {
  ClusterExecutor,
  type ClusterExecutorOptions,
  type ClusterKey,
  ClusterWorker,
  type ClusterWorkerOptions,
  type WorkerLogEntry,
} from 'concurrent-futures/cluster';
import type { TestServer } from './nats-server.js';

export const secret = 'a secret that all of them share';

/** No key is said by `undefined`. */
type Own<T extends { readonly key?: ClusterKey }> = Partial<Omit<T, 'servers' | 'queue' | 'key'>> & {
  readonly key?: ClusterKey | undefined;
};
type WorkerOptions = Own<ClusterWorkerOptions>;
type SubmitterOptions = Own<ClusterExecutorOptions>;

let queues = 0;

export class Guarded {
  readonly queue: string;
  readonly entries: WorkerLogEntry[] = [];
  readonly #server: TestServer;
  readonly #executors: ClusterExecutor[] = [];
  readonly #workers: ClusterWorker[] = [];
  readonly #waiters = new Set<() => void>();
  readonly #submitterOptions: SubmitterOptions;
  /** Not a submitter and not a worker: it has no key, and the broker lets it do anything. */
  readonly stranger: NatsConnection;
  /** Tasks as they were sent. */
  readonly recorded: Msg[] = [];

  private constructor(server: TestServer, stranger: NatsConnection, submitterOptions: SubmitterOptions) {
    queues += 1;
    this.queue = `guarded-${process.pid}-${queues}`;
    this.#server = server;
    this.stranger = stranger;
    this.#submitterOptions = submitterOptions;
    stranger.subscribe(this.subject('task', '>'), { callback: (_error, message) => void this.recorded.push(message) });
  }

  static async start(
    server: TestServer,
    worker: WorkerOptions = { key: secret },
    submitter: SubmitterOptions = {},
  ): Promise<Guarded> {
    const guarded = new Guarded(server, await connect({ servers: server.url }), { key: worker.key, ...submitter });
    await guarded.stranger.flush();
    try {
      await guarded.addWorker(worker);
    } catch (error) {
      await guarded.stranger.close();
      throw error;
    }
    return guarded;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#executors.map((each) => each.shutdown({ cancelFutures: true })));
    await Promise.all(this.#workers.map((each) => each.drain({ timeout: 1000 })));
    await this.stranger.close();
  }

  subject(...rest: string[]): string {
    return ['cf', this.queue, ...rest].join('.');
  }

  async addWorker(options: WorkerOptions): Promise<ClusterWorker> {
    const worker = await ClusterWorker.start({
      servers: this.#server.url,
      queue: this.queue,
      limits: { ackWaitMs: 2000 },
      executor: new ThreadPoolExecutor({ maxWorkers: 1 }),
      onLog: (entry) => {
        this.entries.push(entry);
        for (const look of this.#waiters) look();
      },
      ...options,
    } as ClusterWorkerOptions);
    this.#workers.push(worker);
    return worker;
  }

  get worker(): ClusterWorker {
    return this.#workers[0] as ClusterWorker;
  }

  /** With the worker's key, unless another is given. */
  submitter(options: SubmitterOptions = {}): ClusterExecutor {
    const executor = new ClusterExecutor({
      servers: this.#server.url,
      queue: this.queue,
      ...this.#submitterOptions,
      ...options,
    } as ClusterExecutorOptions);
    this.#executors.push(executor);
    return executor;
  }

  #friend: ClusterExecutor | undefined;

  /** The worker goes on working. */
  async worksOn(): Promise<void> {
    this.#friend ??= this.submitter();
    equal(await this.#friend.submit((a: number, b: number) => a + b, 20, 22), 42);
  }

  /** Until the worker has said that, since `from` entries were there. */
  async said(event: string, from = 0): Promise<WorkerLogEntry> {
    const find = (): WorkerLogEntry | undefined => this.entries.slice(from).find((entry) => entry.event === event);
    const known = find();
    if (known !== undefined) return known;
    return new Promise((resolve) => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        this.#waiters.delete(look);
        resolve(found);
      };
      this.#waiters.add(look);
    });
  }

  /** What a stranger does is refused for that reason, runs nothing, and the worker goes on. */
  async refuses(reason: string, act: () => unknown): Promise<WorkerLogEntry> {
    const from = this.entries.length;
    const { done } = this.worker.status();
    await act();
    const entry = await this.said('refused', from);
    equal(entry['reason'], reason, entry.message);
    equal(this.worker.status().done, done);
    await this.worksOn();
    return entry;
  }

  /** Says something to whoever listens. */
  say(subject: string, data: Uint8Array): void {
    this.stranger.publish(subject, data);
  }

  /** Has bytes stored; with an id, as the broker's clients do, where one is given. Tells whether the broker took them for what it has had. */
  async send(subject: string, data: Uint8Array, id?: string): Promise<boolean> {
    for (;;) {
      try {
        const ack = await jetstream(this.stranger).publish(subject, data, id === undefined ? {} : { msgID: id });
        return ack.duplicate;
      } catch (error) {
        // The one before is still there: its worker says in a moment that it is done.
        if ((error as { code?: unknown }).code !== 10077) throw error;
      }
    }
  }

  /** The message of a task that was done a moment ago. */
  async recordTask(): Promise<{ subject: string; id: string; data: Uint8Array }> {
    const name = `recorded${this.recorded.length}`;
    const executor = this.submitter({ name });
    equal(await executor.submit((x: number) => x * 2, 4), 8);
    await executor.shutdown();
    await this.stranger.flush();
    const message = this.recorded.findLast(({ subject }) => subject.includes(`.${name}.`));
    ok(message !== undefined);
    return { subject: message.subject, id: message.subject.split('.').at(-1) as string, data: message.data };
  }
}

/** A task that is refused to its submitter for that reason. */
export async function refusal(task: PromiseLike<unknown>, reason: string): Promise<TaskRefusedError> {
  const error = await task.then(
    (value) => value,
    (failure: unknown) => failure,
  );
  ok(error instanceof TaskRefusedError, `it was not refused: ${String(error)}`);
  deepEqual({ code: error.code, reason: error.reason }, { code: 'TASK_REFUSED', reason }, error.message);
  return error;
}
